"""Layerwise trust ratios: LARS (key ``you2017lars``) and LAMB (key ``you2020lamb``).

    lars:  y = trust |w| / (|g| + wd |w|),   m <- alpha m + lr y (g + wd w),   w <- w - m
    lamb:  m <- beta1 m + (1 - beta1) x,   u = m + wd w,   w <- w - lr (|w| / |u|) u

x is the normalised gradient, so LAMB's denominator stands at its mean. Both are their linear rule at the effective
learning rate y lr, and their decay per step is what makes the norm stand still, not lr*wd.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, sqrt

from theory.domain import BETA1, DIM, GRAD_NORM, LEARNING_RATE, MOMENTUM, TRUST, WEIGHT_DECAY
from theory.optimizers.adam import adamw_step
from theory.optimizers.hypotheses import NORMALISED, SCALE_INVARIANT
from theory.symbols import beta1, dim, energy, lr, moment, momentum, squared_norm, trust, wd
from theory.update_rule import UpdateRule


def lars_step(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step at the effective learning rate, which the buffer remembers."""
    m = momentum * m + lr * (g + wd * w)
    return w - m, m


def _update_energy() -> Expr:
    """E|u|^2 from the moments before the step: u = beta1 m + (1 - beta1) x + lambda w."""
    buffer = beta1**2 * moment(1, 1) + (1 - beta1) ** 2 * dim
    return buffer + 2 * wd * beta1 * moment(0, 1) + wd**2 * squared_norm


LARS = UpdateRule.from_step(
    "lars",
    lars_step,
    ("w", "m"),
    title="LARS",
    amplitude=energy / squared_norm,
    gain=trust * sqrt(squared_norm) / (sqrt(energy / squared_norm) + wd * sqrt(squared_norm)),
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, TRUST, GRAD_NORM),
    convention="L2 beside the gradient inside the trust ratio and the buffer; the buffer holds steps, not gradients",
    hypotheses=SCALE_INVARIANT,
    references=("you2017lars",),
)

LAMB = UpdateRule.from_step(
    "lamb",
    adamw_step,
    ("w", "m"),
    title="LAMB",
    amplitude=dim,
    gain=sqrt(squared_norm / _update_energy()),
    parameters=(LEARNING_RATE, WEIGHT_DECAY, BETA1, DIM),
    convention="decay inside the trust ratio, u = m/sqrt(v) + wd w, phi = identity; EMA momentum",
    hypotheses=NORMALISED,
    references=("you2020lamb",),
)
