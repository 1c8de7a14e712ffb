"""SGD with Nesterov momentum as torch.optim.SGD has it (key ``sutskever2013``).

    nesterov:   h = g + wd w,  m <- alpha m + h,  w <- w - lr (h + alpha m)
    nesterovw:  m <- alpha m + g,                 w <- (1 - lr wd) w - lr (g + alpha m)

PyTorch forbids dampening here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import GRAD_NORM, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY
from theory.optimizers.hypotheses import SCALE_INVARIANT
from theory.symbols import energy, lr, momentum, squared_norm, wd
from theory.update_rule import UpdateRule


def coupled(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step with L2 in the gradient."""
    h = g + wd * w
    m = momentum * m + h
    return w - lr * (h + momentum * m), m


def decoupled(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step with decay beside it."""
    m = momentum * m + g
    return (1 - lr * wd) * w - lr * (g + momentum * m), m


NESTEROV = UpdateRule.from_step(
    "nesterov",
    coupled,
    ("w", "m"),
    title="SGD with Nesterov momentum",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, GRAD_NORM),
    convention="L2 inside gradient and buffer (PyTorch weight_decay); Nesterov momentum as PyTorch; no dampening",
    hypotheses=SCALE_INVARIANT,
    references=("sutskever2013",),
)

NESTEROVW = UpdateRule.from_step(
    "nesterovw",
    decoupled,
    ("w", "m"),
    title="SGDW with Nesterov momentum",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, GRAD_NORM),
    convention="decoupled weight decay, factor 1 - lr*wd; Nesterov momentum as PyTorch; no dampening",
    hypotheses=SCALE_INVARIANT,
    references=("sutskever2013", "loshchilov2019decoupled"),
)
