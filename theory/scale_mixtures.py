"""Heavy-tailed and sparse gradient entries as Gaussians of random scale: g = sigma z, E sigma^2 = 1.

Given the scales every linear filter of the gradients is Gaussian, which is what makes the arcsine law
usable where the gradients are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from theory.domain import OutOfDomain

Array = np.ndarray


@dataclass(frozen=True)
class ScaleMixture:
    """``draw(generator, shape)`` gives independent sigma^2 of mean one; ``density`` is P(sigma > 0).

    ``excess_kurtosis`` = 3 Var(sigma^2), infinite where the fourth moment is.
    """

    name: str
    draw: Callable[[Generator, tuple[int, ...]], Array]
    excess_kurtosis: float
    density: float = 1.0


GAUSSIAN = ScaleMixture("gaussian", lambda generator, shape: np.ones(shape), 0.0)
"""No spread of scales."""

LAPLACE = ScaleMixture("laplace", lambda generator, shape: generator.exponential(size=shape), 3.0)
"""Two-sided exponential entries: sigma^2 is exponential."""


def sparse(density: float) -> ScaleMixture:
    """Zero with probability 1 - s, else Gaussian: excess kurtosis 3 (1 - s)/s; 0 < s <= 1."""
    if not 0 < density <= 1:
        raise OutOfDomain(f"density = {density:g} is outside its range (0, 1]")
    return ScaleMixture(
        f"sparse at {density:g}",
        lambda generator, shape: (generator.random(shape) < density) / density,
        3 * (1 - density) / density,
        density,
    )


def rare_large(share: float, ratio: float) -> ScaleMixture:
    """A share of the entries has a standard deviation ``ratio`` times that of the others."""
    if not 0 < share < 1:
        raise OutOfDomain(f"share = {share:g} is outside its range (0, 1)")
    if not (math.isfinite(ratio) and ratio > 0):
        raise OutOfDomain(f"ratio = {ratio:g} is outside its range (0, inf)")
    mean = 1 - share + share * ratio**2
    return ScaleMixture(
        f"{share:g} of the entries {ratio:g} times larger",
        lambda generator, shape: np.where(generator.random(shape) < share, ratio**2, 1.0) / mean,
        3 * ((1 - share + share * ratio**4) / mean**2 - 1),
    )


def student(freedom: float) -> ScaleMixture:
    """Student's t of unit variance with ``freedom`` > 2 degrees of freedom; kurtosis is finite above 4."""
    if not (math.isfinite(freedom) and freedom > 2):
        raise OutOfDomain(f"freedom = {freedom:g} is outside its range (2, inf)")
    return ScaleMixture(
        f"student at {freedom:g}",
        lambda generator, shape: (freedom - 2) / generator.chisquare(freedom, shape),
        6 / (freedom - 4) if freedom > 4 else math.inf,
    )
