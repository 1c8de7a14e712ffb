"""Claims about controlled rotation and warmup: single steps, rotational variants, what a run turns in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.trajectories import SLOW

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation

VARIANT = (
    "w <- w - eta_r n d/sqrt(v), d across w and not zero, then w <- n w/|w|; v averages |d|^2 with coefficient phi and is "
    "corrected for its start"
)
ACROSS = "a step shrinks w by 1 - p and adds a vector orthogonal to w, of any length"
KOSSON, WARMUP = "kosson2024rotational", "kosson2024warmup"


# --- one step ------------------------------------------------------------------------------------------------------


def _variant() -> list[Formula]:
    from theory import rotation as r

    return [
        Formula(r"\tan^2\theta_t", r.nominal**2 * r.squared_turn()),
        Formula("c_t", r.kept_weight()),
        Formula(r"\tan^2\theta_t", r.nominal**2 * r.largest_squared_turn(), r"\le"),
        Formula(r"\tan\theta_1", r.nominal * r.squared_turn().subs(r.kept, r.kept_weight().subs(r.count, 1))),
    ]


def _variant_obligations() -> list[Obligation]:
    from sympy import Integer

    from theory import rotation as r

    phi, t, v, size = r.averaging, r.count, r.average, r.update_square
    after = r.next_average()
    # As the optimizer has it: u <- phi u + (1 - phi) D, and v = u/(1 - phi^t).
    raw = ((phi - phi**t) * v + (1 - phi) * size) / (1 - phi**t)
    across = r.nominal**2 * size / after
    return [
        Obligation("the average, corrected for its start", after.subs(r.kept, r.kept_weight()), raw),
        Obligation("D/v' by the average alone", r.squared_turn().subs(r.later_average, after), size / after),
        Obligation("tan^2 of a step across w", r.oblique_tangent(r.nominal, Integer(0)) ** 2 * size / after, across),
        Obligation("no step turns further", size / after, r.kept + 1, "<="),
        Obligation("what the largest turn is", r.largest_squared_turn(), 1 + r.kept_weight()),
    ]


def _mean_turn() -> list[Formula]:
    from sympy import Symbol

    from theory import rotation as r

    rest = Symbol(r"\sum_{s<t}\phi^s\log\frac{v_t}{v_s}")
    return [Formula(r"\frac{1}{\eta_r^2}\sum_{s\le t}\tan^2\theta_s", r.count + rest, r"\le")]


def _mean_turn_obligations() -> list[Obligation]:
    from sympy import Symbol, diff, log

    from theory import rotation as r

    x, s, phi = Symbol("x", positive=True), Symbol("s", nonnegative=True), r.averaging
    slack = diff(log(x) - (1 - 1 / x), x)
    logs = [log(Symbol(f"v_{i}", positive=True)) for i in range(1, 5)]
    weights = [r.kept_weight().subs(r.count, i) for i in range(1, 5)]
    by_steps = sum(weights[i] * (logs[i] - logs[i - 1]) for i in range(1, 4))
    by_parts = sum(phi ** (i + 1) * (logs[3] - logs[i]) for i in range(3))
    turn = r.squared_turn() - 1
    return [
        Obligation("a step's turn beyond one", turn, r.kept * (1 - r.average / r.later_average)),
        Obligation("log x - (1 - 1/x) is zero at 1", (1 - 1 / x).subs(x, 1 + 0 * s), 0 * s),
        Obligation("and grows beyond 1", 0 * s, slack.subs(x, 1 + s), "<="),
        Obligation("and falls before 1", slack.subs(x, 1 / (1 + s)), 0 * s, "<="),
        Obligation("summed by parts, four steps", by_steps, by_parts),
    ]


def _free() -> list[Formula]:
    from theory import rotation as r

    return [
        Formula(r"\|w_t\|^2/\|w_0\|^2", r.unprojected_squared_norm()),
        Formula(r"\tan\theta_t", r.unprojected_tangent()),
        Formula(r"\sum_{s<t}\log\left(1+\tan^2\theta_s\right)", r.owed(1, r.unprojected_squared_norm())),
    ]


def _free_obligations() -> list[Obligation]:
    from theory import rotation as r
    from theory.symbols import contraction, squared_norm

    t, size = r.count, r.nominal**2
    now, after = r.unprojected_squared_norm(), r.unprojected_squared_norm(t + 1)
    secant = r.squared_secant().subs({contraction: 1, squared_norm: now, r.later: after})
    return [
        Obligation("it begins at its own norm", r.unprojected_squared_norm(0 * t), 1 + 0 * size),
        Obligation("each step adds its square", after - now, size),
        Obligation("tan^2 = 1/cos^2 - 1", r.unprojected_tangent() ** 2, secant - 1),
    ]


def _forward() -> tuple[Relational, ...]:
    from theory import rotation as r

    return (r.nominal * r.step_cosine < 1,)


def _oblique() -> list[Formula]:
    from theory import rotation as r

    return [Formula(r"\tan\theta", r.oblique_tangent())]


def _oblique_obligations() -> list[Obligation]:
    from theory import rotation as r

    x, c = r.nominal, r.step_cosine
    # |w - x u|^2 of unit vectors, and <w, w - x u>.
    square, overlap = 1 - 2 * x * c + x**2, 1 - x * c
    return [Obligation("tan^2 = 1/cos^2 - 1", r.oblique_tangent() ** 2, square / overlap**2 - 1)]


def _nominal() -> list[Formula]:
    from theory import rotation as r
    from theory.forms import tidy

    found = []
    for name in ("sgdm", "adamw"):
        law = theory.equilibrium_of(name)
        title = r"\mathrm{SGDM}" if name == "sgdm" else r"\mathrm{AdamW}"
        found += [
            Formula(rf"\tan^2\theta_{{eq}}, {title}", tidy(_plain(r.equilibrium_squared_tangent(law)))),
            Formula(rf"\frac{{\arctan\eta_r}}{{\theta_{{eq}}}} - 1, {title}", _shortfall(name), r"\sim"),
        ]
    return found


def _plain(expression: Expr) -> Expr:
    """Without dampening, which no variant has."""
    from theory.symbols import dampening

    return expression.subs(dampening, 0)


def _shortfall(name: str) -> Expr:
    from theory import rotation as r
    from theory.symbols import decay

    return _plain(r.nominal_shortfall(theory.equilibrium_of(name))) * decay


def _nominal_obligations() -> list[Obligation]:
    from sympy import cancel, diff

    from theory import rotation as r
    from theory.symbols import decay

    owed = []
    for name in ("sgdm", "adamw"):
        law = theory.equilibrium_of(name)
        square = _plain(law.angle_leading_order_in_decay.leading**2)
        over = cancel(square / _plain(r.equilibrium_squared_tangent(law)))
        slope = diff(over, decay).subs(decay, 0)
        owed += [
            Obligation(f"{name}: both are one at p = 0", over.subs(decay, 0), 1 + 0 * decay),
            Obligation(f"{name}: the tangents' ratio squared, its slope", slope * decay, 2 * _shortfall(name)),
            Obligation(
                f"{name}: tan^2 = (1 - cos^2)/cos^2",
                (1 + r.equilibrium_squared_tangent(law)) * law.cosine**2,
                1 + 0 * decay,
            ),
        ]
    return owed


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

    ends = {squared_norm: Symbol(r"{\|w_0\|}", positive=True) ** 2, r.later: Symbol(r"{\|w_{eq}\|}", positive=True) ** 2}
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
    from theory.symbols import beta1

    held = 1 - beta1**r.count
    level = held / (1 + beta1**r.count)
    return [
        Formula(r"\frac{1}{d}\,\mathbb{E}\|m_t\|^2", r.early_mean_square()),
        Formula(r"\frac{1}{d}\,\mathbb{E}\|\hat m_t\|^2", r.corrected_mean_square()),
        Formula(r"\frac{\mathbb{E}\|\hat m_t\|^2}{\mathbb{E}\|m_\infty\|^2} - 1", r.corrected_excess()),
        Formula(r"f_t^2\,\frac{1}{d}\,\mathbb{E}\|\hat m_t\|^2", r.corrected_mean_square() * level),
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
        Obligation("levelled, it stays", r.corrected_mean_square() * held / (1 + beta1**t), settled),
        Obligation("more than a settled step", r.corrected_mean_square() - settled, settled * r.corrected_excess()),
    ]


# --- confrontations ------------------------------------------------------------------------------------------------


def _variant_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import variant_steps

    return [variant_steps(averaging, device=device) for averaging in (0.0, 0.9)]


def _mean_turn_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import variant_sum

    return [variant_sum(spread, device=device) for spread in (0.0, 1.5)]


def _free_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import unprojected

    return [unprojected(nominal, device=device) for nominal in (0.05, 0.5)]


def _oblique_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import oblique_steps

    return [oblique_steps(device=device)]


def _nominal_runs(device: str) -> list[Confrontation]:
    from proofs.rotation import nominal_angle

    return [nominal_angle(p, device=device) for p in (0.001, 0.1)]


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
        id="rotational-step",
        title="Rotational variants: the angle of every step",
        statement=(
            "The angle of step t follows the average v of |d|^2 before and after it. At phi = 0, where |d| is constant, "
            "and at the first step its tangent is eta_r; nowhere is it more than the bound:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_variant,
        obligations=_variant_obligations,
        states=("rotation.squared_turn",),
        sources=(KOSSON,),
        extra_hypotheses=(VARIANT,),
        experiment=_variant_runs,
    ),
    Claim(
        id="rotational-mean-turn",
        title="Rotational variants: never more than nominal in the mean",
        statement=(
            "Over t steps the mean square of tan(angle) is at most eta_r^2, up to what the average v has grown in the "
            "end. It is less wherever |d| varies:"
        ),
        kind=Kind.BOUND,
        setting=Setting.PATHWISE,
        formulas=_mean_turn,
        obligations=_mean_turn_obligations,
        sources=(KOSSON,),
        extra_hypotheses=(VARIANT,),
        experiment=_mean_turn_runs,
    ),
    Claim(
        id="rotational-without-projection",
        title="What the projection is for",
        statement=(
            "Steps of fixed length eta_r |w_0| across w that nothing takes back to the sphere lengthen w, and turn it "
            "less and less. In all they turn it without end, but only as the logarithm of t:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_free,
        obligations=_free_obligations,
        sources=(KOSSON,),
        extra_hypotheses=("steps across w, of one length; no weight decay",),
        experiment=_free_runs,
    ),
    Claim(
        id="oblique-step",
        title="A step that is not across the weights",
        statement=(
            "Where a step of length eta_r |w| is not made orthogonal to w, as in LionAR, the projection back to the "
            "sphere leaves an angle that depends on the cosine c of w and what is taken off it:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_oblique,
        obligations=_oblique_obligations,
        states=("rotation.oblique_tangent",),
        sources=(WARMUP,),
        extra_hypotheses=("eta_r c < 1",),
        domain=_forward,
        experiment=_oblique_runs,
    ),
    Claim(
        id="rotational-nominal",
        title="The nominal angle against the equilibrium's",
        statement=(
            "A variant turns by exactly the angle of the equilibrium if eta_r is its tangent, below. With the published "
            "eta_r, the leading order of that angle, it turns less, by a part that vanishes with p:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_nominal,
        obligations=_nominal_obligations,
        sources=(KOSSON,),
        extra_hypotheses=("phi = 0 or |d| constant", "no dampening"),
        experiment=_nominal_runs,
    ),
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
            "To leading order the squared angles of the steps add up likewise from any start under any schedule, with a "
            "share gamma of each step that momentum leaves; 1 - mu p is the slow eigenvalue:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_transit,
        obligations=_transit_obligations,
        states=("rotation.turning_share",),
        sources=(WARMUP,),
        extra_hypotheses=(SLOW),
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
