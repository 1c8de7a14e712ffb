"""CIFAR-10 and CIFAR-100 from a folder as published, in the binary or the Python version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from numerics.data.dataset import Batch, Dataset, images
from numerics.data.unpickling import read_arrays
from numerics.errors import BadData

Array = np.ndarray
SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
FILES = {10: (BATCHES, ("test_batch",)), 100: (("train",), ("test",))}
"""Names of training and validation files, less the binary version's .bin."""


def cifar(path: str | Path, classes: int = 10, *, replacement: bool = True) -> Dataset:
    """CIFAR with 10 or 100 (fine) classes from the published folder, cifar-10-batches-bin, cifar-100-python and so on.

    Published training and test sets are training and validation here; there is no augmentation. The Python version is
    read by an unpickler that runs nothing. Raises BadData for a folder or file that is missing, empty, truncated or of
    other classes.
    """
    if classes not in FILES:
        raise BadData(f"classes = {classes} of CIFAR is unknown; known are 10, 100")
    folder = Path(path)
    if not folder.is_dir():
        raise BadData(f"{path} is not a folder")
    binary = (folder / f"{FILES[classes][0][0]}.bin").exists()
    if not binary and not (folder / FILES[classes][0][0]).exists():
        raise BadData(f"{path} has neither {FILES[classes][0][0]}.bin nor {FILES[classes][0][0]} of CIFAR-{classes}")
    read = _binary if binary else _pickled
    parts = [_joined([read(folder / name, classes) for name in names]) for names in FILES[classes]]
    data = images(f"cifar{classes}", classes, parts[0], parts[1])
    return data if replacement else data.without_replacement()


def _joined(parts: list[tuple[Array, Array]]) -> Batch:
    pixels, labels = (np.concatenate(found) for found in zip(*parts, strict=True))
    return torch.from_numpy(pixels.reshape(-1, *SHAPE)), torch.from_numpy(labels.astype(np.int64))


def _binary(stem: Path, classes: int) -> tuple[Array, Array]:
    """Rows of labels (coarse and fine of CIFAR-100) and pixels, a byte each."""
    path = stem.with_name(f"{stem.name}.bin")
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as failed:
        raise BadData(f"{path} cannot be read: {failed.strerror}") from failed
    labels = 1 if classes == 10 else 2
    row = labels + PIXELS
    if not len(content) or len(content) % row:
        what = "truncated" if len(content) else "empty"
        raise BadData(f"{path} is {what}: {len(content)} bytes are not rows of {row}")
    rows = content.reshape(-1, row)
    return rows[:, labels:], _checked(path, rows[:, labels - 1], classes)


def _pickled(path: Path, classes: int) -> tuple[Array, Array]:
    found = read_arrays(path)
    name = "labels" if classes == 10 else "fine_labels"
    for wanted in ("data", name):
        if wanted not in found:
            raise BadData(f"{path} has no {wanted}: it is not a file of CIFAR-{classes}")
    pixels, labels = np.asarray(found["data"]), np.asarray(found[name])
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS or not len(pixels):
        raise BadData(f"{path} has data {pixels.shape} of {pixels.dtype}, not rows of {PIXELS} bytes")
    if labels.shape != (len(pixels),) or labels.dtype.kind not in "iu":
        raise BadData(f"{path} has {name} {labels.shape} of {labels.dtype} beside {len(pixels)} images")
    return pixels, _checked(path, labels, classes)


def _checked(path: Path, labels: Array, classes: int) -> Array:
    if labels.min() < 0 or labels.max() >= classes:
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise BadData(f"{path} has the label {wrong}, outside the {classes} classes of CIFAR-{classes}")
    return labels
