"""Folders of images, one folder a class, as ImageNet is kept: read when they are asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerics.data.dataset import Batch, Dataset
from numerics.errors import BadData

KINDS = {".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".webp"}
EVERY = 10
"""One image in so many of each class is held out where there is no folder val."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue in [0, 1], as is usual."""


@dataclass(frozen=True)
class Files:
    """Images by their paths, scaled so that the shorter side is ``size`` pixels, and the square in the middle."""

    paths: tuple[Path, ...]
    targets: Tensor
    size: int

    def __len__(self) -> int:
        """How many there are."""
        return len(self.paths)

    def take(self, chosen: Tensor) -> Batch:
        """Standardised inputs [size, 3, height, width], float32, and targets; BadData names an image that is broken."""
        pixels = np.stack([self._pixels(self.paths[place]) for place in chosen.tolist()])
        inputs = torch.from_numpy(pixels).to(self.targets.device).permute(0, 3, 1, 2).float() / 255
        mean, deviation = (inputs.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        return (inputs - mean) / deviation, self.targets[chosen.to(self.targets.device)]

    def _pixels(self, path: Path) -> np.ndarray:
        pillow = _pillow()
        try:
            with pillow.open(path) as image:
                whole = image.convert("RGB")
        except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as failed:
            raise BadData(f"{path} cannot be read as an image: {failed}") from failed
        scale = self.size / min(whole.size)
        width, height = (max(self.size, round(scale * side)) for side in whole.size)
        left, top = (width - self.size) // 2, (height - self.size) // 2
        whole = whole.resize((width, height), pillow.Resampling.BILINEAR)
        return np.asarray(whole.crop((left, top, left + self.size, top + self.size)))

    def to(self, device: torch.device) -> Files:
        """The same paths, with inputs on another device."""
        return replace(self, targets=self.targets.to(device))

    def with_targets(self, targets: Tensor) -> Files:
        """The same images with other targets."""
        return replace(self, targets=targets)


def image_folder(path: str | Path, size: int = 224, *, replacement: bool = True) -> Dataset:
    """Images in path/train/CLASS/ and path/val/CLASS/, or in path/CLASS/ with every tenth of a class held out.

    Classes are the names of the folders, in order. An image is read when a batch has it; there is no augmentation.
    ``digest`` is of names and sizes of files, not of their contents. Raises BadData for a folder that is missing or has
    no images, for classes in val that are not in train, and where Pillow is not installed.
    """
    _pillow()
    if size < 1:
        raise BadData(f"size = {size} is outside its range [1, inf)")
    folder = Path(path)
    if not folder.is_dir():
        raise BadData(f"{path} is not a folder")
    split = (folder / "train").is_dir()
    training = _classes(folder / "train" if split else folder)
    names = tuple(training)
    if split:
        if not (folder / "val").is_dir():
            raise BadData(f"{path} has a folder train and no folder val")
        validation = _classes(folder / "val")
        wrong = [name for name in validation if name not in training]
        if wrong:
            raise BadData(f"{folder / 'val' / wrong[0]} is a class that {folder / 'train'} does not have")
    else:
        whole = training
        validation = {name: files[EVERY - 1 :: EVERY] for name, files in whole.items()}
        training = {
            name: [file for place, file in enumerate(files) if place % EVERY != EVERY - 1]
            for name, files in whole.items()
        }
        if not any(validation.values()):
            raise BadData(f"{path} has fewer than {EVERY} images in each class, so that none is held out")
    parts = [_files(found, names, size) for found in (training, validation)]
    told = "".join(f"{file.relative_to(folder).as_posix()} {file.stat().st_size}\n" for p in parts for file in p.paths)
    found = hashlib.sha256(f"{size}\n{told}".encode()).hexdigest()
    return Dataset(folder.name, (3, size, size), len(names), parts[0], parts[1], found, replacement)


def _classes(folder: Path) -> dict[str, list[Path]]:
    try:
        kinds = sorted(child for child in folder.iterdir() if child.is_dir())
        found = {
            child.name: sorted(file for file in child.iterdir() if file.suffix.lower() in KINDS) for child in kinds
        }
    except OSError as failed:
        raise BadData(f"{failed.filename or folder} cannot be read: {failed.strerror}") from failed
    if not found:
        raise BadData(f"{folder} has no folders of classes")
    for name, files in found.items():
        if not files:
            raise BadData(f"{folder / name} has no images")
    return found


def _files(found: dict[str, list[Path]], names: tuple[str, ...], size: int) -> Files:
    paths = tuple(file for name in found for file in found[name])
    targets = torch.tensor([names.index(name) for name in found for _ in found[name]])
    return Files(paths, targets, size)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as missing:
        raise BadData("folders of images are read by Pillow: pip install 'spherical-motion[sim]'") from missing
    return Image
