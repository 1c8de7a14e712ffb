"""Adam and its kin with the denominator at its mean (keys ``kingma2015adam``, ``loshchilov2019decoupled``).

Decoupled decay: with x = g / sqrt(E g^2), of energy d,

    adamw:     m <- beta1 m + (1 - beta1) x,   w <- (1 - lr wd) w - lr m
    nadamw:    m <- beta1 m + (1 - beta1) x,   w <- (1 - lr wd) w - lr ((1 - mu) x + mu m)
    rmspropw:  w <- (1 - lr wd) w - lr x

L2 in the gradient: h = g + wd w enters buffer and denominator v = mean of h^2, so that decay itself is divided by
sqrt(v). The rule is then linear in h at the effective learning rate lr / sqrt(v):

    adam_l2:   m <- beta1 m + (1 - beta1) h,   w <- w - (lr / sqrt(v)) m
    nadam_l2:  m <- beta1 m + (1 - beta1) h,   w <- w - (lr / sqrt(v)) ((1 - mu) h + mu m)
    rmsprop:   w <- w - (lr / sqrt(v)) h

NAdam's mu follows PyTorch's schedule mu_t = beta1 (1 - 0.5 * 0.96^(t psi)), whose limit beta1
is reached only after tens of thousands of steps (key ``dozat2016``); m itself decays by beta1. beta2, eps and bias
correction do not enter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sympy import Expr, Rational, sqrt

from theory.domain import (
    AT_STEP,
    BETA1,
    DIM,
    GRAD_NORM,
    LEARNING_RATE,
    MOMENTUM_DECAY,
    WEIGHT_DECAY,
    Parameter,
)
from theory.optimizers.hypotheses import NORMALISED, STILL, WITH_DECAY_IN_DENOMINATOR
from theory.symbols import (
    beta1,
    dim,
    energy,
    lookahead,
    lr,
    momentum_decay,
    squared_norm,
    step_index,
    wd,
)
from theory.update_rule import UpdateRule

Step = Callable[..., Sequence[Expr]]


def mu_at(step: Expr) -> Expr:
    """PyTorch's schedule of NAdam's momentum."""
    return beta1 * (1 - Rational(1, 2) * Rational(24, 25) ** (step * momentum_decay))


INVERSE_ROOT = sqrt(dim / (energy / squared_norm + wd**2 * squared_norm))
"""1 / sqrt(v) with v = (L/A + lambda^2 A) / d."""


def adamw_step(w: Expr, m: Expr, x: Expr) -> Sequence[Expr]:
    """One step of AdamW with the normalised gradient x."""
    m = beta1 * m + (1 - beta1) * x
    return (1 - lr * wd) * w - lr * m, m


def nadamw_step(w: Expr, m: Expr, x: Expr) -> Sequence[Expr]:
    """One step of NAdamW with the normalised gradient x."""
    m = beta1 * m + (1 - beta1) * x
    return (1 - lr * wd) * w - lr * ((1 - lookahead) * x + lookahead * m), m


def rmspropw_step(w: Expr, x: Expr) -> Sequence[Expr]:
    """One step of RMSprop with decoupled decay and the normalised gradient x."""
    return ((1 - lr * wd) * w - lr * x,)


def adam_l2_step(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step of Adam at the effective learning rate."""
    m = beta1 * m + (1 - beta1) * (g + wd * w)
    return w - lr * m, m


def nadam_l2_step(w: Expr, m: Expr, g: Expr) -> Sequence[Expr]:
    """One step of NAdam at the effective learning rate."""
    h = g + wd * w
    m = beta1 * m + (1 - beta1) * h
    return w - lr * ((1 - lookahead) * h + lookahead * m), m


def rmsprop_step(w: Expr, g: Expr) -> Sequence[Expr]:
    """One step of RMSprop at the effective learning rate."""
    return (w - lr * (g + wd * w),)


def _decoupled(
    name: str, step: Step, state: tuple[str, ...], title: str, own: tuple[Parameter, ...], how: str, **rest: object
) -> UpdateRule:
    return UpdateRule.from_step(
        name,
        step,
        state,
        title=title,
        amplitude=dim,
        parameters=(LEARNING_RATE, WEIGHT_DECAY, *own, DIM),
        convention=f"decoupled weight decay, factor 1 - lr*wd (PyTorch); {how}",
        hypotheses=NORMALISED,
        **rest,
    )


def _coupled(
    name: str, step: Step, state: tuple[str, ...], title: str, own: tuple[Parameter, ...], how: str, **rest: object
) -> UpdateRule:
    return UpdateRule.from_step(
        name,
        step,
        state,
        title=title,
        amplitude=energy / squared_norm,
        gain=INVERSE_ROOT,
        parameters=(LEARNING_RATE, WEIGHT_DECAY, *own, DIM, GRAD_NORM),
        convention=f"L2 inside gradient, buffer and denominator (PyTorch weight_decay); {how}",
        hypotheses=WITH_DECAY_IN_DENOMINATOR,
        **rest,
    )


def _standing_still(rule: UpdateRule) -> UpdateRule:
    return replace(rule, hypotheses=(*rule.hypotheses, STILL))


EMA = "EMA momentum; no Nesterov"
NADAM = "EMA momentum, Nesterov form and momentum schedule of PyTorch's NAdam"
SCHEDULED: dict[str, object] = {
    "definitions": ((lookahead, mu_at(step_index)),),
    "references": ("dozat2016",),
}
OF_ADAM: dict[str, object] = {"references": ("kingma2015adam", "loshchilov2019decoupled", "kosson2024rotational")}
OF_RMSPROP: dict[str, object] = {"references": ("tieleman2012",)}

ADAMW = _decoupled("adamw", adamw_step, ("w", "m"), "AdamW", (BETA1,), EMA, **OF_ADAM)
NADAMW = _standing_still(
    _decoupled("nadamw", nadamw_step, ("w", "m"), "NAdamW", (BETA1, AT_STEP, MOMENTUM_DECAY), NADAM, **SCHEDULED)
)
RMSPROPW = _decoupled(
    "rmspropw", rmspropw_step, ("w",), "RMSprop with decoupled decay", (), "no momentum", **OF_RMSPROP
)
ADAM_L2 = _coupled("adam_l2", adam_l2_step, ("w", "m"), "Adam with L2", (BETA1,), EMA, **OF_ADAM)
NADAM_L2 = _standing_still(
    _coupled(
        "nadam_l2", nadam_l2_step, ("w", "m"), "NAdam with L2", (BETA1, AT_STEP, MOMENTUM_DECAY), NADAM, **SCHEDULED
    )
)
RMSPROP = _coupled("rmsprop", rmsprop_step, ("w",), "RMSprop with L2", (), "no momentum", **OF_RMSPROP)
