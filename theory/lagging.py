"""AdamW whose denominator lags behind scale-invariant gradients: the moments' map, once for numbers and symbols.

Gradients orthogonal to w with E|g|^2 = L/|w|^2 make v a memory of 1/|w|^2. In the mean field (d large, 1 - beta2
small) v is the same number for every coordinate and with X = E|w|^2, Y = E<w, m>, Z = E|m|^2, a = 1 - eta lambda

    v' = beta2 v + (1 - beta2) L / (d X)          Z' = beta1^2 Z + (1 - beta1)^2 L / X
    X' = a^2 X - 2 a s beta1 Y + s^2 Z'           Y' = a beta1 Y - s Z'           s = eta / sqrt(v').

Bias correction multiplies s by sqrt(1 - beta2^n) / (1 - beta1^n) at step n. L drops out of |w| and of the angle.
No import of SymPy: ``transient`` hands symbols to the same code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from theory.domain import Parameter
from theory.summation import Array

OPTIMIZERS = ("adamw",)
"""The optimizers whose trajectory lags when beta2 is given."""
BETA2 = Parameter("beta2", 0, 1, True, None, "EMA coefficient of the squared gradient", optional=True)


COMPLEX_STEP = 1e-30


class Moments(NamedTuple):
    """v, X = E|w|^2, Y = E<w, m>, Z = E|m|^2."""

    v: Any
    x: Any
    y: Any
    z: Any


def step(
    before: Moments,
    *,
    lr: Any,
    contraction: Any,
    beta1: Any,
    beta2: Any,
    energy: Any,
    dim: Any,
    root: Callable[[Any], Any] = math.sqrt,
) -> Moments:
    """The moments after one step; ``lr`` carries the bias correction, ``contraction`` is 1 - eta lambda."""
    v = beta2 * before.v + (1 - beta2) * energy / (dim * before.x)
    z = beta1**2 * before.z + (1 - beta1) ** 2 * energy / before.x
    size = lr / root(v)
    x = contraction**2 * before.x - 2 * contraction * size * beta1 * before.y + size**2 * z
    return Moments(v, x, contraction * beta1 * before.y - size * z, z)


def bias_correction(beta1: float, beta2: float, count: int) -> float:
    """What step ``count`` = 1, 2, ... multiplies the learning rate by."""
    return (1 - beta2**count) ** 0.5 / (1 - beta1**count)


def settled(gram: Any, *, energy: Any, dim: Any, root: Callable[[Any], Any] = math.sqrt) -> Moments:
    """The fixed point from that of v at its mean: there m is the buffer of g / sqrt(v) with v = L / (d X)."""
    v = energy / (dim * gram[0, 0])
    return Moments(v, gram[0, 0], gram[0, 1] * root(v), gram[1, 1] * v)


def deviations(unit_gram: Any, decay: float, beta1: float, beta2: float) -> Array:
    """1 - z for the four multipliers z of the moments at their fixed point, from AdamW's Gram matrix for eta = q = 1.

    They depend on lr and the gradients through the decay per step alone. The Jacobian is taken by complex steps.
    """
    fixed = settled(unit_gram, energy=1.0, dim=1.0)
    moved = np.array(fixed, dtype=complex) + 1j * COMPLEX_STEP * np.diag(np.abs(fixed))
    after = [
        step(Moments(*row), lr=1.0, contraction=1 - decay, beta1=beta1, beta2=beta2, energy=1.0, dim=1.0, root=np.sqrt)
        for row in moved
    ]
    jacobian = np.array(after).imag.T / COMPLEX_STEP / np.array(np.abs(fixed))[:, None]
    return np.asarray(np.linalg.eigvals(np.eye(4) - jacobian))
