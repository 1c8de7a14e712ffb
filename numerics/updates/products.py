"""Products along a schedule."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

PIECE = 256


@lru_cache(maxsize=64)
def product_until(factor: Callable[[np.ndarray], np.ndarray], last: int) -> float:
    """factor(1) ... factor(last), piece by piece until nothing is left of it."""
    product = 1.0
    for first in range(1, last + 1, PIECE):
        product *= float(np.prod(factor(np.arange(first, min(first + PIECE, last + 1)))))
        if product == 0:
            break
    return product
