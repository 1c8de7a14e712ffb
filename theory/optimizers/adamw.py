"""AdamW with the denominator at its instantaneous mean (keys ``kingma2015adam``, ``loshchilov2019decoupled``).

    m <- beta1 m + (1 - beta1) g          w <- (1 - lr wd) w - lr m / sqrt(v)

The input is x = g / sqrt(E g^2), of energy d: v stands at the mean of g^2, so beta2, eps and bias
correction do not enter. PyTorch decays by lr*wd.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from theory.domain import ADAM_BETA2, BETA1, DIM, LEARNING_RATE, WEIGHT_DECAY
from theory.symbols import beta1, dim, lr, wd
from theory.update_rule import UpdateRule


def step(w: Expr, m: Expr, x: Expr) -> Sequence[Expr]:
    """One step with the normalised gradient x."""
    m = beta1 * m + (1 - beta1) * x
    return (1 - lr * wd) * w - lr * m, m


ADAMW = UpdateRule.from_step(
    "adamw",
    step,
    ("w", "m"),
    title="AdamW",
    amplitude=dim,
    parameters=(LEARNING_RATE, WEIGHT_DECAY, BETA1, ADAM_BETA2, DIM),
    convention="decoupled weight decay, factor 1 - lr*wd (PyTorch); EMA momentum; no Nesterov",
    hypotheses=(
        "v stands at the instantaneous mean of g^2 (the limit beta2 -> 1 with a stationary gradient scale)",
        "gradients are white in time, with mean zero given the past",
        "eps = 0, no bias correction",
    ),
    references=("kingma2015adam", "loshchilov2019decoupled", "kosson2024rotational"),
)
