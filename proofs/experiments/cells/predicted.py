"""What the theory says of SGD's norm and effective learning rate, as functions of numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sympy import lambdify

from theory import effective_lr, transient
from theory.symbols import decay, energy, lr, squared_norm

Array = np.ndarray


def squared_norms(start: Array, unit_squares: Array, lrs: Array, p: float) -> Array:
    """|w_t|^2 [steps + 1, ..] from ``start`` [..], the squared unit gradients [steps, ..] and lr_t; ``p`` = lr wd."""
    step = _step()
    found = [start]
    for unit, rate in zip(unit_squares, lrs, strict=True):
        found.append(step(found[-1], unit, rate, p))
    return np.stack(found)


def effective_lrs(squares: Array, lrs: Array, p: float) -> Array:
    """Phi_t = lr_t/((1 - p) |w_t|^2) of SGD, the rate at which the direction moves."""
    return np.asarray(lambdify((squared_norm, lr, decay), effective_lr.effective_lr())(squares, lrs, p))


@cache
def _step() -> Callable[..., Any]:
    return lambdify((squared_norm, energy, lr, decay), transient.sgd_squared_norm())
