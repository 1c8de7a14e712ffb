"""Bytes to predict: Python's own standard library, or any file."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from numerics.data.dataset import Batch, Dataset, digest
from numerics.errors import BadData

BYTES = 256
EVERY = 10
"""One in so many files, or the last such part of a single file, is held out for validation."""
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}


@dataclass(frozen=True)
class Windows:
    """All windows of ``context`` bytes of a text of uint8, ``apart`` bytes from one to the next.

    ``targets`` [bytes] are the text again, where no label noise has altered it; a window's targets are those one place
    further on. All windows of training text count as examples, so that an epoch sees a byte ``context`` times.
    """

    text: Tensor
    targets: Tensor
    context: int
    apart: int = 1

    def __len__(self) -> int:
        """How many windows there are."""
        return max(0, (len(self.text) - self.context - 1) // self.apart + 1)

    def take(self, chosen: Tensor) -> Batch:
        """Bytes [size, context] and the bytes that follow each."""
        starts = self.apart * chosen.to(self.text.device)
        places = starts[:, None] + torch.arange(self.context, device=self.text.device)
        return self.text[places].long(), self.targets[places + 1].long()

    def to(self, device: torch.device) -> Windows:
        """The same on another device."""
        return replace(self, text=self.text.to(device), targets=self.targets.to(device))

    def with_targets(self, targets: Tensor) -> Windows:
        """The same text with other targets."""
        return replace(self, targets=targets)


def python_bytes(context: int = 64, *, replacement: bool = True) -> Dataset:
    """The sources of this Python's standard library as bytes: windows of ``context``, each with the bytes that follow.

    All .py files but tests and installed packages, in the order of their paths; every tenth file is held out for
    validation. It is the same for the same release and build of Python, as ``digest`` tells. Raises BadData where the
    sources are not there.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    name = f"python_bytes {sys.version.split()[0]}"
    return _windows(name, str(folder), *_sources(folder), context, replacement)


@lru_cache(maxsize=1)
def _sources(folder: Path) -> tuple[bytes, bytes]:
    found: dict[str, Path] = {}
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name not in LEFT_OUT]
        files = [Path(place, name) for name in names if name.endswith(".py")]
        found |= {file.relative_to(folder).as_posix(): file for file in files}
    chosen = [found[name] for name in sorted(found)]
    if not chosen:
        raise BadData(f"{folder} has no sources of the standard library")
    contents = [_content(file) for file in chosen]
    validation = contents[EVERY - 1 :: EVERY]
    training = [content for place, content in enumerate(contents) if place % EVERY != EVERY - 1]
    return b"".join(training), b"".join(validation)


def text_file(path: str | Path, context: int = 64, *, replacement: bool = True) -> Dataset:
    """The bytes of a file, of any encoding; the last tenth is held out for validation.

    Raises BadData for a file that cannot be read, is empty or is too short for one window on either side.
    """
    content = _content(Path(path))
    if not content:
        raise BadData(f"{path} is empty")
    cut = len(content) - len(content) // EVERY
    return _windows(f"text {Path(path).name}", str(path), content[:cut], content[cut:], context, replacement)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failed:
        raise BadData(f"{path} cannot be read: {failed.strerror}") from failed


def _windows(name: str, path: str, training: bytes, validation: bytes, context: int, replacement: bool) -> Dataset:
    if context < 1:
        raise BadData(f"context = {context} is outside its range [1, inf)")
    if min(len(training), len(validation)) <= context:
        shorter = min(len(training), len(validation))
        raise BadData(f"{path} is too short: a window takes context + 1 = {context + 1} bytes, a part has {shorter}")
    texts = [torch.from_numpy(np.frombuffer(part, np.uint8).copy()) for part in (training, validation)]
    parts = [Windows(text, text, context, apart) for text, apart in zip(texts, (1, context), strict=True)]
    found = digest(training, b"\0", validation, str(context).encode())
    return Dataset(name, (context,), BYTES, parts[0], parts[1], found, replacement)
