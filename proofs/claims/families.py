"""Claims that every optimizer has: norm, angle, rate, and the leading order of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims import writing

if TYPE_CHECKING:
    from sympy import Expr

    from theory import Equilibrium


def norm_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """The exact equilibrium norm."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        return [
            Formula(writing.norm_left(found, setting), found.display(found.norm_power)),
            *writing.names(found),
        ]

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
        title="equilibrium norm",
        statement="At equilibrium the weights have the squared norm",
        kind=Kind.EXACT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
        subject="norm_power",
        states=(f"{optimizer}.unit_gram",),
    )


def angle_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """The exact equilibrium cosine; the angle is its arccosine."""

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        cosine = found.display(found.cosine)
        left = r"\cos\theta = " + (writing.PATHWISE_COSINE if setting is Setting.PATHWISE else writing.MEAN_COSINE)
        return [Formula(left, cosine), *writing.names(found)]

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
        title="angular update",
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
        polynomial, short = writing.without_dampening(found.characteristic_polynomial)
        return [*writing.determinant(found, polynomial), *short, *writing.rational_multipliers(found)]

    def obligations() -> list[Obligation]:
        from sympy import Poly

        from proofs import moments
        from theory.symbols import multiplier

        found = theory.equilibrium_of(optimizer)
        claimed = Poly(found.characteristic_polynomial, multiplier)
        return [
            Obligation(f"coefficient {i} of det(z - J)", coefficient, expected)
            for i, (coefficient, expected) in enumerate(
                zip(_by_traces(moments.jacobian(found.recursion)), claimed.monic().all_coeffs(), strict=True)
            )
        ]

    return Claim(
        id=f"{optimizer}-rate",
        title="local convergence",
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
            writing.leading(found, writing.root_mean_square(setting), law.leading, power),
            *writing.remainder(found, law),
            *writing.names(found, at_zero=True),
        ]

    def obligations() -> list[Obligation]:
        found = theory.equilibrium_of(optimizer)
        law = found.norm_leading_order_in_decay
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
            writing.leading(found, r"\theta", law.leading, 2),
            *writing.remainder(found, law),
            *writing.names(found, at_zero=True),
        ]

    def obligations() -> list[Obligation]:
        from theory.symbols import decay

        found = theory.equilibrium_of(optimizer)
        law = found.angle_leading_order_in_decay
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
    rate: Setting | None,
    sources: tuple[str, ...],
    rate_hypotheses: tuple[str, ...] = (),
) -> list[Claim]:
    """Norm, angle and, unless ``rate`` is None, rate of an optimizer, each exact and to leading order."""
    found = [
        norm_claim(optimizer, norm, sources),
        norm_leading_claim(optimizer, norm, sources),
        angle_claim(optimizer, angle, sources),
        angle_leading_claim(optimizer, angle, sources),
    ]
    if rate is not None:
        found += [rate_claim(optimizer, rate, sources, rate_hypotheses), rate_leading_claim(optimizer, rate, sources)]
    return found


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
        title=title,
        statement="As the decay per step tends to zero with everything else fixed,",
        kind=Kind.LEADING_ORDER,
        setting=setting,
        formulas=formulas,  # type: ignore[arg-type]
        obligations=obligations,  # type: ignore[arg-type]
        sources=sources,
        optimizer=optimizer,
        subject=subject,
    )


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


def _by_traces(matrix: object) -> list[Expr]:
    """Coefficients of det(z - J) by Faddeev and LeVerrier, another way than the engine's."""
    from sympy import Integer, Matrix, factor
    from sympy.polys.matrices import DomainMatrix

    jacobian = DomainMatrix.from_Matrix(Matrix(matrix)).to_field().to_dense()
    field, size = jacobian.domain, jacobian.shape[0]
    coefficients: list[Expr] = [Integer(1)]
    one = power = DomainMatrix.eye(size, field).to_dense()
    for k in range(1, size + 1):
        power = jacobian * power
        coefficient = -sum(power.diagonal(), field.zero) / field(k)
        coefficients.append(factor(field.to_sympy(coefficient)))
        power = power + coefficient * one
    return coefficients


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
