"""Claims about schedules: learning-rate drops, warmup, a moving equilibrium, the end of a decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.trajectories import SLOW

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

FROM_EQUILIBRIUM = "the run is at equilibrium before the drop, and the unit gradient's norm does not change"


# --- learning-rate drops -------------------------------------------------------------------------------------------


def _drop_formulas() -> list[Formula]:
    from theory import transient

    return [
        Formula(r"\frac{\tan\theta_{+}}{\tan\theta_{-}}", _instant()),
        Formula(r"\theta_t/\theta_{eq}", transient.recovered_angle()),
        Formula(r"T_{\theta}(\epsilon)", transient.time_to_angle()),
        Formula(r"T_{\|w\|}(\epsilon)", transient.time_to_norm(4)),
    ]


def _instant() -> Expr:
    """tan(theta) of SGD just after lr -> lr / k over that just before, at one |w|; p, eta of before."""
    from theory import transient
    from theory.symbols import decay, lr

    before = transient.sgd_tangent()
    after = before.subs({lr: lr / transient.drop, decay: decay / transient.drop}, simultaneous=True)
    return transient.oriented(after / before)


def _drop_obligations() -> list[Obligation]:
    from sympy import exp, log, powsimp

    from theory import transient
    from theory.symbols import decay

    k, eps, r, t = transient.drop, transient.tolerance, transient.rate, transient.time
    fallen = exp(-r * t)
    at_angle = powsimp(fallen.subs(t, transient.time_to_angle()).expand())
    at_norm = powsimp(fallen.subs(t, transient.time_to_norm(4)).expand())
    published = powsimp(exp(-4 * decay * (log(k) / (2 * decay))))
    return [
        Obligation("just after the drop", transient.recovery().subs(t, 0), k),
        Obligation("from the slow law", transient.recovery(), 1 + (k - 1) * fallen),
        Obligation("the instant fall of SGD", _instant() ** 2, ((1 - decay) / (k - decay)) ** 2),
        Obligation("the angle is within epsilon then", 1 + (k - 1) * at_angle, (1 - eps) ** -2),
        Obligation("the norm is within epsilon then", 1 + (k - 1) * at_norm, (1 + eps) ** 4),
        Obligation("what is left at the published time", published, k**-2),
    ]


def _published_formulas() -> list[Formula]:
    from sympy import log, sqrt

    from theory import transient
    from theory.symbols import decay

    k = transient.drop
    left = _at_published_time()
    return [
        Formula("t", log(k) / (2 * decay)),
        Formula("Q_t/Q_{eq}", left),
        Formula(r"1 - \theta_t/\theta_{eq}", 1 - 1 / sqrt(left)),
        Formula(r"\text{at most}", 1 - 1 / sqrt(left.subs(k, 2))),
    ]


def _at_published_time() -> Expr:
    from sympy import expand, log, powsimp

    from theory import transient
    from theory.symbols import decay

    slow = transient.slow_law(theory.OPTIMIZERS["sgd"])
    reached = (
        transient.recovery().subs(transient.rate, slow.rate).subs(transient.time, log(transient.drop) / (2 * decay))
    )
    return expand(powsimp(reached))


def _published_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol

    from theory import transient

    k, s = transient.drop, Symbol("s", nonnegative=True)
    left = _at_published_time()
    return [
        Obligation("Q over its target at the published time", left, 1 + (k - 1) / k**2),
        Obligation("for k >= 4 the angle is within a tenth before", left.subs(k, 4 + s), Integer(100) / 81, "<="),
        Obligation("it is furthest at k = 2, where Q/Q_eq = 5/4", Integer(5) / 4 - left, ((k - 2) / (2 * k)) ** 2),
    ]


def _least_formulas() -> list[Formula]:
    from theory import transient

    return [Formula("t", transient.least_steps(), r"\ge")]


def _before_one() -> tuple[Relational, ...]:
    from theory import transient
    from theory.symbols import decay

    return (transient.drop * decay < 1,)


def _least_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, exp, log, powsimp

    from theory import transient
    from theory.symbols import decay, energy, lr, squared_norm

    k, eps = transient.drop, transient.tolerance
    step = transient.sgd_squared_norm()
    s, u = Symbol("s", nonnegative=True), Symbol("u", nonnegative=True)
    after_power = theory.equilibrium_of("sgd").norm_power
    ratio = after_power.subs({lr: k * lr, decay: k * decay}, simultaneous=True) / after_power
    inside = {k: 1 + s, decay: 2 / ((1 + s) * (1 + u))}
    return [
        Obligation(
            "a step shrinks |w|^2 by no more than (1 - p)^2",
            Integer(0),
            step - (1 - decay) ** 2 * squared_norm,
            "<=",
        ),
        Obligation("what a step adds", step - (1 - decay) ** 2 * squared_norm, lr**2 * energy / squared_norm),
        Obligation(
            "that many factors (1 - p)^4 take |w|^4 from k to (1 + epsilon)^4",
            powsimp(exp(4 * log(1 - decay) * transient.least_steps()).expand()) * k,
            (1 + eps) ** 4,
        ),
        Obligation("|w|^4 has to fall by k at least", k.subs(inside), ratio.subs(inside), "<="),
    ]


def _rescaling_formulas() -> list[Formula]:
    return [
        Formula(rf"\left(\frac{{\|w_*(\eta)\|}}{{\|w_*(\eta/k)\|}}\right)^4_{{{name}}}", _fall(name))
        for name in ("sgd", "sgdm")
    ]


def _fall(optimizer: str) -> Expr:
    """The equilibrium |w|^4 at lr over that at lr / k, with the same weight decay."""
    from theory import transient
    from theory.symbols import decay, lr

    before = theory.equilibrium_of(optimizer).norm_power
    after = before.subs({lr: lr / transient.drop, decay: decay / transient.drop}, simultaneous=True)
    return transient.oriented(before / after)


def _rescaling_obligations() -> list[Obligation]:
    from theory import transient
    from theory.symbols import decay

    k = transient.drop
    # A^2 = eta^2 L / (1 - (1 - p)^2), and 1/k of p and eta.
    by_hand = k**2 * (1 - (1 - decay / k) ** 2) / (1 - (1 - decay) ** 2)
    return [
        Obligation("SGD from its own fixed point", _fall("sgd"), by_hand),
        Obligation("SGD: k itself as p tends to 0", _fall("sgd").subs(decay, 0), k),
        Obligation("SGDM: k itself as p tends to 0", _fall("sgdm").subs(decay, 0), k),
    ]


# --- warmup --------------------------------------------------------------------------------------------------------


def _warmup_formulas() -> list[Formula]:
    from sympy import Symbol

    from theory import transient

    forcing = Symbol("f", positive=True)
    shapes = [transient.slow_law(theory.OPTIMIZERS[name]).forcing for name in ("sgd", "adamw")]
    return [
        Formula("Q_t", transient.early_warmup(forcing)),
        Formula("t_{peak}", transient.peak_time(forcing)),
        Formula(r"\theta_{peak}^6", _peak_angle_cubed()),
        Formula(r"f_{SGD}", shapes[0]),
        Formula(r"f_{AdamW}", shapes[1]),
    ]


def _peak_angle_cubed() -> Expr:
    """SGD: theta^6 at the peak, theta^2 = eta_t^2 L / Q_t."""
    from sympy import cancel, powdenest

    from theory import transient
    from theory.symbols import lr

    rule = theory.OPTIMIZERS["sgd"]
    forcing = transient.slow_law(rule).forcing
    when = transient.peak_time(forcing)
    constant = transient.angle_constant(rule).subs(lr, lr * when / transient.warmup)
    squared = constant / transient.early_warmup(forcing, when)
    return cancel(powdenest((squared**3).expand(), force=True))


def _warmup_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, diff, log

    from theory import transient
    from theory.symbols import energy, lr

    t, s, w = transient.time, transient.moment, transient.warmup
    forcing = Symbol("f", positive=True)
    general = transient.under_schedule(0 * s, forcing * (s / w) ** 2, s).doit()
    slope = diff(log(transient.early_warmup(forcing)), t) * t
    return [
        Obligation("the slow law without decay", general, transient.early_warmup(forcing)),
        Obligation("the angle is flat where Q grows like t^2", slope.subs(t, transient.peak_time(forcing)), Integer(2)),
        Obligation("its cube", transient.peak_time(forcing) ** 3, 6 * w**2 * transient.start / forcing),
        Obligation("the peak of SGD", _peak_angle_cubed(), lr**2 * energy / (3 * w**2 * transient.start)),
    ]


def _ratio_formulas() -> list[Formula]:
    left = r"\left(\frac{\theta_t(\eta/m,\,m\lambda)}{\theta_t(\eta,\,\lambda)}\right)^2"
    return [Formula(left, _ratio())]


def _ratio() -> Expr:
    from sympy import Symbol

    from theory import transient

    return transient.angle_ratio(Symbol("m", positive=True))


def _ratio_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, exp

    from theory import transient

    m, share = Symbol("m", positive=True), transient.start / transient.target
    kept = exp(-transient.rate * transient.time)
    published = (1 + (share - 1) * kept) / (1 + (m**2 * share - 1) * kept)
    return [
        Obligation("the published ratio of key kosson2025mup", _ratio(), published),
        Obligation("at the start", _ratio().subs(transient.time, 0), 1 / m**2),
        Obligation("in the end", published.subs(kept, 0), Integer(1)),
    ]


def _gradient_ratio() -> Expr:
    """(|g| / |w|)^2 = L / A^2 of SGD at equilibrium."""
    from theory.forms import tidy
    from theory.symbols import energy

    return tidy(energy / theory.equilibrium_of("sgd").norm_power)


def _gradient_formulas() -> list[Formula]:
    return [Formula(r"\|g\|^2/\|w\|^2", _gradient_ratio())]


def _gradient_obligations() -> list[Obligation]:
    from sympy import Integer, Symbol, cancel

    from theory.symbols import decay, lr, wd

    # The norm stands still when (1 - p)^2 |w|^2 + eta^2 |g|^2 = |w|^2.
    squared = _gradient_ratio().subs(wd, decay / lr)
    maximum = Symbol("eta_max", positive=True)
    corrected = {wd: wd * lr / maximum}
    return [
        Obligation("the norm stands still", (1 - decay) ** 2 + lr**2 * squared, Integer(1)),
        Obligation(
            "with wd in proportion to lr, to leading order, lr drops out",
            (2 * wd / lr).subs(corrected),
            2 * wd / maximum,
        ),
        Obligation(
            "the published ratio is the limit of p to 0", cancel(squared * lr**2 / decay).subs(decay, 0), Integer(2)
        ),
    ]


# --- schedules -----------------------------------------------------------------------------------------------------


def _adiabatic_formulas() -> list[Formula]:
    from sympy import Function, log, sqrt

    from theory import transient

    t = transient.time
    y, r, ratio = (Function(name)(t) for name in ("y", "r", "h"))
    return [
        Formula("y", Function("Q")(t) / Function("Q_eq")(t)),
        Formula(r"\frac{dy}{dt}", r * (1 - y) - y * _rate_of_change(log(ratio))),
        Formula(r"\theta_t", Function("theta_eq")(t) / sqrt(y)),
        Formula("y", _lagging_ratio()),
    ]


def _rate_of_change(expression: Expr) -> Expr:
    from sympy import Derivative

    from theory import transient

    return Derivative(expression, transient.time)


def _growth() -> Expr:
    from sympy import Symbol

    return Symbol("g", real=True)


def _lagging_ratio() -> Expr:
    """Q over its target when the target grows like e^(g t) at a constant rate r."""
    from theory import transient

    return transient.rate / (transient.rate + _growth())


def _adiabatic_obligations() -> list[Obligation]:
    from sympy import diff, exp

    from theory import transient

    t, r, g, target = transient.time, transient.rate, _growth(), transient.target
    followed = target * exp(g * t)
    found = _lagging_ratio() * followed
    y = transient.start / target
    return [
        Obligation("it solves the slow law", diff(found, t), -r * (found - followed)),
        Obligation(
            "y' from Q' = -r (Q - Q_eq) and Q_eq' = g Q_eq",
            (-r * (transient.start - target)) / target - y * g,
            r * (1 - y) - y * g,
        ),
        Obligation("without a moving target nothing lags", _lagging_ratio().subs(g, 0), r / r),
    ]


def _end_formulas() -> list[Formula]:
    from sympy import Integer, pi

    from theory import transient

    m, length = transient.power, transient.length
    general = transient.end_of_decay()
    return [
        Formula(r"\frac{Q_T}{Q_{eq}(\eta_{max})}", general, r"\sim"),
        Formula(r"\text{linear}", general.subs(m, 1), r"\sim"),
        Formula(r"\text{cosine}", general.subs(m, Integer(2)).subs(length, 2 * length / pi), r"\sim"),
    ]


def _end_obligations() -> list[Obligation]:
    from sympy import Symbol, exp, integrate, oo, simplify

    from theory import transient

    m, r, length = transient.power, transient.rate, transient.length
    u = Symbol("u", positive=True)
    owed = []
    for power in (1, 2, 3):
        # Q_T = int r Q_eq u^(2m) exp(-int_0^u r) du with time running backwards from the end, u in steps.
        share = (u / length) ** power
        whole = integrate(r * share**2 * exp(-r * u * share / (power + 1)), (u, 0, oo))
        both = (simplify(side ** (power + 1)) for side in (whole, transient.end_of_decay().subs(m, power)))
        owed.append(Obligation(f"the integral of the slow law for power {power}", *both))
    return owed


CLAIMS = [
    Claim(
        id="drop-recovery",
        title="A learning-rate drop: instant fall, slow rise",
        statement=(
            "When lr is divided by k at the same weight decay, the angle of SGD falls at once by the first "
            "ratio (eta, p before the drop). Then the slow law with the new rate r holds: from k^(-1/2) of its "
            "new equilibrium the angle rises; it needs T steps to come within a part epsilon, and the norm "
            "(|w|^4 slow) its own T:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_drop_formulas,
        obligations=_drop_obligations,
        states=("transient.recovery", "transient.recovered_angle"),
        sources=("wan2021spherical",),
        extra_hypotheses=(SLOW, FROM_EQUILIBRIUM),
    ),
    Claim(
        id="drop-published-time",
        title="The published time of a drop is no lower bound",
        statement=(
            "At log(k)/(2 eta lambda) steps after the drop (new eta; times 1 - alpha with momentum), published "
            "as the least time to the new equilibrium, the slow law has already brought the angle this near:"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.MEAN_FIELD,
        formulas=_published_formulas,
        obligations=_published_obligations,
        sources=("wan2021spherical",),
        extra_hypotheses=(SLOW, FROM_EQUILIBRIUM),
    ),
    Claim(
        id="drop-lower-bound",
        title="SGD: the true lower bound of a drop",
        statement=(
            "From the equilibrium of k eta, at the same weight decay, |w| is not within a factor 1 + epsilon of "
            "the equilibrium of eta before"
        ),
        kind=Kind.BOUND,
        setting=Setting.PATHWISE,
        formulas=_least_formulas,
        obligations=_least_obligations,
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=("k eta lambda < 1",),
        domain=_before_one,
    ),
    Claim(
        id="norm-rescaling",
        title="Dividing the norm enters the new equilibrium at once",
        statement=(
            "The factor that takes the norm from the equilibrium of eta to that of eta / k, exactly; it is k to "
            "leading order:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_rescaling_formulas,
        obligations=_rescaling_obligations,
        sources=("wan2021spherical",),
        extra_hypotheses=("the unit gradient's norm does not change",),
    ),
    Claim(
        id="warmup-peak",
        title="Warmup from a small norm: the largest angle",
        statement=(
            "Under linear warmup over W steps from a norm far below equilibrium the angle first grows with lr, "
            "then falls because the norm grows. Before decay matters, with f = r Q_eq at the peak lr:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_warmup_formulas,
        obligations=_warmup_obligations,
        sources=("kosson2024warmup",),
        extra_hypotheses=(SLOW, "Q_0 is far below equilibrium, and t_peak < W; otherwise the peak is at W"),
    ),
    Claim(
        id="convention-warmup",
        title="AdamW: two ways to scale lr, and a warmup between them",
        statement=(
            "At the same lr*wd a run with lr / m and m wd turns at first m times slower and in the end as fast "
            "(Q_eq that of (eta, lambda)):"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_ratio_formulas,
        obligations=_ratio_obligations,
        sources=("kosson2025mup",),
        extra_hypotheses=(SLOW, "v follows at once: 1 - beta2 far above eta lambda"),
    ),
    Claim(
        id="adiabatic-lag",
        title="How far the norm lags behind a moving equilibrium",
        statement=(
            "With h = eta/lambda, to which Q_eq is proportional for scale-invariant gradients and for AdamW, y "
            "= Q/Q_eq moves by the second line. The adiabatic angle is right where |d log h/dt| is far below r; "
            "where the target moves as e^(g t) at constant r, the ratio settles at the last line:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_adiabatic_formulas,
        obligations=_adiabatic_obligations,
        sources=("defazio2025", "chou2025"),
        extra_hypotheses=(SLOW,),
    ),
    Claim(
        id="gradient-to-weight",
        title="SGD: the gradient against the weight at equilibrium",
        statement="With the unit gradient's norm fixed, the gradient at equilibrium is, relative to the weight,",
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        formulas=_gradient_formulas,
        obligations=_gradient_obligations,
        sources=("defazio2025",),
        optimizer="sgd",
    ),
    Claim(
        id="decay-end",
        title="The end of a decay to zero",
        statement=(
            "When lr falls to zero like (1 - t/T)^m at constant weight decay, the norm does not follow its "
            "equilibrium to zero. With r the rate at the largest lr and r T large:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_end_formulas,
        obligations=_end_obligations,
        sources=("defazio2025", "chou2025"),
        extra_hypotheses=(SLOW, "the run is near equilibrium before the last sqrt(T/r) steps"),
    ),
]
