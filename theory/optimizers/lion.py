"""Lion with decoupled weight decay (key ``chen2023lion``).

    c  = beta1 m + (1 - beta1) g          w <- (1 - lr wd) w - lr sign(c)
    m <- beta2 m + (1 - beta2) g

The published code and most libraries decay by lr*wd. The sign's energy is d at any gradient scale,
so the norm does not depend on the gradients' size.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import BETA1, DIM, LEARNING_RATE, LION_BETA2, WEIGHT_DECAY
from theory.gaussian_filter import GaussianFilter
from theory.optimizers.hypotheses import GAUSSIAN_SIGN
from theory.symbols import beta1, beta2, dim, lr, wd
from theory.update_rule import UpdateRule


def smooth(m: Expr, g: Expr) -> Sequence[Expr]:
    """The filter whose sign is the update: (next buffer, c)."""
    return beta2 * m + (1 - beta2) * g, beta1 * m + (1 - beta1) * g


def step(w: Expr, x: Expr) -> Sequence[Expr]:
    """The weight's update by a sign x."""
    return ((1 - lr * wd) * w - lr * x,)


FILTER = GaussianFilter.from_step(smooth)

LION = UpdateRule.from_step(
    "lion",
    step,
    ("w",),
    title="Lion",
    amplitude=dim,
    autocorrelation=FILTER.sign_autocorrelation(),
    parameters=(LEARNING_RATE, WEIGHT_DECAY, BETA1, LION_BETA2, DIM),
    convention="decoupled weight decay, factor 1 - lr*wd; beta1 interpolates for the update, beta2 is the EMA",
    hypotheses=GAUSSIAN_SIGN,
    references=("chen2023lion", "kosson2024rotational"),
)
