"""SGD on the gradient normalised as one vector, with decoupled weight decay (key ``hazan2015``).

ngd:  w <- (1 - lr wd) w - lr g / |g|
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Integer

from theory.domain import LEARNING_RATE, WEIGHT_DECAY
from theory.symbols import lr, wd
from theory.update_rule import UpdateRule


def step(w: Expr, x: Expr) -> Sequence[Expr]:
    """One step with the unit gradient x."""
    return ((1 - lr * wd) * w - lr * x,)


NGD = UpdateRule.from_step(
    "ngd",
    step,
    ("w",),
    title="Vector-normalised SGD",
    amplitude=Integer(1),
    parameters=(LEARNING_RATE, WEIGHT_DECAY),
    convention="decoupled weight decay, factor 1 - lr*wd; no momentum",
    hypotheses=("the gradient has mean zero given the past, or is orthogonal to w", "it is never zero"),
    references=("hazan2015",),
)
