"""What is estimated from the means and variances of replicas, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numerics.accumulate import QUANTITIES
from numerics.errors import BadSimulation
from numerics.statistics import Estimate, jackknife

Array = np.ndarray
NORM, LOST, ANGLE, COSINE, CHORD = range(len(QUANTITIES))
Means = tuple[Callable[[Array, Array], Array], Callable[[Array], Array]]
"""From a replica's means and variances [5, replicas] the samples [replicas, k], and from their means the quantity."""


def _of(quantity: int, statistic: Callable[[Array], Array] = lambda m: m[..., 0]) -> Means:
    return lambda mean, variance: mean[[quantity]].T, statistic


def _lost(statistic: Callable[[Array], Array]) -> Means:
    return lambda mean, variance: mean[[NORM, LOST]].T, lambda m: statistic(m[..., 1] / m[..., 0])


def _spread(mean: Array, variance: Array) -> Array:
    away = mean[NORM] - mean[NORM].mean()
    return np.stack([away, variance[NORM] + away**2], axis=1)


ESTIMATES: dict[str, Means] = {
    "equilibrium_norm": _of(NORM, lambda m: np.sqrt(m[..., 0])),
    "squared_norm_variance": (_spread, lambda m: m[..., 1] - m[..., 0] ** 2),
    "one_minus_cosine": _lost(lambda lost: lost),
    "cos_angular_update": _lost(lambda lost: 1 - lost),
    "angular_update": _lost(lambda lost: 2 * np.arcsin(np.sqrt(np.maximum(lost / 2, 0)))),
    "mean_angle": _of(ANGLE),
    "rms_angle": (
        lambda mean, variance: (variance[[ANGLE]] + mean[[ANGLE]] ** 2).T,
        lambda m: np.sqrt(m[..., 0]),
    ),
    "mean_cosine": _of(COSINE, lambda m: 1 - m[..., 0]),
    "mean_chord": _of(CHORD),
}
"""The estimates by name; each is a smooth function of means over replicas."""


def estimate(quantity: str, mean: Array, variance: Array) -> Estimate:
    """One of the ESTIMATES from means and variances [5, replicas] of the QUANTITIES, by the jackknife."""
    samples, statistic = _means(quantity)
    return jackknife(samples(mean, variance), statistic)


def compare(quantity: str, ours: tuple[Array, Array], theirs: tuple[Array, Array], ratio: bool) -> Estimate:
    """Difference or ratio of one of the ESTIMATES between two sets of means and variances, paired by replica."""
    samples, statistic = _means(quantity)
    columns = [samples(*one) for one in (ours, theirs)]
    width = columns[0].shape[1]

    def compared(means: Array) -> Array:
        first, second = statistic(means[..., :width]), statistic(means[..., width:])
        return first / second if ratio else first - second

    return jackknife(np.concatenate(columns, axis=1), compared)


def _means(quantity: str) -> Means:
    if quantity not in ESTIMATES:
        raise BadSimulation(f"quantity = {quantity} is unknown; known are {', '.join(ESTIMATES)}")
    return ESTIMATES[quantity]
