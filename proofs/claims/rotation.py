"""Claims about controlled rotation: the angle of a single step, and of the rotational variants' steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation

VARIANT = (
    "w <- w - eta_r n d/sqrt(v), d across w and not zero, then w <- n w/|w|; v averages |d|^2 with coefficient phi and "
    "is corrected for its start"
)
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


CLAIMS = [
    Claim(
        id="rotational-step",
        title="Rotational variants: the angle of every step",
        statement=(
            "The angle of step t follows the average v of |d|^2 before it and v' after it. At phi = 0, where |d| is "
            "constant, and at the first step its tangent is eta_r; nowhere is it more than the bound:"
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
            "end. It stays below that wherever |d| varies:"
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
            "A variant turns by exactly the angle of the equilibrium if eta_r is its tangent, below. With the "
            "published eta_r, the leading order of that angle, it turns less, by a part that vanishes with p:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_nominal,
        obligations=_nominal_obligations,
        sources=(KOSSON,),
        extra_hypotheses=("phi = 0 or |d| constant", "no dampening"),
        experiment=_nominal_runs,
    ),
]
