"""From simulations of few coordinates to many, for rules that act on each coordinate alone.

What such a rule does to a coordinate depends on the number n of coordinates through the vector's length only, so that
quantities which do not grow with n (|w|^2 / n, angles) differ from their limit by a multiple of 1/n, to leading order.
Where the rule notices the gradient's scale, as with coupled decay, that takes gradients whose norm grows as sqrt(n).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from numerics.errors import BadSimulation
from numerics.statistics import Estimate


@dataclass(frozen=True)
class Extrapolation:
    """``value`` at the dimension asked for, the ``slope`` in 1/dim, and how well the line fits.

    ``chi_squared`` has ``freedom`` = sizes - 2 degrees of freedom where the line is right; both are 0 for two sizes.
    """

    value: Estimate
    slope: Estimate
    chi_squared: float
    freedom: int


def mean_square(norm: Estimate, dim: int) -> Estimate:
    """norm^2 / dim of a norm, the error to leading order."""
    return Estimate(norm.value**2 / dim, 2 * abs(norm.value) * norm.standard_error / dim, norm.replicas)


def extrapolate(estimates: Mapping[int, Estimate], dim: float = math.inf) -> Extrapolation:
    """The value at ``dim`` of a quantity a + b/dim known at two or more sizes, by weighted least squares.

    ``estimates`` are independent and belong to the dimensions that are their keys; their errors give the weights and
    are propagated. ``value.replicas`` is the least number of replicas. Raises BadSimulation for fewer than two sizes,
    for a size or ``dim`` below 1, and for an estimate that is not finite or has no error.
    """
    if len(estimates) < 2:
        raise BadSimulation(f"dim = {', '.join(map(str, estimates)) or 'none'}: extrapolation needs two sizes or more")
    for size in (*estimates, dim):
        if not size >= 1:
            raise BadSimulation(f"dim = {size} is outside its range [1, inf]")
    values = np.array([found.value for found in estimates.values()])
    errors = np.array([found.standard_error for found in estimates.values()])
    if not np.all(np.isfinite(values)) or not np.all(np.isfinite(errors)):
        raise BadSimulation(f"the estimates at dim = {', '.join(map(str, estimates))} are not all finite")
    if np.any(errors == 0):
        at = next(size for size, found in estimates.items() if found.standard_error == 0)
        raise BadSimulation(f"the estimate at dim = {at} has no error, by which it could be weighted")
    # Measured from the target, the constant is the value there and its error needs no covariance.
    shifts = 1 / np.array([float(size) for size in estimates]) - 1 / dim
    lines = np.stack([np.ones_like(shifts), shifts], axis=1) / errors[:, None]
    solve = np.linalg.pinv(lines)
    found, spread = solve @ (values / errors), np.linalg.norm(solve, axis=1)
    residuals = values / errors - lines @ found if len(estimates) > 2 else np.zeros(1)
    replicas = min(estimate.replicas for estimate in estimates.values())
    value, slope = (Estimate(float(x), float(e), replicas) for x, e in zip(found, spread, strict=True))
    return Extrapolation(value, slope, float(residuals @ residuals), len(estimates) - 2)
