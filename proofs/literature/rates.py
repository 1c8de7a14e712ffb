"""How fast: decay of deviations, relaxation times, fluctuations around the equilibrium, and the theorems' bounds."""

from __future__ import annotations

import math

from sympy import Expr, Integer, Rational, log, sqrt, tan

import theory
from proofs.algebra.fluctuations import ENERGY_VARIANCE, LOWER
from proofs.enclosed import exactly
from proofs.literature.derived import at, in_learning_rate, own, rate
from proofs.literature.equilibria import ADAM, ADAMW, KOSSON, SGD, SGDM, WAN, sgd_norm
from proofs.literature.published import Published, Recipe, Relation, Side
from proofs.printed import finite_dim
from theory.equivalence import e_folding, mean_age, root_near_one
from theory.fluctuations import fluctuations_of
from theory.inverse import cosine_after
from theory.lagging import bias_correction
from theory.symbols import beta1, damped_decay, dampening, decay, energy, energy_variance, lr, momentum, wd
from theory.transient import lag_slow_rates, slow_law

NOISY = {**SGD, "V": 0.01, "l": 0.5}
"""Relative variance 0.01 of the squared unit-gradient norm (L = 1), which stays above one half."""


def _allowed(recipe: Recipe) -> bool:
    """Lower bound l below the mean L, and the fourth assumption of SMD's first theorem."""
    p, mean = recipe["lr"] * recipe["wd"], recipe["grad_norm"] ** 2
    return 2 * (2 * p / (1 - 2 * p)) ** 2 * mean < recipe["l"] < mean and p < 0.1


def _coupled_range(recipe: Recipe) -> bool:
    """The momentum and decay of SMD's second theorem."""
    alpha = recipe["momentum"]
    return 0.5 < alpha < 1 and recipe["lr"] * recipe["wd"] < (1 - math.sqrt(alpha)) ** 2


def floor() -> Expr:
    """2 V eta^2/(l (1 - 2 eta lambda))."""
    return 2 * ENERGY_VARIANCE * lr**2 / (LOWER * (1 - 2 * lr * wd))


def _variance() -> Expr:
    return fluctuations_of("sgd").relative_variance.subs(energy_variance, ENERGY_VARIANCE / energy**2)


def _sharp_floor() -> Expr:
    return _variance() * theory.equilibrium_of("sgd").norm ** 4


def _final_deviation() -> Expr:
    """E(|w|^2 - w*^2)^2 at stationarity, w* the theorem's."""
    square = theory.equilibrium_of("sgd").norm ** 2
    return in_learning_rate((square - sgd_norm() ** 2) ** 2 + _variance() * square**2)


def _angle_deviation() -> Expr:
    """Standard deviation of the angle of one step."""
    found = theory.equilibrium_of("sgd")
    return sqrt(fluctuations_of("sgd").angle_variance) * found.sine


def _angle_shift() -> Expr:
    """What the mean angle lacks."""
    return -fluctuations_of("sgd").angle_shift * tan(theory.equilibrium_of("sgd").angle)


def _cube_root() -> Expr:
    """(V/(L l))^(1/3) at l = L/2."""
    return (2 * energy_variance) ** Rational(1, 3)


def _gaussian_variance(optimizer: str) -> Side:
    """Relative variance of |w|^2 under Gaussian gradients orthogonal to w."""
    return lambda r: finite_dim(optimizer, int(r["dim"]), **own(optimizer, r)).relative_variance


def _oscillator_rate() -> Expr:
    """Slow rate of x'' + 2 gamma x' + omega^2 x = 0 per step, with the time of one step eta (1 - tau)."""
    step = lr * (1 - dampening)
    damping = (1 - momentum) / (step * (1 + momentum))
    square = 4 * wd / (step * (1 + momentum))
    return step * (damping - sqrt(damping**2 - square))


def _decay_alone() -> Expr:
    """The factor by which decay alone multiplies the weights of a heavy ball in the long run."""
    return root_near_one().subs(damped_decay, lr * wd * (1 - dampening))


def _time(optimizer: str) -> Side:
    found = rate(optimizer)()
    return lambda recipe: 1 / found(recipe)


def _ratio_of_rates(recipe: Recipe) -> float:
    momentum_, plain = (rate(name)()(recipe) for name in ("sgdm", "sgd"))
    return momentum_ / plain


def _growth_over_steps() -> Expr:
    """Growth of E|w|^2 per step without decay, over the squared step eta^2 E|m|^2 of a heavy ball."""
    buffer = theory.equilibrium_of("sgdm").recursion.unit_gram[1, 1].subs(decay, 0)
    return slow_law(theory.OPTIMIZERS["sgdm"]).response / (lr**2 * buffer)


def _lagging_rate() -> Expr:
    """Slow rate of AdamW's squared norm where v follows scale-invariant gradients, at a given (1 - beta2)/p."""
    return lag_slow_rates()[0] * decay


def _first_update(recipe: Recipe) -> float:
    """RMS of AdamW's first update: (1 - beta1) g / sqrt((1 - beta2) g^2) times its bias correction."""
    first, second = exactly(recipe["beta1"]), exactly(recipe["beta2"])
    return bias_correction(first, second, 1) * ((1 - first) / (1 - second) ** 0.5)


def _multiplier(recipe: Recipe) -> float:
    return abs(at("adam_l2", recipe).convergence_rate or 0.0)


STEPS = 10
OSCILLATOR = r"\gamma - \sqrt{\gamma^2 - \omega^2},\ \gamma = \frac{1-\alpha}{\eta(1-\tau)(1+\alpha)},\ "
OSCILLATOR += r"\omega^2 = \frac{4\lambda}{\eta(1-\tau)(1+\alpha)}"


def _turned() -> Expr:
    """Mean squared angle of several steps of SGD, as 2 (1 - cos)."""
    return 2 * (1 - cosine_after(theory.equilibrium_of("sgd"), STEPS))


ROWS = (
    Published(
        "SMD-T1 decay", WAN, "text", "rate of the squared deviation, SGD", lambda: -log(1 - 2 * lr * wd),
        rate("sgd", 2), SGD, "sgd-rate", Relation.AT_LEAST, given=lambda r: r["lr"] * r["wd"] < 0.2,
        why="a bound decaying by 1 - 2 lr wd; the deviation's own rate near equilibrium, twice",
    ),
    Published(
        "SMD-T1 floor", WAN, "text", "floor of the squared deviation, SGD", floor, _sharp_floor, NOISY,
        "smd-noise-floor", Relation.AT_MOST, given=_allowed, why="to leading order in V",
    ),
    Published(
        "SMD-T1 literal", WAN, "text", "squared deviation from w*^2 in the end, SGD", floor, _final_deviation,
        {**NOISY, "V": 1e-9}, "smd-noise-floor", Relation.AT_MOST, given=_allowed,
        why="w*^2 is a leading order; the difference is among the terms that the first assumption drops",
    ),
    Published(
        "SMD-E9", WAN, "text", "floor over w*^4", lambda: 4 * ENERGY_VARIANCE * lr * wd / (energy * LOWER
        * (1 - 2 * lr * wd)), lambda: floor() / sgd_norm() ** 4, NOISY, "smd-noise-floor",
    ),
    Published(
        "SMD-E9 variance", WAN, "text", "relative variance of the squared norm, SGD",
        lambda: 4 * ENERGY_VARIANCE * lr * wd / (energy * LOWER * (1 - 2 * lr * wd)), _variance, NOISY,
        "sgd-norm-variance", Relation.AT_MOST, given=_allowed,
    ),
    Published(
        "SMD-E9 order", WAN, "text", "relative variance of the squared norm, SGD", lambda: lr * wd, _variance, NOISY,
        "sgd-norm-variance", Relation.PROPORTIONAL, held=("V", "grad_norm"), why="the ratio is the constant",
    ),
    Published("SMD-R1 time", WAN, "text", "relaxation time of SGD", lambda: 1 / (lr * wd), lambda: _time("sgd"), SGD,
              "sgd-rate", Relation.PROPORTIONAL, why="the ratio is the constant"),
    Published(
        "SMD-T2 decay", WAN, "text", "rate of the squared deviation, SGDM",
        lambda: -log(1 - 2 * lr * wd / (1 - momentum)), rate("sgdm", 2), SGDM, "sgdm-rate", Relation.AT_LEAST,
        given=_coupled_range, why="a bound decaying by 1 - 2 lr wd/(1 - alpha); oscillations by their modulus",
    ),
    Published("SMD-R2 speed", WAN, "text", "rate of SGDM over SGD's", lambda: 1 / (1 - momentum),
              lambda: _ratio_of_rates, SGDM, "sgdm-rate"),
    Published(
        "SMD-R2 variance", WAN, "text", "variance of SGDM's squared norm, at least SGD's",
        lambda: _gaussian_variance("sgd"), lambda: _gaussian_variance("sgdm"), {**SGDM, "dim": 64},
        "sgdm-norm-variance", Relation.AT_LEAST,
        given=lambda r: _coupled_range(r) and r["dim"] > 4 and r["wd"] > 1e-7 < r["lr"],
        shown=r"s_{\text{SGD}}",
        why="relative, Gaussian gradients of d coordinates",
    ),
    Published("SMD-R2 overlap", WAN, "text", "overlap of the buffer with the next gradient", lambda: Integer(0),
              lambda: theory.equilibrium_of("sgdm").recursion.cross[1], SGDM, "orthogonal-norm",
              why="zero for white gradients; correlated ones change the norm, not the angle"),
    Published(
        "SMD-T3 bound", WAN, "text", "deviation of the angle of one step, SGD", _cube_root, _angle_deviation,
        {**SGD, "v": 0.01}, "sgd-angle-fluctuation", Relation.AT_MOST,
        given=lambda r: r["v"] < 0.3 and r["lr"] * r["wd"] < 0.3, why="constant one, l = L/2",
    ),
    Published(
        "SMD-R3", WAN, "text", "shortfall of the mean angle, SGD", _cube_root, _angle_shift, {**SGD, "v": 0.01},
        "sgd-angle-fluctuation", Relation.AT_MOST, given=lambda r: r["v"] < 0.3 and r["lr"] * r["wd"] < 0.3,
        why="the bound far exceeds the bias, as the authors say",
    ),
    Published(
        "SMD-X6 Adam", WAN, "text", "multiplier of Adam with L2, at least one", lambda: Integer(1),
        lambda: _multiplier, ADAM, "adam_l2-norm", Relation.AT_LEAST,
        why="no equilibrium would mean that deviations do not shrink; they do, and its angle depends on the gradient",
    ),
    Published("KOS-TRANS time", KOSSON, "recalled", "relaxation time of AdamW", lambda: 1 / (2 * lr * wd),
              lambda: _time("adamw"), ADAMW, "adamw-rate"),
    Published(
        "KOS-TRANS lag", KOSSON, "recalled", "slow rate of AdamW, scale-invariant gradients", lambda: 2 * lr * wd,
        _lagging_rate, {**ADAMW, "r": 2.0}, "adamw-lag-rate",
        why="v follows |w| late: r = (1 - beta2)/(lr wd) is held at 2, which is lr wd = 5e-4 at beta2 = 0.999",
    ),
    Published("LLA-1 time", "li2020reconciling", "text", "relaxation time of SGD", lambda: 1 / (lr * wd),
              lambda: _time("sgd"), SGD, "sgd-rate", Relation.PROPORTIONAL,
              why="of the norm; in function space it is a conjecture there and not derived here"),
    Published("SIB-1 time", "li2022robust", "text", "relaxation time of SGD", lambda: 1 / (lr * wd),
              lambda: _time("sgd"), SGD, "sgd-rate", Relation.PROPORTIONAL, why="up to logarithms"),
    Published("BLOG-1 SGD", "blog_norm", "text", "relaxation time of SGD", lambda: 1 / (4 * lr * wd),
              lambda: _time("sgd"), SGD, "sgd-rate"),
    Published("BLOG-1 Adam", "blog_norm", "text", "relaxation time of AdamW", lambda: 1 / (2 * lr * wd),
              lambda: _time("adamw"), ADAMW, "adamw-rate"),
    Published("BLOG-1 diffusion", "blog_norm", "text", f"mean squared angle of {STEPS} steps, SGD",
              lambda: 2 * lr * wd * STEPS, _turned, SGD, "sgd-turn-of-steps"),
    Published("ADP-1", "heo2021adamp", "code", "decay per step of SGDP", lambda: lr * wd / (1 - momentum),
              lambda: 1 - _decay_alone(), SGDM, "exponential-lr-root",
              why="at wd_ratio = 1: what the buffer makes of L2"),
    Published("ADP-2", "heo2021adamp", "recalled", "growth of SGDM over its squared steps",
              lambda: (1 + momentum) / (1 - momentum), _growth_over_steps, SGDM, "trajectory-closed-form"),
    Published(
        "KUN-2", "kunin2021neural", "code", "rate of the squared norm under decay alone", _oscillator_rate,
        lambda: -2 * log(_decay_alone()), {**SGDM, "dampening": 0.5}, "exponential-lr-root",
        given=lambda r: r["lr"] * r["wd"] * (1 - r["dampening"]) < (1 - r["momentum"]) ** 2 / 16,
        why="time eta (1 - dampening) a step; the oscillator's slow root", shown=OSCILLATOR,
    ),
    Published("WA-1 mean age", "wang2024adamw", "second-hand", "mean age of an update", lambda: 1 / (lr * wd), mean_age,
              ADAMW, "adamw-average", why="the newest counted as one step old"),
    Published("WA-1 e-folding", "wang2024adamw", "second-hand", "e-folding of the average", lambda: 1 / (lr * wd),
              e_folding, ADAMW, "adamw-average"),
    Published(
        "WARM-2 bias", "kosson2024warmup", "text", "RMS of AdamW's first update, at least its later",
        lambda: sqrt((1 - beta1) / (1 + beta1)), lambda: _first_update, {**ADAMW, "beta2": 0.95}, "adamw-norm",
        Relation.AT_LEAST, why="with bias correction; L2 size of the update",
    ),
)  # fmt: skip
