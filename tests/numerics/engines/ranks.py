"""Two-sample Kolmogorov-Smirnov test."""

from __future__ import annotations

import math

import numpy as np


def p_value(one, other) -> float:
    """Of the two-sample Kolmogorov-Smirnov test, by the limiting law of the largest distance.

    2 sum (-1)^(k-1) exp(-2 k^2 x^2), x = sqrt(n m/(n + m)) D; for samples of thousands within a few per cent.
    """
    everything = np.sort(np.concatenate([one, other]))
    below = [np.searchsorted(np.sort(sample), everything, side="right") / len(sample) for sample in (one, other)]
    x = math.sqrt(len(one) * len(other) / (len(one) + len(other))) * abs(below[0] - below[1]).max()
    if x < 0.3:
        return 1.0
    return min(1.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101)))
