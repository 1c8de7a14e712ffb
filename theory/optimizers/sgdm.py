"""SGD with heavy-ball momentum (keys ``wan2021spherical``, ``loshchilov2019decoupled``).

    sgdm:  m <- alpha m + (1 - tau) (g + wd w)   w <- w - lr m             (torch.optim.SGD)
    sgdw:  m <- alpha m + (1 - tau) g            w <- (1 - lr wd) w - lr m

alpha is the momentum, tau the dampening (0 by default: the heavy ball; tau = alpha: an EMA).
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import DAMPENING, GRAD_NORM, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY
from theory.optimizers.hypotheses import SCALE_INVARIANT
from theory.symbols import dampening, energy, lr, momentum, squared_norm, wd
from theory.update_rule import UpdateRule


def coupled(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step with L2 in the gradient."""
    m = momentum * m + (1 - dampening) * (g + wd * w)
    return w - lr * m, m


def decoupled(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step with decay beside it."""
    m = momentum * m + (1 - dampening) * g
    return (1 - lr * wd) * w - lr * m, m


SGDM = UpdateRule.from_step(
    "sgdm",
    coupled,
    ("w", "m"),
    title="SGD with momentum",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, DAMPENING, GRAD_NORM),
    convention="L2 inside the momentum buffer (PyTorch weight_decay); heavy ball; dampening as PyTorch; no Nesterov",
    hypotheses=SCALE_INVARIANT,
    references=("wan2021spherical", "kosson2024rotational"),
)

SGDW = UpdateRule.from_step(
    "sgdw",
    decoupled,
    ("w", "m"),
    title="SGDW",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, DAMPENING, GRAD_NORM),
    convention="decoupled weight decay, factor 1 - lr*wd; heavy ball; dampening as PyTorch; no Nesterov",
    hypotheses=SCALE_INVARIANT,
    references=("loshchilov2019decoupled",),
)
