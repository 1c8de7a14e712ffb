"""Claims that recipes rest on: equilibria turned around, what one step and many steps turn, scaling with the batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation, Hyperparameters
    from theory import Equilibrium

ANGLE_INVERTS = ("sgd", "sgdm", "adamw")
HALF_LIFE_INVERTS = ("sgd", "sgdm", "adamw", "lion")
NORM_INVERTS = ("sgd", "sgdm")
TURNS = {"sgd": r"\text{SGD}", "sgdm": r"\text{momentum}", "adamw": r"\text{AdamW}", "lion": r"\text{Lion}"}
WHITE = ("sgd", "sgdm", "adamw")
COUNTS = (2, 3, 4, 5, 6)
TURNING_DIM, TURNING_REPLICAS, TURNING_BLOCKS, TURNING_BURN_IN, TURNING_SEED = 256, 48, 60, 200, 40
HALF_LIFE = r"T_{1/2}"
TURN = rf"\lim_{{p\to0}}\frac{{\theta^2\,{HALF_LIFE}}}{{\log 2}}"


def _angle_inverse(optimizer: str) -> Claim:
    def formulas() -> list[Formula]:
        from theory import inverse

        return [Formula(r"\eta\lambda", inverse.decay_for_angle(theory.equilibrium_of(optimizer)))]

    def obligations() -> list[Obligation]:
        from theory import inverse
        from theory.symbols import decay

        found = theory.equilibrium_of(optimizer)
        chosen = inverse.decay_for_angle(found)
        return [
            Obligation("the chosen decay gives the wanted cosine", found.cosine.subs(decay, chosen), inverse.cosine),
            Obligation("the cosine's own decay is the chosen one", chosen.subs(inverse.cosine, found.cosine), decay),
        ]

    return Claim(
        id=f"{optimizer}-decay-for-angle",
        title="the decay for an angle",
        statement="The angular update is theta exactly at the decay per step",
        kind=Kind.EXACT,
        setting=Setting.ALGEBRA,
        formulas=formulas,
        obligations=obligations,
        sources=(),
        optimizer=optimizer,
    )


def _half_life_inverse(optimizer: str) -> Claim:
    def formulas() -> list[Formula]:
        from sympy import Integer, Symbol

        from theory import inverse

        return [
            Formula(r"\eta\lambda", inverse.decay_for_rate(theory.equilibrium_of(optimizer))),
            Formula("z", Integer(2) ** (-1 / Symbol(HALF_LIFE, positive=True))),
        ]

    def obligations() -> list[Obligation]:
        from sympy import Integer, factor_list, numer, together

        from theory import inverse
        from theory.symbols import decay, multiplier

        found = theory.equilibrium_of(optimizer)
        chosen = inverse.decay_for_rate(found)
        at = {multiplier: 1, decay: 0}
        pieces = [piece for piece, _ in factor_list(numer(together(found.characteristic_polynomial)))[1]]
        (slow,) = [piece for piece in pieces if piece.subs(at).expand() == 0]
        shape = slow.subs(multiplier, inverse.rate).subs(decay, chosen) + 1
        return [
            Obligation("z is a root of the characteristic polynomial's slow factor", shape, Integer(1)),
            Obligation("no decay leaves the deviation as it is", 1 + chosen.subs(inverse.rate, 1), Integer(1)),
        ]

    return Claim(
        id=f"{optimizer}-decay-for-half-life",
        title="the decay for a half-life",
        statement="Where the decay's own multiplier is the slowest, the squared norm's deviation halves in T steps at",
        kind=Kind.EXACT,
        setting=Setting.ALGEBRA,
        formulas=formulas,
        obligations=obligations,
        sources=(),
        optimizer=optimizer,
    )


def _norm_inverse(optimizer: str) -> Claim:
    def formulas() -> list[Formula]:
        from theory import inverse

        return [Formula(r"\eta", inverse.lr_for_norm(theory.equilibrium_of(optimizer)))]

    def obligations() -> list[Obligation]:
        from theory import inverse
        from theory.symbols import decay, lr, wd

        found = theory.equilibrium_of(optimizer)
        chosen = inverse.lr_for_norm(found)
        reached = found.norm_power.subs(decay, lr * wd).subs(lr, chosen)
        return [
            Obligation("the chosen learning rate gives the wanted norm", reached, inverse.norm**found.norm_exponent)
        ]

    return Claim(
        id=f"{optimizer}-lr-for-norm",
        title="the learning rate for a norm",
        statement="At a given weight decay coefficient the equilibrium norm is as wanted at",
        kind=Kind.EXACT,
        setting=Setting.ALGEBRA,
        formulas=formulas,
        obligations=obligations,
        sources=(),
        optimizer=optimizer,
    )


def _smallest_norm(optimizer: str) -> Claim:
    def formulas() -> list[Formula]:
        from theory import inverse
        from theory.forms import positive_factors

        found = theory.equilibrium_of(optimizer)
        left = rf"\min_\lambda \|w\|^{found.norm_exponent}"
        return [Formula(left, positive_factors(inverse.smallest_norm(found)))]

    def obligations() -> list[Obligation]:
        from sympy import Integer

        from theory import inverse
        from theory.symbols import dampening, decay, momentum

        found = theory.equilibrium_of(optimizer)
        pull = decay if optimizer == "sgd" else decay * (1 - dampening) / (1 + momentum)
        return [
            Obligation(
                "norm^4 is the least one over 1 - (1 - u)^2, so u = 1 is the minimum",
                found.norm_power * (1 - (1 - pull) ** 2),
                inverse.smallest_norm(found),
            ),
            Obligation("u grows from 0 at p = 0", 1 + pull.subs(decay, 0), Integer(1)),
        ]

    return Claim(
        id=f"{optimizer}-smallest-norm",
        title="the smallest norm at a learning rate",
        statement="At a given learning rate no weight decay brings the equilibrium norm below",
        kind=Kind.EXACT,
        setting=Setting.ALGEBRA,
        formulas=formulas,
        obligations=obligations,
        sources=(),
        optimizer=optimizer,
    )


def _update_size() -> list[Formula]:
    from sympy import Symbol, sqrt

    size, chord = Symbol(r"\mathbb{E}\|w\|^2", positive=True), Symbol(r"\text{chord}", positive=True)
    return [Formula(r"\sqrt{\mathbb{E}\|w' - w\|^2}", sqrt(size) * chord)]


def _update_size_obligations() -> list[Obligation]:
    from sympy import eye

    from theory.symbols import decay

    owed = []
    for name in WHITE:
        found = theory.equilibrium_of(name)
        recursion = found.recursion
        still = eye(recursion.transition.rows)
        moved = (recursion.transition - still) * recursion.unit_gram * (recursion.transition - still).T
        squared = moved[0, 0] + recursion.noise[0, 0]
        owed.append(
            Obligation(
                f"{name}: E|w' - w|^2 from the step is (2 - 2 cos) E|w|^2",
                squared / decay,
                2 * found.one_minus_cosine * recursion.unit_gram[0, 0] / decay,
            )
        )
    return owed


def _turns() -> list[Formula]:
    from theory import inverse

    written = []
    for name, label in TURNS.items():
        found = theory.equilibrium_of(name)
        written.append(Formula(rf"{label}: \quad {TURN}", inverse.turn_per_relaxation(found)))
    return [*written, *_series_at_zero("lion")]


def _series_at_zero(optimizer: str) -> list[Formula]:
    from sympy import latex

    from theory.leading_order import series_at_zero, value_at_zero

    found = theory.equilibrium_of(optimizer)
    wanted = {value_at_zero(symbol) for symbol in found.series}
    series = {s: v for s, v in series_at_zero(found.series).items() if s in wanted}
    written = [Formula(latex(s), found.abbreviated(v.expression)) for s, v in series.items()]
    return written + [Formula(latex(s), value) for s, value in found.rule.autocorrelation.abbreviations]


def _turns_obligations() -> list[Obligation]:
    """By another way: theta^2 ~ 2 p (1-cos)'(0), and p(z) ~ -p'(1) (1 - z) from the inverse of the half-life."""
    from sympy import cancel, together

    from theory import inverse
    from theory.leading_order import value_at_zero
    from theory.symbols import decay

    owed = []
    for name in TURNS:
        found = theory.equilibrium_of(name)
        grows = cancel(together(found.one_minus_cosine / decay)).subs(decay, 0)
        grows = grows.subs({symbol: value_at_zero(symbol) for symbol in found.series})
        falls = -inverse.decay_for_rate(found).diff(inverse.rate).subs(inverse.rate, 1)
        owed.append(
            Obligation(
                f"{name}: theta^2/(1 - z) through the inverse of the half-life",
                inverse.turn_per_relaxation(found),
                2 * grows * falls,
            )
        )
    return owed


def _persistent(coefficient: Expr, count: Expr) -> Expr:
    """k + 2 sum_{j<k} (k - j) c^j, summed."""
    return (
        count * (1 + coefficient) / (1 - coefficient)
        - 2 * coefficient * (1 - coefficient**count) / (1 - coefficient) ** 2
    )


def _steps() -> list[Formula]:
    from sympy import Symbol

    from theory.symbols import beta1, momentum

    count = Symbol("k", positive=True, integer=True)
    left = r"\lim_{p\to0}\frac{\theta_k^2}{\theta_1^2}"
    return [
        Formula(rf"\text{{SGD}}: \quad {left}", count),
        Formula(rf"\text{{momentum}}: \quad {left}", _persistent(momentum, count)),
        Formula(rf"\text{{AdamW}}: \quad {left}", _persistent(beta1, count)),
    ]


def _steps_obligations() -> list[Obligation]:
    from sympy import Integer

    from theory import inverse
    from theory.symbols import beta1, momentum

    owed = []
    for name, coefficient in (("sgd", Integer(0)), ("sgdm", momentum), ("adamw", beta1)):
        found = theory.equilibrium_of(name)
        for count in COUNTS:
            right = Integer(count) if coefficient == 0 else _persistent(coefficient, Integer(count))
            owed.append(Obligation(f"{name}: {count} steps", inverse.turn_of_steps(found, count), right))
    return owed


def _long_run() -> list[Formula]:
    from sympy import Rational

    left = rf"\lim_{{p\to0}}\ \lim_{{k\to\infty}}\frac{{\theta_k^2}}{{k}}\,\frac{{{HALF_LIFE}}}{{\log 2}}"
    return [
        Formula(rf"\text{{scale-invariant gradients}}: \quad {left}", Rational(1, 2)),
        Formula(rf"\text{{normalised inputs}}: \quad {left}", Rational(1)),
    ]


def _long_run_obligations() -> list[Obligation]:
    """The correlations of the increments sum to (1 + c)/(1 - c), for Lion to 1 + 2 T_0 = 1 + 2 sum_k R_k."""
    from sympy import Integer, Rational

    from theory import inverse
    from theory.leading_order import value_at_zero
    from theory.symbols import beta1, momentum

    (series,) = theory.equilibrium_of("lion").series
    persistence = {
        "sgd": Integer(1),
        "sgdm": (1 + momentum) / (1 - momentum),
        "adamw": (1 + beta1) / (1 - beta1),
        "lion": 1 + 2 * value_at_zero(series),
    }
    total = {"sgd": Rational(1, 2), "sgdm": Rational(1, 2), "adamw": Integer(1), "lion": Integer(1)}
    return [
        Obligation(
            f"{name}: the turn per half-life is the long-run one over the persistence",
            inverse.turn_per_relaxation(theory.equilibrium_of(name)),
            total[name] / value,
        )
        for name, value in persistence.items()
    ]


def _sgd_steps() -> list[Formula]:
    from sympy import Symbol, sqrt

    from theory.symbols import decay

    count = Symbol("k", positive=True, integer=True)
    return [
        Formula(r"\cos\theta_k", (1 - decay) ** count),
        Formula(r"\text{chord}_k / \text{chord}_1", sqrt((1 - (1 - decay) ** count) / decay)),
        Formula(r"\text{chord}_k / \text{chord}_1", sqrt(count), r"\le"),
    ]


def _sgd_steps_obligations() -> list[Obligation]:
    """Checked at k = 2 to 6; from k to k + 1 the cosine gains a factor a, and Bernoulli gives the bound."""
    from sympy import Integer, symbols

    from theory import inverse
    from theory.symbols import decay

    found = theory.equilibrium_of("sgd")
    s = symbols("s", nonnegative=True)
    owed = []
    for count in COUNTS:
        cosine = inverse.cosine_after(found, count)
        owed.append(Obligation(f"the cosine after {count} steps", cosine, (1 - decay) ** count))
        squared = ((1 - cosine) / decay).subs(decay, 1 / (1 + s))
        owed.append(Obligation(f"{count} steps at p = 1/(1 + s)", squared, Integer(count), "<="))
    return owed


def _at_most_one() -> tuple[Relational, ...]:
    from theory.symbols import decay

    return (decay <= 1,)


def turning(optimizer: str, point: Hyperparameters, law: str, count: int, device: str) -> Confrontation:
    """1 - cos of w and the weights ``count`` steps later, against (M^k G)_00 / G_00.

    At stationarity E|w_k - w|^2 = 2 (1 - cos) E|w|^2, which is measured: the norm's own fluctuation stays out.
    """
    import numpy as np

    import numerics
    from numerics.statistics import jackknife
    from proofs.comparison import ROUNDING, Confrontation, Statistic
    from theory import inverse
    from theory.prediction import SYMBOL_NAMES

    settings: dict[str, Any] = {"law": law, "dim": TURNING_DIM, "replicas": TURNING_REPLICAS, "device": device}
    own = {name: value for name, value in point.items() if name != "dim"}
    update = numerics.update_for(optimizer, own)
    norm = theory.predict(optimizer, **point).equilibrium_norm
    run = numerics.simulate(update, steps=TURNING_BURN_IN, start_norm=norm, seed=TURNING_SEED, **settings)
    rows = []
    for block in range(TURNING_BLOCKS):
        before = run.end
        run = numerics.simulate(update, steps=count, start=before, seed=TURNING_SEED + 1 + block, **settings)
        moved = ((run.end.weights - before.weights) ** 2).sum(-1)
        rows.append([moved.cpu().numpy() / 2, (before.weights**2).sum(-1).cpu().numpy()])
    means = np.mean(rows, axis=0).T
    values = {SYMBOL_NAMES[name]: value for name, value in own.items() if name in SYMBOL_NAMES}
    values["p"] = float(own["lr"] or 0) * float(own["wd"] or 0)
    exact = inverse.cosine_after(theory.equilibrium_of(optimizer), count)
    predicted = 1 - float(exact.subs({symbol: values[str(symbol)] for symbol in exact.free_symbols}))
    measured = jackknife(means, lambda m: m[..., 0] / m[..., 1])
    return Confrontation(
        claim="turn-of-steps",
        design=f"cosine after {count} steps",
        hyperparameters=point,
        conditions={**settings, "blocks": TURNING_BLOCKS, "seed": TURNING_SEED},
        statistics=(Statistic(f"1 - cos after {count} steps", predicted, measured, ROUNDING),),
    )


def _turning_of_sgd(device: str) -> list[Confrontation]:
    return [turning("sgd", {"lr": 0.1, "wd": wd}, "fixed", count, device) for wd in (0.05, 1.0) for count in (3, 10)]


def _turning_with_momentum(device: str) -> list[Confrontation]:
    point = {"lr": 0.1, "wd": 0.2, "beta1": 0.8, "dim": TURNING_DIM}
    return [turning("adamw", point, "iid", count, device) for count in (2, 6)]


def _scaling(optimizer: str) -> tuple[Callable[[], list[Formula]], Callable[[], list[Obligation]]]:
    def noise() -> Expr:
        from sympy import Integer

        from theory import inverse

        return Integer(1) if theory.load(optimizer).normalised else 1 / inverse.steps

    def formulas() -> list[Formula]:
        from theory import inverse
        from theory.symbols import lr, wd

        found = theory.equilibrium_of(optimizer)
        by_lr, by_wd = inverse.scaling_rule(found, noise())
        return [
            Formula(r"\eta'", by_lr * lr),
            Formula(r"\lambda'", by_wd * wd),
            Formula(r"\frac{1-\cos\theta'}{k\,(1-\cos\theta)}", _ratios(found, noise())["angle"]),
            Formula(
                rf"\frac{{\|w'\|^{found.norm_exponent}}}{{\|w\|^{found.norm_exponent}}}",
                _ratios(found, noise())["norm"],
            ),
        ]

    def obligations() -> list[Obligation]:
        from sympy import Integer, cancel, together

        from theory import inverse
        from theory.symbols import decay

        found = theory.equilibrium_of(optimizer)
        by_lr, by_wd = inverse.scaling_rule(found, noise())
        rates = inverse.rescaled(_departure(found), {decay: by_lr * by_wd}) / _departure(found)
        exact = _ratios(found, noise())
        return [
            Obligation("lr*wd grows k-fold", by_lr * by_wd, inverse.steps),
            Obligation("1 - z grows k-fold as p -> 0", cancel(together(rates)).subs(decay, 0), inverse.steps),
            Obligation("1 - cos grows k-fold as p -> 0", exact["angle"].subs(decay, 0), Integer(1)),
            Obligation("the norm stays as p -> 0", exact["norm"].subs(decay, 0), Integer(1)),
        ]

    return formulas, obligations


def _departure(found: Equilibrium) -> Expr:
    """1 - z of the multiplier that is 1 at p = 0, in closed form."""
    from theory.symbols import decay

    (slow,) = [root for root in found.multipliers if root.subs(decay, 0) == 1]
    return (1 - slow).expand()


def _ratios(found: Equilibrium, noise: Expr) -> dict[str, Expr]:
    """(1 - cos)'/(k (1 - cos)) and the norm's power over the old one, exact."""
    from sympy import factor, simplify

    from theory import inverse
    from theory.symbols import decay, energy, lr

    by_lr, by_wd = inverse.scaling_rule(found, noise)
    factors = {lr: by_lr, decay: by_lr * by_wd, energy: noise}
    angle = inverse.rescaled(found.one_minus_cosine, factors) / found.one_minus_cosine / inverse.steps
    norm = simplify(inverse.rescaled(found.norm_power, factors) / found.norm_power)
    return {"angle": inverse.oriented(factor(angle)), "norm": inverse.oriented(factor(norm))}


def _rule(
    claim_id: str, title: str, statement: str, optimizer: str, hypotheses: tuple[str, ...], sources: tuple[str, ...]
) -> Claim:
    formulas, obligations = _scaling(optimizer)
    return Claim(
        id=claim_id,
        title=title,
        statement=statement,
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
        extra_hypotheses=hypotheses,
    )


_identity = partial(Claim, kind=Kind.IDENTITY, setting=Setting.EXPECTATION, sources=())
_limit = partial(Claim, kind=Kind.LIMIT, setting=Setting.ALGEBRA)

CLAIMS = [
    *map(_angle_inverse, ANGLE_INVERTS),
    *map(_half_life_inverse, HALF_LIFE_INVERTS),
    *map(_norm_inverse, NORM_INVERTS),
    *map(_smallest_norm, NORM_INVERTS),
    _identity(
        id="update-size",
        title="Size of an update at equilibrium",
        statement="At equilibrium the RMS size of one whole update, decay included, is the norm times the chord:",
        formulas=_update_size,
        obligations=_update_size_obligations,
    ),
    _limit(
        id="turn-per-half-life",
        title="What lr and wd cannot change",
        statement=(
            "To leading order the squared angle of a step times the half-life of the squared norm's deviation "
            "holds neither lr nor wd:"
        ),
        formulas=_turns,
        obligations=_turns_obligations,
        states=("inverse.turn_per_relaxation",),
        sources=("kosson2024rotational",),
    ),
    _limit(
        id="turn-of-steps",
        title="How the angles of successive steps add",
        statement=(
            "To leading order k steps turn the weights by an angle whose square is that of one step times k, "
            "and more where momentum makes successive steps alike:"
        ),
        formulas=_steps,
        obligations=_steps_obligations,
        states=("inverse.turn_of_steps", "inverse.cosine_after"),
        sources=("wan2021spherical",),
        experiment=_turning_with_momentum,
    ),
    _limit(
        id="long-run-turn",
        title="The long run knows no momentum",
        statement=(
            "Over many steps, still far fewer than a half-life, the squared angle per step times the half-life "
            "is the same at any momentum:"
        ),
        formulas=_long_run,
        obligations=_long_run_obligations,
        sources=(),
    ),
    Claim(
        id="sgd-turn-of-steps",
        title="SGD: the angle of k steps",
        statement="At equilibrium w and the weights k steps later have the mean cosine, and chords obey the bound",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_sgd_steps,
        obligations=_sgd_steps_obligations,
        sources=("wan2021spherical",),
        experiment=_turning_of_sgd,
        optimizer="sgd",
        extra_hypotheses=("the bound: 0 < p <= 1",),
        domain=_at_most_one,
    ),
    _rule(
        "linear-scaling-rule",
        "SGD: the linear scaling rule",
        "For a k times larger batch the half-life in samples and the norm stay, to leading order, exactly if",
        "sgd",
        ("the gradient is mostly noise, so that a k-fold batch divides L by k",),
        ("goyal2017accurate",),
    ),
    _rule(
        "square-root-scaling-rule",
        "AdamW: the square-root scaling rule",
        "For a k times larger batch the half-life in samples and the norm stay, to leading order, exactly if",
        "adamw",
        ("beta1 stays as it is",),
        ("malladi2022sdes", "wang2024adamw"),
    ),
]
