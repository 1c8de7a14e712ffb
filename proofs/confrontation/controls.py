"""Control variates: noise that a comparison shares with the gradients it was driven by, and that is taken out.

Gradients are white: entries independent, of mean 0 and mean square 1. Any second moment of linear functions of them
is therefore known without a simulation and without a theory of the optimizer, and what a finite sample of it shows
is noise. The least-squares part of a measurement along such noise is subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from numerics.errors import BadSimulation
from numerics.statistics import Estimate
from proofs.confrontation.subject import mean_of

Array = np.ndarray
COLLINEAR = 1e-9
"""Controls this close to a combination of others, relative to their size, are left out."""


def sums_of_white(kept: Sequence[float], entering: Sequence[float], steps: int, dim: int) -> Array:
    """E<x_i, x_j> [n, n] after ``steps`` of x_i <- kept_i x_i + entering_i g from zero, g white in ``dim`` entries."""
    ratio, drive = np.multiply.outer(kept, kept), np.multiply.outer(entering, entering)
    total = np.zeros_like(ratio)
    for _ in range(steps):
        total = ratio * total + drive
    return dim * total


def products(first: Sequence[Tensor], second: Sequence[Tensor]) -> Array:
    """<x_i, y_j> of every pair, [replicas, n, m]."""
    rows = [[(x * y).sum(-1).double().cpu().numpy() for y in second] for x in first]
    return np.moveaxis(np.array(rows), -1, 0)


def adjusted(samples: Array, controls: Array) -> Estimate:
    """The mean of ``samples`` [replicas] without its least-squares part along ``controls`` [replicas, k] of mean 0.

    Each half of the replicas is adjusted by what the other half fits, so nothing is added to the expectation, and
    given the fit its samples are independent: their spread holds what the fit costs. Raises BadSimulation where
    there are too few replicas to fit.
    """
    count = controls.shape[1]
    if len(samples) // 2 <= count + 2:
        raise BadSimulation(f"replicas = {len(samples)} must be at least {2 * (count + 3)} to fit {count} controls")
    scaled = controls / np.sqrt(np.mean(controls**2, axis=0))
    with_mean = np.concatenate([np.ones((len(samples), 1)), scaled], axis=1)
    halves = np.arange(len(samples)) % 2
    left = np.empty(len(samples))
    for half in (0, 1):
        mine, other = halves == half, halves != half
        fitted = np.linalg.lstsq(with_mean[other], samples[other], rcond=COLLINEAR)[0]
        left[mine] = samples[mine] - scaled[mine] @ fitted[1:]
    return mean_of(left)
