"""Claims about warmup: what a run turns in all, how far its first steps turn, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.trajectories import SLOW

if TYPE_CHECKING:
    from proofs.comparison import Confrontation

ACROSS = "a step shrinks w by 1 - p and adds a vector orthogonal to w, of any length"
WARMUP = "kosson2024warmup"


# --- whole runs ----------------------------------------------------------------------------------------------------


def _budget() -> list[Formula]:
    from sympy import Symbol

    from theory import rotation as r
    from theory.symbols import squared_norm

    ends = {squared_norm: Symbol(r"{\|w_0\|^2}", positive=True), r.later: Symbol(r"{\|w_T\|^2}", positive=True)}
    decayed = Symbol(r"\sum_{t<T} 2\log\frac{1}{1-p_t}")
    return [Formula(r"\sum_{t<T} 2\log\frac{1}{\cos\theta_t}", r.owed().subs(ends) + decayed)]


def _budget_obligations() -> list[Obligation]:
    from sympy import log, prod, symbols

    from theory import rotation as r
    from theory.symbols import contraction, squared_norm

    squares, kept = symbols("A_0:4", positive=True), symbols("a_0:3", positive=True)
    length = symbols("l", positive=True)
    after = contraction**2 * squared_norm + length**2
    secants = [
        r.squared_secant().subs({squared_norm: before, r.later: then, contraction: a}, simultaneous=True)
        for before, then, a in zip(squares[:3], squares[1:], kept, strict=True)
    ]
    return [
        Obligation(
            "1/cos^2 = 1 + tan^2, tan the length across over the length along",
            r.squared_secant().subs(r.later, after),
            1 + length**2 / (contraction**2 * squared_norm),
        ),
        Obligation("of three steps only the ends stay", prod(secants), squares[3] / squares[0] / prod(kept) ** 2),
        Obligation("the ends' logarithm", r.owed(squares[0], squares[3]), log(squares[3] / squares[0])),
    ]


def _transit() -> list[Formula]:
    from sympy import Symbol

    from theory import rotation as r
    from theory.symbols import squared_norm

    ends = {squared_norm: Symbol(r"{\|w_0\|^2}", positive=True), r.later: Symbol(r"{\|w_T\|^2}", positive=True)}
    share = Symbol("gamma", positive=True)
    whole = share * (r.owed().subs(ends) + Symbol(r"\sum_{t<T} 2\mu p_t"))
    named = {"sgd": r"\gamma_{SGD}", "sgdm": r"\gamma_{SGDM}", "adamw": r"\gamma_{AdamW}"}
    shares = [Formula(left, r.turning_share(theory.OPTIMIZERS[name])) for name, left in named.items()]
    return [Formula(r"\sum_{t<T}\theta_t^2", whole, r"\sim"), *shares]


def _transit_obligations() -> list[Obligation]:
    from sympy import Function, Symbol, diff, log

    from theory import rotation as r
    from theory import transient
    from theory.symbols import decay

    owed = []
    t = transient.time
    norm, q = Function("Q", positive=True)(t), Symbol("Q", positive=True)
    for name in ("sgd", "sgdm", "adamw"):
        rule = theory.OPTIMIZERS[name]
        slow, share = transient.slow_law(rule), r.turning_share(rule)
        power = 1 - slow.elasticity
        # log A = log Q/(1 - e), dQ/dt = f - r Q, and r = 2 (1 - e) mu p.
        moved = (diff(log(norm), t) / power).subs(diff(norm, t), slow.forcing - slow.rate * norm).subs(norm, q)
        turned = share * (moved + 2 * slow.contraction * decay)
        owed.append(Obligation(f"{name}: its rate is the angle's square", turned, transient.angle_constant(rule) / q))
        settled = theory.equilibrium_of(name).angle_leading_order_in_decay.leading ** 2
        owed.append(Obligation(f"{name}: at rest", share * 2 * slow.contraction * decay, settled))
    return owed


def _early() -> list[Formula]:
    from sympy import Symbol, sqrt

    from theory import rotation as r
    from theory.symbols import squared_norm

    ends = {
        squared_norm: Symbol(r"{\|w_0\|}", positive=True) ** 2,
        r.later: Symbol(r"{\|w_{eq}\|}", positive=True) ** 2,
    }
    sgd, adamw = (sqrt(r.squared_excess(theory.OPTIMIZERS[name]).subs(ends)) for name in ("sgd", "adamw"))
    return [
        Formula(r"\frac{\tan\theta_0}{\tan\theta_{eq}}, \mathrm{SGD}", sgd),
        Formula(r"\frac{\theta_0}{\theta_{eq}}, \mathrm{AdamW}", adamw, r"\sim"),
    ]


def _early_obligations() -> list[Obligation]:
    from theory import rotation as r
    from theory import transient
    from theory.symbols import squared_norm

    tangent = transient.sgd_tangent()
    exact = (tangent / tangent.subs(squared_norm, r.later)) ** 2
    owed = [Obligation("SGD: the tangent of any step", exact, r.squared_excess(theory.OPTIMIZERS["sgd"]))]
    for name in ("sgdm", "adamw"):
        rule = theory.OPTIMIZERS[name]
        power = 1 - transient.slow_law(rule).elasticity
        constant = transient.angle_constant(rule)
        ratio = (constant / squared_norm**power) / (constant / r.later**power)
        owed.append(Obligation(f"{name}: theta^2 is kappa/Q", ratio, r.squared_excess(rule)))
    return owed


def _warmup() -> list[Formula]:
    from sympy import Integer, Symbol, log

    from theory import rotation as r

    forcing, share = Symbol("f", positive=True), Symbol("gamma", positive=True)
    power = Symbol("e", real=True)
    part = share / (1 - power)
    with_warmup, without = log(r.warmup_growth(forcing)), log(r.constant_growth(forcing))
    return [
        Formula(r"\sum_{t<W}\theta_t^2, \text{ warmup}", part * with_warmup, r"\sim"),
        Formula(r"\sum_{t<W}\theta_t^2, \text{ constant}", part * without, r"\sim"),
        Formula(r"\text{saved}", part * log(Integer(3)), r"\le"),
    ]


def _warmup_obligations() -> list[Obligation]:
    from sympy import Symbol, integrate

    from theory import rotation as r
    from theory import transient

    forcing, t, w = Symbol("f", positive=True), transient.time, transient.warmup
    early, late = r.warmup_growth(forcing), r.constant_growth(forcing)
    grown = integrate(forcing * (t / w) ** 2, (t, 0, w)) / transient.start
    return [
        Obligation("Q gains the integral of the forcing", early, 1 + grown),
        Obligation("at the peak from the first step", late, 1 + integrate(forcing, (t, 0, w)) / transient.start),
        Obligation("it gains at most three times as much", late, 3 * early, "<="),
        Obligation("and no less than with warmup", early, late, "<="),
    ]


# --- momentum that begins empty ------------------------------------------------------------------------------------


def _bias() -> list[Formula]:
    from theory import rotation as r

    return [
        Formula(r"\frac{1}{d}\,\mathbb{E}\|m_t\|^2", r.early_mean_square()),
        Formula(r"\frac{1}{d}\,\mathbb{E}\|\hat m_t\|^2", r.corrected_mean_square()),
        Formula(r"\frac{\mathbb{E}\|\hat m_t\|^2}{\mathbb{E}\|m_\infty\|^2} - 1", r.corrected_excess()),
        Formula(r"f_t^2\,\frac{1}{d}\,\mathbb{E}\|\hat m_t\|^2", r.corrected_mean_square() * r.squared_level()),
    ]


def _bias_obligations() -> list[Obligation]:
    from sympy import Integer

    from theory import rotation as r
    from theory.symbols import beta1

    t, settled = r.count, r.settled_mean_square()
    held = 1 - beta1**t
    before, after = r.early_mean_square(), r.early_mean_square(t + 1)
    return [
        Obligation("it begins empty", r.early_mean_square(0 * t), 0 * beta1),
        Obligation("a step of the average", after, beta1**2 * before + (1 - beta1) ** 2),
        Obligation("divided by the weight that it holds", r.corrected_mean_square() * held**2, before),
        Obligation("the first step", r.corrected_mean_square(Integer(1)), 1 + 0 * beta1),
        Obligation("levelled, it stays", r.corrected_mean_square() * r.squared_level(), settled),
        Obligation("more than a settled step", r.corrected_mean_square() - settled, settled * r.corrected_excess()),
    ]


# --- confrontations ------------------------------------------------------------------------------------------------


def _budget_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import turning_budget

    return [turning_budget(kind, device=device) for kind in ("constant", "cosine", "linear")]


def _transit_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import transit

    return [transit(name, device=device) for name in ("sgd", "sgdm", "adamw")]


def _early_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import first_turn, later_turn

    return [*(first_turn(factor, device=device) for factor in (0.1, 3.0)), later_turn(device=device)]


def _warmup_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import warmup_turn

    return [warmup_turn(warm, device=device) for warm in (True, False)]


def _bias_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import early_updates

    return [early_updates(bias, device=device) for bias in ("corrected", "inverse", "level")]


CLAIMS = [
    Claim(
        id="turning-budget",
        title="What a run turns in all",
        statement=(
            "Whatever the lengths of its steps, its learning rates and decays p_t, a run of steps across the weights "
            "obeys"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_budget,
        obligations=_budget_obligations,
        states=("rotation.squared_secant", "rotation.owed"),
        sources=(),
        extra_hypotheses=(ACROSS,),
        experiment=_budget_runs,
    ),
    Claim(
        id="turning-in-transit",
        title="What a run turns in all, with momentum",
        statement=(
            "To leading order the squared angles of the steps add up likewise from any start under any schedule, with "
            "a share gamma that momentum leaves of each; 1 - mu p is the slow eigenvalue:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_transit,
        obligations=_transit_obligations,
        states=("rotation.turning_share",),
        sources=(WARMUP,),
        extra_hypotheses=(SLOW,),
        experiment=_transit_runs,
    ),
    Claim(
        id="early-angle",
        title="The angle away from the equilibrium norm",
        statement=(
            "At the same lr and weight decay a step from |w_0| turns more than at equilibrium by a power of the norm's "
            "ratio: exactly for each step of SGD, to leading order and with filled buffers for AdamW:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_early,
        obligations=_early_obligations,
        sources=(WARMUP,),
        extra_hypotheses=(SLOW, "AdamW: v follows at once"),
        experiment=_early_runs,
    ),
    Claim(
        id="warmup-turn",
        title="What warmup saves in turning",
        statement=(
            "Over its own length a linear warmup saves little of the turning that a small start owes, before decay "
            "matters; e and f as in the slow law:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_warmup,
        obligations=_warmup_obligations,
        sources=(WARMUP,),
        extra_hypotheses=(SLOW, "Q_0 is far below equilibrium, and W below 1/r"),
        experiment=_warmup_runs,
    ),
    Claim(
        id="early-momentum",
        title="Momentum that begins empty",
        statement=(
            "Of m <- beta_1 m + (1 - beta_1) x from m = 0, of its bias-corrected form, and with the factor f_t = "
            "sqrt((1 - beta_1^t)/(1 + beta_1^t)) that keeps the corrected one level:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_bias,
        obligations=_bias_obligations,
        states=("rotation.early_mean_square",),
        sources=(WARMUP,),
        extra_hypotheses=("x is white, its entries of mean square 1",),
        experiment=_bias_runs,
    ),
]
