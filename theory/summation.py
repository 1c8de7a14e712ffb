"""Summing a series of weights with a proven bound on the tail; numpy only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CHUNK = 256
LARGEST_CHUNK = 1 << 16
MAX_TERMS = 1 << 26
TOLERANCE = 1e-17

Array = np.ndarray


class SlowSeries(ArithmeticError):
    """The series needs more terms than are worth summing."""


@dataclass(frozen=True)
class NumericSeries:
    """sum_n weight(n) factor(n) with weight(n+1)/weight(n) = ratio(n) <= ratio_bound < 1.

    ``factor_bound(n)`` bounds |factor(m)| for every m >= n, so that the tail from n on is at most
    weight(n) factor_bound(n) / (1 - ratio_bound). The functions take arrays of n.
    """

    first_weight: float
    ratio: Callable[[Array], Array]
    ratio_bound: float
    factor: Callable[[Array], Array]
    factor_bound: Callable[[Array], Array]

    def sum(self, tolerance: float = TOLERANCE) -> tuple[float, float]:
        """(sum, bound on what is left out), stopping when the bound is below ``tolerance`` times the sum.

        Raises SlowSeries beyond MAX_TERMS terms. Weights come from their ratio, so nothing overflows.
        """
        total, weight, start, size = 0.0, self.first_weight, 0, CHUNK
        while start < MAX_TERMS:
            n = np.arange(start, start + size, dtype=float)
            ratios = np.broadcast_to(self.ratio(n), n.shape)
            with np.errstate(under="ignore"):
                weights = weight * np.concatenate(([1.0], np.cumprod(ratios[:-1])))
                bounds = weights * self.factor_bound(n) / (1 - self.ratio_bound)
                sums = total + np.cumsum(weights * self.factor(n))
            small = np.flatnonzero(bounds[1:] <= tolerance * np.abs(sums[:-1]))
            if small.size:
                return float(sums[small[0]]), float(bounds[small[0] + 1])
            total, weight, start = float(sums[-1]), float(weights[-1] * ratios[-1]), start + size
            size = min(2 * size, LARGEST_CHUNK)
        raise SlowSeries(f"the series needs more than {MAX_TERMS} terms")
