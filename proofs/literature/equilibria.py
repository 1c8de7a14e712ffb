"""Norm, angle and update size at equilibrium: SGD with and without momentum, Adam and its kin."""

from __future__ import annotations

from functools import cache

from mpmath import erf, quad
from mpmath import sqrt as msqrt
from sympy import Expr, Rational, S, acos, pi, solve, sqrt, symbols

import theory
from proofs.literature.derived import at, in_learning_rate, moment, of, step_size
from proofs.literature.published import Published, Recipe, Relation
from theory.geometry import angle
from theory.symbols import beta1, beta2, dim, energy, lr, momentum, wd

SGD = {"lr": 0.1, "wd": 1e-4}
SGDM = {**SGD, "momentum": 0.9}
ADAMW = {"lr": 6e-4, "wd": 0.1, "beta1": 0.9}
ADAM = {"lr": 1e-3, "wd": 1e-2, "beta1": 0.9, "dim": 64}
LION = {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.99}
WAN, KOSSON = "wan2021spherical", "kosson2024rotational"
LOST = symbols("x", positive=True)
COUPLED = "L2 inside the buffer"
BUFFERED = r"\eta\,\|m\|\sin\angle(w,m)/\|w\|"


def sgd_norm() -> Expr:
    """sqrt[4](L eta / (2 lambda))."""
    return (energy * lr / (2 * wd)) ** Rational(1, 4)


def sgd_angle() -> Expr:
    """sqrt(2 eta lambda)."""
    return sqrt(2 * lr * wd)


def sgdm_angle() -> Expr:
    """sqrt(2 eta lambda / (1 + alpha))."""
    return sqrt(2 * lr * wd / (1 + momentum))


def sgdm_norm() -> Expr:
    """The leading order."""
    return (lr * energy / (2 * wd * (1 - momentum))) ** Rational(1, 4)


def smd_t2_norm() -> Expr:
    """The norm of SMD's second theorem."""
    return (energy * lr / (wd * (1 - momentum) * (2 - lr * wd / (1 + momentum)))) ** Rational(1, 4)


def adamw_norm() -> Expr:
    """sqrt(eta C / (2 lambda))."""
    return sqrt(lr * dim / (2 * wd))


def averaging() -> Expr:
    """(1 - beta1) / (1 + beta1)."""
    return (1 - beta1) / (1 + beta1)


def adamw_angle() -> Expr:
    """sqrt(2 eta lambda (1 - beta1)/(1 + beta1))."""
    return sqrt(2 * lr * wd * averaging())


def lion_factor() -> Expr:
    """(1 - beta1)^2 + beta1^2 (1 - beta2)/(1 + beta2)."""
    return (1 - beta1) ** 2 + beta1**2 * (1 - beta2) / (1 + beta2)


def lion_norm() -> Expr:
    """Lion's norm with the sign's correlation linearised."""
    return sqrt(lr * dim / (pi * wd * lion_factor()))


def lion_angle() -> Expr:
    """Lion's angle with the sign's correlation linearised."""
    return sqrt(pi * lr * wd * lion_factor())


def adam_l2_norm() -> Expr:
    """Cube root of eta |g| sqrt(C) / (2 lambda)."""
    return (lr * sqrt(energy * dim) / (2 * wd)) ** Rational(1, 3)


def adam_l2_angle() -> Expr:
    """sqrt((1 - beta1)/(1 + beta1)) times the cube root of 2 eta^2 lambda C/|g|."""
    return sqrt(averaging()) * (2 * lr**2 * wd * dim / sqrt(energy)) ** Rational(1, 3)


def sib_norm() -> Expr:
    """|x| from its square."""
    return sqrt(sqrt(lr / (wd * (2 - lr * wd))) * sqrt(energy))


def contribution_norm() -> Expr:
    """The fixed point of |x|^2 = b^2 |x|^2 + (1 - b)^2 C/lambda^2, b = 1 - eta lambda."""
    square, kept = symbols("A", positive=True), 1 - lr * wd
    (found,) = solve(kept**2 * square + (1 - kept) ** 2 * dim / wd**2 - square, square)
    return sqrt(found)


def balance(contribution: Expr, decayed: Expr, exponent: int) -> Expr:
    """|w| at which (|w| - d)^2 + |u|^2 = |w|^2.

    u is a ``contribution`` c at right angles to w, |u|^2 = c/|w|^exponent, and d = decayed |w| is what decay takes.
    """
    return (contribution / (1 - (1 - decayed) ** 2)) ** (S.One / (2 + exponent))


def _balanced_sgdm() -> Expr:
    lasting = 1 / (1 - momentum)
    return balance(lr**2 * lasting**2 * energy, lr * wd * lasting, 2)


def _balanced_lion() -> Expr:
    return balance(2 * lr**2 * dim / (pi * lion_factor()), lr * wd, 0)


def _gradient_over_weight() -> Expr:
    return sqrt(energy) / theory.equilibrium_of("sgd").norm ** 2


def _adamw_gradient_over_weight() -> Expr:
    return sqrt(dim) / theory.equilibrium_of("adamw").norm


def _buffered_angle(optimizer: str) -> Expr:
    """eta |m| sin(w, m)/|w| from the moments after the step, m the buffer."""
    square, cross, buffer = (moment(optimizer, i, j) for i, j in ((0, 0), (0, 1), (1, 1)))
    return lr * sqrt(square * buffer - cross**2) / square


def _rms(optimizer: str) -> Expr:
    return sqrt(moment(optimizer, 1, 1))


def _adamw_rms() -> Expr:
    return theory.equilibrium_of("adamw").norm / sqrt(dim)


def _adam_l2_step(recipe: Recipe) -> float:
    found = at("adam_l2", recipe)
    return found.chord * found.equilibrium_norm


def _scaled(expression: Expr) -> Expr:
    scale = symbols("m", positive=True)
    return in_learning_rate(expression).subs({lr: lr / scale, wd: wd * scale}, simultaneous=True)


@cache
def _largest(count: int) -> float:
    """sqrt(E max x_i^2) of standard normal x: E max is the integral of 1 - P(x^2 < s)^count."""
    return float(msqrt(quad(lambda s: 1 - erf(msqrt(s / 2)) ** count, [0, 1, 10, 20, 40, 80])))


def _largest_weight(recipe: Recipe) -> float:
    chosen = {name: recipe[name] for name in ADAMW}
    return theory.predict("adamw", **chosen).equilibrium_norm * _largest(int(recipe["coordinates"]))


ROWS = (
    Published("SMD-T1", WAN, "text", "norm of SGD", sgd_norm, of("sgd", "norm"), SGD, "sgd-norm"),
    Published("SMD-T2", WAN, "text", "norm of SGDM", smd_t2_norm, of("sgdm", "norm"), SGDM, "sgdm-norm", why=COUPLED),
    Published("SMD-T3 SGD", WAN, "text", "angle of SGD", sgd_angle, of("sgd", "angle"), SGD, "sgd-angle"),
    Published("SMD-T3 SGDM", WAN, "text", "angle of SGDM", sgdm_angle, of("sgdm", "angle"), SGDM, "sgdm-angle"),
    Published(
        "SMD-D3", WAN, "text", "angle from 1 - cos = x", lambda: acos(1 - LOST), lambda: angle(LOST), {"x": 1e-4},
        "angle-chord-sine",
        limit={"x": 1},
    ),
    Published(
        "SMD-R1 norm", WAN, "text", "norm of SGD", lambda: (lr / wd) ** Rational(1, 4), of("sgd", "norm"),
        SGD, "sgd-norm", Relation.PROPORTIONAL, held=("grad_norm",),
        why="at a given gradient size; the ratio is the constant",
    ),
    Published(
        "SMD-CODE SGDM", WAN, "code", "sine, from the buffer", lambda: _buffered_angle("sgdm"), of("sgdm", "sine"),
        SGDM, "sgdm-angle", why="roots of mean squares, weights and buffer after the step", shown=BUFFERED,
    ),
    Published(
        "SMD-CODE Nesterov", WAN, "code", "sine, from the buffer", lambda: _buffered_angle("nesterov"),
        of("nesterov", "sine"), SGDM, "nesterov-angle",
        why="Nesterov's step is not the buffer: it adds the fresh gradient once more", shown=BUFFERED,
    ),
    Published(
        "KOS-T1-sgdm update", KOSSON, "recalled", "RMS step of SGDM",
        lambda: lr * sqrt(energy / sgdm_norm() ** 2 / (1 - momentum**2)), step_size("sgdm"), SGDM, "update-size",
        why="E|g|^2 is L/|w|^2 at the published norm",
    ),
    Published("KOS-T1-sgdm norm", KOSSON, "recalled", "norm of SGDM", sgdm_norm, of("sgdm", "norm"), SGDM, "sgdm-norm"),
    Published("KOS-T1-sgdm angle", KOSSON, "code", "angle of SGDM", sgdm_angle, of("sgdm", "angle"), SGDM,
              "sgdm-angle"),
    Published(
        "KOS-T1-adamw update", KOSSON, "recalled", "RMS update of AdamW", lambda: lr * sqrt(dim * averaging()),
        lambda: lr * _rms("adamw"), ADAMW, "adamw-norm", why="without the decay's part of the step",
    ),
    Published("KOS-T1-adamw norm", KOSSON, "second-hand", "norm of AdamW", adamw_norm, of("adamw", "norm"), ADAMW,
              "adamw-norm"),
    Published("KOS-T1-adamw angle", KOSSON, "code", "angle of AdamW", adamw_angle, of("adamw", "angle"), ADAMW,
              "adamw-angle"),
    Published(
        "KOS-T1-adamw beta2", KOSSON, "code", "angle of AdamW, beta2 0.95", adamw_angle, of("adamw_beta2", "angle"),
        {**ADAMW, "beta2": 0.95}, "adamw_beta2-angle",
        why="a denominator of finite memory varies, and with it the update; Gaussian gradients",
    ),
    Published(
        "KOS-T1-adaml2 update", KOSSON, "recalled", "RMS step of Adam with L2",
        lambda: lr * sqrt(dim * averaging()),
        lambda: _adam_l2_step, ADAM, "adam_l2-angle",
    ),
    Published(
        "KOS-T1-adaml2 norm", KOSSON, "recalled", "norm of Adam with L2", adam_l2_norm, of("adam_l2", "norm"), ADAM,
        "adam_l2-norm", why="the decay is itself divided by the root of v, which holds it too",
    ),
    Published(
        "KOS-T1-adaml2 angle", KOSSON, "recalled", "angle of Adam with L2", adam_l2_angle, of("adam_l2", "angle"), ADAM,
        "adam_l2-angle",
    ),
    Published(
        "KOS-T1-lion update", KOSSON, "recalled", "RMS update of Lion", lambda: lr * sqrt(dim),
        lambda: lr * sqrt(theory.OPTIMIZERS["lion"].amplitude), LION, "lion-norm",
    ),
    Published(
        "KOS-T1-lion norm", KOSSON, "recalled", "norm of Lion", lion_norm, of("lion", "norm"), LION, "lion-norm",
        why="the sign's correlation is linearised and summed without decay",
    ),
    Published(
        "KOS-T1-lion angle", KOSSON, "code", "angle of Lion", lion_angle, of("lion", "angle"), LION, "lion-angle",
        why="the sign's correlation is linearised and summed without decay",
    ),
    Published("KOS-TUC", KOSSON, "second-hand", "norm of AdamW", contribution_norm, of("adamw", "norm"), ADAMW,
              "adamw-norm", why="each update is counted at once, so the momentum is missing at finite lr wd"),
    Published("KOS-REC SGDM", KOSSON, "second-hand", "norm of SGDM", _balanced_sgdm, of("sgdm", "norm"), SGDM,
              "sgdm-norm", why="total contributions g/(1 - alpha) and lambda w/(1 - alpha)"),
    Published("KOS-REC AdamW", KOSSON, "second-hand", "norm of AdamW",
              lambda: balance(lr**2 * dim, lr * wd, 0), of("adamw", "norm"), ADAMW, "adamw-norm"),
    Published("KOS-REC Lion", KOSSON, "second-hand", "norm of Lion", _balanced_lion, of("lion", "norm"), LION,
              "lion-norm", why="a sign has no total contribution; the linearised one is taken"),
    Published(
        "KOS-RV Nesterov", KOSSON, "code", "angle of Nesterov", sgdm_angle, of("nesterov", "angle"), SGDM,
        "nesterov-angle", why="the heavy ball's angle is used for Nesterov's step",
    ),
    Published("CH-1 norm", "chiley2019online", "recalled", "norm of SGD", sgd_norm, of("sgd", "norm"), SGD, "sgd-norm"),
    Published("CH-1 angle", "chiley2019online", "recalled", "angle of SGD", sgd_angle, of("sgd", "angle"), SGD,
              "sgd-angle"),
    Published("LLA-1 norm", "li2020reconciling", "recalled", "norm of SGD", sgd_norm, of("sgd", "norm"), SGD,
              "sgd-norm", why="sigma^2 is L"),
    Published("LLA-1 effective lr", "li2020reconciling", "recalled", "lr over squared norm",
              lambda: sqrt(2 * lr * wd / energy), lambda: lr / theory.equilibrium_of("sgd").norm ** 2, SGD, "sgd-norm"),
    Published("SIB-1 norm", "li2022robust", "text", "norm of SGD", sib_norm, of("sgd", "norm"), SGD, "sgd-norm"),
    Published("SIB-1 clipping", "li2022robust", "text", "gradient over weight",
              lambda: sqrt(2 * wd / lr), _gradient_over_weight, SGD, "gradient-to-weight",
              why="the threshold at C = 1: clipping at sqrt(C) = 2 acts on gradients twice their usual length"),
    Published("DEF-1", "defazio2025", "second-hand", "gradient over weight of SGD", lambda: sqrt(2 * wd / lr),
              _gradient_over_weight, SGD, "gradient-to-weight"),
    Published("DEF-2 ratio", "defazio2025", "second-hand", "gradient over weight of AdamW, in the norms of v",
              lambda: sqrt(2 * wd / lr), _adamw_gradient_over_weight, ADAMW, "adamw-norm"),
    Published("DEF-2 RMS", "defazio2025", "second-hand", "RMS weight of AdamW", lambda: sqrt(lr / (2 * wd)),
              _adamw_rms, ADAMW, "adamw-norm", why="the printed norm read as the RMS of a coordinate"),
    Published("DEF-2 largest", "defazio2025", "second-hand", "RMS of AdamW's largest weight",
              lambda: sqrt(lr / (2 * wd)), lambda: _largest_weight, {**ADAMW, "coordinates": 1 << 20}, "adamw-norm",
              held=("coordinates",),
              why="the printed maximum norm; Gaussian weights, a million of them"),
    Published("CHO-1 norm", "chou2025", "second-hand", "norm of AdamW", adamw_norm, of("adamw", "norm"), ADAMW,
              "adamw-norm"),
    Published("K25-2 norm", "kosson2025mup", "second-hand", "norm of AdamW", lambda: sqrt(dim * lr / wd),
              of("adamw", "norm"), {**ADAMW, "dim": 64}, "adamw-norm", Relation.PROPORTIONAL,
              why="K C is the number of weights; the ratio is the constant"),
    Published("K25-2 update", "kosson2025mup", "second-hand", "angle of AdamW", lambda: sqrt(lr * wd),
              of("adamw", "angle"), ADAMW, "adamw-angle", Relation.PROPORTIONAL, held=("beta1",),
              why="at a given beta1; the ratio is the constant"),
    Published("K25-2 scalings", "kosson2025mup", "second-hand", "angle at (lr/m, m wd)",
              lambda: theory.equilibrium_of("adamw").angle,
              lambda: _scaled(theory.equilibrium_of("adamw").angle), {**ADAMW, "m": 8.0}, "adamw-angle",
              why="the other scaling, (lr/m, wd), divides lr wd by m"),
    Published("SU-2 RMS", "su2025rms", "text", "RMS weight of AdamW", lambda: sqrt(lr / (2 * wd)), _adamw_rms,
              ADAMW, "adamw-norm"),
    Published("SU-2 shortcut", "su2025rms", "text", "RMS weight of AdamW", lambda: sqrt(averaging() * lr / (2 * wd)),
              _adamw_rms, ADAMW, "adamw-norm",
              why="the formula that he criticises, rightly: it forgets that updates are correlated"),
    Published("VL-2 size", "vanlaarhoven2017l2", "recalled", "norm of SGD", lambda: (lr / wd) ** Rational(1, 4),
              of("sgd", "norm"), SGD, "sgd-norm", Relation.PROPORTIONAL, held=("grad_norm",),
              why="his lambda is half of ours; the ratio is the constant, at a given gradient size"),
    Published("VL-2 effective lr", "vanlaarhoven2017l2", "recalled", "effective lr of SGD", lambda: sqrt(lr * wd),
              lambda: lr / theory.equilibrium_of("sgd").norm ** 2, SGD, "sgd-norm", Relation.PROPORTIONAL,
              held=("grad_norm",), why="the ratio is the constant, at a given gradient size"),
    Published("WARM-3", "kosson2024warmup", "recalled", "RMS update of AdamW over Lion's", lambda: sqrt(averaging()),
              lambda: _rms("adamw") / sqrt(theory.OPTIMIZERS["lion"].amplitude), ADAMW, "adamw-norm"),
)  # fmt: skip
