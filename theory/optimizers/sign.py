"""signSGD and Signum with decoupled weight decay (key ``bernstein2018``).

signsgd:  w <- (1 - lr wd) w - lr sign(g)
signum:   m <- beta1 m + (1 - beta1) g,   w <- (1 - lr wd) w - lr sign(m)
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import BETA1, DIM, LEARNING_RATE, WEIGHT_DECAY
from theory.gaussian_filter import GaussianFilter
from theory.optimizers.hypotheses import GAUSSIAN_SIGN, WHITE
from theory.symbols import beta1, dim, lr, wd
from theory.update_rule import UpdateRule


def step(w: Expr, x: Expr) -> Sequence[Expr]:
    """The weight's update by a sign x."""
    return ((1 - lr * wd) * w - lr * x,)


def smooth(m: Expr, g: Expr) -> Sequence[Expr]:
    """Signum's filter: (next buffer, what the sign is taken of)."""
    m = beta1 * m + (1 - beta1) * g
    return m, m


FILTER = GaussianFilter.from_step(smooth)

SIGNSGD = UpdateRule.from_step(
    "signsgd",
    step,
    ("w",),
    title="signSGD",
    amplitude=dim,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, DIM),
    convention="decoupled weight decay, factor 1 - lr*wd; no momentum",
    hypotheses=("no coordinate of the gradient is exactly zero", f"{WHITE}; so are their signs"),
    references=("bernstein2018",),
)

SIGNUM = UpdateRule.from_step(
    "signum",
    step,
    ("w",),
    title="Signum",
    amplitude=dim,
    autocorrelation=FILTER.sign_autocorrelation(),
    parameters=(LEARNING_RATE, WEIGHT_DECAY, BETA1, DIM),
    convention="decoupled weight decay, factor 1 - lr*wd; the sign of an EMA, its latest gradient included",
    hypotheses=GAUSSIAN_SIGN,
    references=("bernstein2018",),
)
