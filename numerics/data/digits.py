"""The handwritten digits that scikit-learn brings along."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from numerics.data.dataset import Dataset, images
from numerics.errors import BadData

EVERY = 5


def digits(replacement: bool = True) -> Dataset:
    """1797 digits of 8 x 8 pixels in 10 classes; every fifth is held out for validation (359).

    The digits of one writer are on both sides, so that validation is easier than with new writers. Raises BadData
    where scikit-learn is not installed.
    """
    drawn, classes = _read()
    pixels = torch.from_numpy(drawn).float()[:, None]
    targets = torch.from_numpy(classes).long()
    held_out = torch.arange(len(targets)) % EVERY == EVERY - 1
    data = images("digits", 10, (pixels[~held_out], targets[~held_out]), (pixels[held_out], targets[held_out]))
    return data if replacement else data.without_replacement()


@cache
def _read() -> tuple[np.ndarray, np.ndarray]:
    """Pixels [1797, 8, 8] and classes [1797]; read once, since parsing them takes as long as ten steps."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as missing:
        raise BadData("the digits come with scikit-learn: pip install 'spherical-motion[train]'") from missing
    found = load_digits()
    return found.images, found.target
