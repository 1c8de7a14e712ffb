"""Claims that every optimizer has: norm, angle, rate, and the leading order of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sympy import Expr, Symbol

    from theory import Equilibrium
    from theory.series import WeightedSeries

NORM = r"\|w\|"
PATHWISE_COSINE = r"\frac{\langle w, w'\rangle}{\|w\|\,\|w'\|}"
MEAN_COSINE = r"\frac{\mathbb{E}\langle w, w'\rangle}{\mathbb{E}\|w\|^2}"


def norm_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """The exact equilibrium norm."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        return [Formula(norm_left(found, setting), found.display(found.norm_power)), *_series_formulas(found)]

    def obligations() -> list[Obligation]:
        from sympy import Integer

        from proofs import moments

        found = theory.equilibrium_of(optimizer)
        recursion = found.recursion
        owed = []
        for (i, j), moved in moments.after_step(recursion, Integer(1)).items():
            if j < recursion.transition.rows:
                expected = recursion.unit_gram[i, j]
                stays = moments.at_unit_gram(moved, recursion)
                owed.append(Obligation(f"the moment ({i}, {j}) at unit input stays where it is", stays, expected))
        from theory.symbols import squared_norm

        fixed = squared_norm**found.rule.elasticity * found.norm_power / recursion.unit_gram[0, 0]
        owed.append(Obligation("A = q(A) h at the norm", found.rule.amplitude, fixed))
        return owed + _series_obligations(found)

    return Claim(
        id=f"{optimizer}-norm",
        title=f"{_title(optimizer)}: equilibrium norm",
        statement="At equilibrium the weights have the squared norm",
        kind=Kind.EXACT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
        subject="norm_power",
    )


def angle_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """The exact equilibrium cosine; the angle is its arccosine."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        cosine = found.display(found.cosine)
        left = r"\cos\theta = " + (PATHWISE_COSINE if setting is Setting.PATHWISE else MEAN_COSINE)
        return [Formula(left, cosine), *_series_formulas(found)]

    def obligations() -> list[Obligation]:
        from sympy import Integer

        from proofs import moments
        from theory.forms import in_decay

        found = theory.equilibrium_of(optimizer)
        recursion = found.recursion
        overlap = moments.at_unit_gram(moments.overlap(recursion, Integer(1)), recursion)
        measured = 1 - overlap / recursion.unit_gram[0, 0]
        return [
            Obligation("1 - E<w, w'>/E|w|^2 from the step", found.one_minus_cosine, measured),
            Obligation("the displayed form", in_decay(found.display(found.cosine)), 1 - found.one_minus_cosine),
        ]

    return Claim(
        id=f"{optimizer}-angle",
        title=f"{_title(optimizer)}: angular update",
        statement="At equilibrium one step turns the weights by the angle with",
        kind=Kind.EXACT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
        subject="one_minus_cosine",
    )


def rate_claim(optimizer: str, setting: Setting, sources: tuple[str, ...], hypotheses: tuple[str, ...] = ()) -> Claim:
    """The multipliers of the Gram recursion at its fixed point."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        polynomial, short = _without_dampening(found.characteristic_polynomial)
        return [Formula(r"\det(z - J)", collected(polynomial)), *short, *_rational_multipliers(found)]

    def obligations() -> list[Obligation]:
        from sympy import Matrix, Poly, cancel

        from proofs import moments
        from theory.symbols import multiplier

        found = theory.equilibrium_of(optimizer)
        recursion = found.recursion
        after = moments.after_step(recursion, found.rule.amplitude)
        names = [moments.moment_symbol(i, j) for i, j in after]
        jacobian = Matrix(list(after.values())).jacobian(names).subs(moments.strength(recursion)).applyfunc(cancel)
        claimed = Poly(found.characteristic_polynomial, multiplier).all_coeffs()
        return [
            Obligation(f"coefficient {i} of det(z - J)", coefficient, expected)
            for i, (coefficient, expected) in enumerate(zip(_by_traces(jacobian), claimed, strict=True))
        ]

    return Claim(
        id=f"{optimizer}-rate",
        title=f"{_title(optimizer)}: local convergence",
        statement=(
            "Near equilibrium a deviation of the second moments, of which squared norm and angle are functions, "
            "is multiplied per step by the roots of the polynomial below; "
            "the root of largest modulus is the convergence rate"
        ),
        kind=Kind.EXACT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
        subject="characteristic_polynomial",
        extra_hypotheses=hypotheses,
    )


def norm_leading_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """Leading order of the norm."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        law = found.norm_leading_order
        power = int(found.norm_exponent)
        return [
            Formula(_root_mean_square(setting), _powered(found, law.leading, power), r"\sim", root=power),
            *_remainder(law.next_coefficient),
            *_series_at_zero_formulas(found),
        ]

    def obligations() -> list[Obligation]:
        found = theory.equilibrium_of(optimizer)
        law = found.norm_leading_order
        exponent = found.norm_exponent
        return _expansion(found, found.norm_power, law.leading**exponent, exponent * law.next_coefficient)

    return _leading(
        optimizer,
        "norm-leading",
        "norm to leading order",
        setting,
        sources,
        formulas,
        obligations,
        "norm_leading_order",
    )


def angle_leading_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """Leading order of the angle."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        law = found.angle_leading_order
        return [
            Formula(r"\theta", _powered(found, law.leading, 2), r"\sim", root=2),
            *_remainder(law.next_coefficient),
            *_series_at_zero_formulas(found),
        ]

    def obligations() -> list[Obligation]:
        from theory.symbols import decay

        found = theory.equilibrium_of(optimizer)
        law = found.angle_leading_order
        half_square = law.leading**2 / 2
        # theta^2 = 2x (1 + x/6 + ...) with x = 1 - cos turns the angle's coefficient into that of x.
        return _expansion(
            found, found.one_minus_cosine, half_square, 2 * law.next_coefficient - half_square / (6 * decay)
        )

    return _leading(
        optimizer,
        "angle-leading",
        "angle to leading order",
        setting,
        sources,
        formulas,
        obligations,
        "angle_leading_order",
    )


def rate_leading_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """Leading order of the slow multiplier."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        return [Formula("z", found.display(found.rate_leading_order), r"\sim")]

    def obligations() -> list[Obligation]:
        from sympy import Integer

        from theory.symbols import decay, multiplier

        found = theory.equilibrium_of(optimizer)
        along = found.characteristic_polynomial.subs(multiplier, found.rate_leading_order)
        return [
            Obligation("the polynomial vanishes at p = 0", along.subs(decay, 0), Integer(0)),
            Obligation("and so does its slope along the law", along.diff(decay).subs(decay, 0), Integer(0)),
        ]

    return _leading(
        optimizer,
        "rate-leading",
        "slow multiplier to leading order",
        setting,
        sources,
        formulas,
        obligations,
        "rate_leading_order",
    )


def equilibrium_claims(
    optimizer: str,
    *,
    norm: Setting,
    angle: Setting,
    rate: Setting,
    sources: tuple[str, ...],
    rate_hypotheses: tuple[str, ...] = (),
) -> list[Claim]:
    """Norm, angle and rate of an optimizer, each exact and to leading order."""
    return [
        norm_claim(optimizer, norm, sources),
        norm_leading_claim(optimizer, norm, sources),
        angle_claim(optimizer, angle, sources),
        angle_leading_claim(optimizer, angle, sources),
        rate_claim(optimizer, rate, sources, rate_hypotheses),
        rate_leading_claim(optimizer, rate, sources),
    ]


def norm_left(found: Equilibrium, setting: Setting) -> str:
    """The left side that ``norm_power`` answers."""
    if setting is Setting.PATHWISE:
        return rf"{NORM}^{{{found.norm_exponent}}}"
    squared = rf"\mathbb{{E}}{NORM}^2"
    return squared if found.norm_exponent == 2 else rf"\left({squared}\right)^{{{found.norm_exponent / 2}}}"


def _root_mean_square(setting: Setting) -> str:
    return NORM if setting is Setting.PATHWISE else rf"\sqrt{{\mathbb{{E}}{NORM}^2}}"


def _powered(found: Equilibrium, leading: Expr, power: int) -> Expr:
    from sympy import powdenest

    return found.display(powdenest(leading**power))


def _leading(
    optimizer: str,
    suffix: str,
    title: str,
    setting: Setting,
    sources: tuple[str, ...],
    formulas: object,
    obligations: object,
    subject: str,
) -> Claim:
    return Claim(
        id=f"{optimizer}-{suffix}",
        title=f"{_title(optimizer)}: {title}",
        statement="As the decay per step tends to zero with everything else fixed,",
        kind=Kind.LEADING_ORDER,
        setting=setting,
        formulas=formulas,  # type: ignore[arg-type]
        obligations=obligations,  # type: ignore[arg-type]
        sources=sources,
        optimizer=optimizer,
        subject=subject,
    )


def _title(optimizer: str) -> str:
    return {"sgd": "SGD", "sgdm": "SGD with momentum", "adamw": "AdamW", "lion": "Lion"}[optimizer]


def _remainder(coefficient: Expr) -> list[Formula]:
    from theory.forms import tidy
    from theory.symbols import decay

    return [Formula(r"\text{exact}/\text{leading} - 1", tidy(coefficient) * decay, r"\sim")]


def _expansion(found: Equilibrium, exact: Expr, leading: Expr, slope: Expr) -> list[Obligation]:
    """exact/leading is 1 at p = 0 and has the given slope there."""
    from sympy import Integer, cancel

    from theory.leading_order import expand_series
    from theory.symbols import decay

    ratio = cancel(expand_series(exact, found.series) / leading)
    return [
        Obligation("exact over leading tends to 1", ratio.subs(decay, 0), Integer(1)),
        Obligation("the coefficient of what is neglected", ratio.diff(decay).subs(decay, 0), slope),
    ]


def collected(polynomial: Expr) -> Expr:
    """Each factor monic and by powers of z, its coefficients in factored form."""
    from sympy import Mul, Poly, factor_list, numer, together

    from theory.forms import positive_factors
    from theory.symbols import multiplier

    written = []
    for piece, times in factor_list(numer(together(polynomial)), multiplier)[1]:
        terms = Poly(piece, multiplier).monic().terms()
        tidied = (positive_factors(c) if c != 1 else c for _, c in terms)
        written.append(sum(c * multiplier**k for c, ((k,), _) in zip(tidied, terms, strict=True)) ** times)
    return Mul(*written)


def _without_dampening(polynomial: Expr) -> tuple[Expr, list[Formula]]:
    """Where decay enters only as u = p (1 - tau), the polynomial in u."""
    from sympy import cancel

    from theory.symbols import damped_decay, dampening, decay

    shorter = cancel(polynomial.subs(dampening, 1 - damped_decay / decay))
    if dampening not in polynomial.free_symbols or decay in shorter.free_symbols:
        return polynomial, []
    return shorter, [Formula("u", decay * (1 - dampening))]


def _rational_multipliers(found: Equilibrium) -> list[Formula]:
    from sympy import Pow, Rational

    roots = [z for z in found.multipliers if not any(p.exp == Rational(1, 2) for p in z.atoms(Pow))]
    return [Formula(rf"z_{{{i}}}", found.display(z)) for i, z in enumerate(roots, 1)]


def _by_traces(matrix: object) -> list[Expr]:
    """Coefficients of det(z - J) by Faddeev and LeVerrier, another way than the engine's."""
    from sympy import Integer, Matrix, eye, factor

    jacobian = Matrix(matrix)
    size = jacobian.rows
    coefficients: list[Expr] = [Integer(1)]
    power = eye(size)
    for k in range(1, size + 1):
        power = jacobian * power
        coefficients.append(factor(-power.trace() / k))
        power = (power + coefficients[-1] * eye(size)).applyfunc(factor)
    return coefficients


def _series_formulas(found: Equilibrium) -> list[Formula]:
    return _written_series(found, found.series)


def _series_at_zero_formulas(found: Equilibrium) -> list[Formula]:
    from theory.leading_order import series_at_zero

    return _written_series(found, series_at_zero(found.series))


def _written_series(found: Equilibrium, series: Mapping[Symbol, WeightedSeries]) -> list[Formula]:
    from sympy import latex

    written = [Formula(latex(symbol), found.abbreviated(value.expression)) for symbol, value in series.items()]
    short = found.rule.autocorrelation.abbreviations if series else ()
    return written + [Formula(latex(symbol), value) for symbol, value in short]


def _series_obligations(found: Equilibrium) -> list[Obligation]:
    """The factor of T is the geometric sum over lags of a^(k-1) mode^(k-1)."""
    from sympy import Integer

    mixture = found.rule.autocorrelation.series
    contraction = found.recursion.transition[0, 0]
    return [
        Obligation("the sum over lags", series.factor * (1 - contraction * mixture.factor), Integer(1))
        for series in found.series.values()
        if mixture is not None
    ]
