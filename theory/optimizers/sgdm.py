"""SGD with heavy-ball momentum and coupled L2, as torch.optim.SGD (key ``wan2021spherical``).

    m <- alpha m + (1 - tau) (g + wd w)   w <- w - lr m

alpha is the momentum, tau the dampening (0 by default: the heavy ball; tau = alpha: an EMA).
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import DAMPENING, GRAD_NORM, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY
from theory.symbols import dampening, energy, lr, momentum, squared_norm, wd
from theory.update_rule import UpdateRule


def step(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step."""
    m = momentum * m + (1 - dampening) * (g + wd * w)
    return w - lr * m, m


SGDM = UpdateRule.from_step(
    "sgdm",
    step,
    ("w", "m"),
    title="SGD with momentum",
    amplitude=energy / squared_norm,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, MOMENTUM, DAMPENING, GRAD_NORM),
    convention="L2 inside the momentum buffer (PyTorch weight_decay); heavy ball; dampening as PyTorch; no Nesterov",
    hypotheses=(
        "the loss is scale-invariant: <g, w> = 0 and |g|^2 = |unit g|^2 / |w|^2",
        "the unit gradient has constant E|unit g|^2 = L and is white in time given the past",
    ),
    references=("wan2021spherical", "kosson2024rotational"),
)
