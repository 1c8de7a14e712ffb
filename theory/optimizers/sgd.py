"""SGD with weight decay (key ``wan2021spherical``).

    w <- w - lr (g + wd w)

Coupled L2 and decoupled decay lr*wd are the same update without momentum.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import GRAD_NORM, LEARNING_RATE, WEIGHT_DECAY
from theory.symbols import energy, lr, squared_norm, wd
from theory.update_rule import UpdateRule


def step(w: Expr, g: Expr) -> Sequence[Expr]:
    """One step."""
    return (w - lr * (g + wd * w),)


SGD = UpdateRule.from_step(
    "sgd",
    step,
    ("w",),
    title="SGD",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, GRAD_NORM),
    convention="L2 inside the gradient, equal to decoupled decay lr*wd; no momentum",
    hypotheses=(
        "the loss is scale-invariant: <g, w> = 0 and |g|^2 = |unit g|^2 / |w|^2",
        "the unit gradient has constant E|unit g|^2 = L",
    ),
    references=("vanlaarhoven2017l2", "wan2021spherical"),
)
