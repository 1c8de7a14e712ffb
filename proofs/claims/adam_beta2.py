"""Claims about AdamW, NAdamW and RMSprop at finite beta2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.families import equilibrium_claims

if TYPE_CHECKING:
    from sympy import Expr

SOURCES = ("kingma2015adam",)


def autocorrelation_claim(optimizer: str) -> Claim:
    """The update's autocovariance to first order in 1 - beta2."""

    def formulas() -> list[Formula]:
        from sympy import latex

        from theory.optimizers.adam_beta2 import ENERGY, LAGGING, STEADY
        from theory.symbols import beta1, beta2, lag

        named = theory.equilibrium_of(optimizer).rule.definitions
        buffered = any(symbol == STEADY for symbol, _ in named)
        total = STEADY * beta1**lag + LAGGING * (beta1 * beta2) ** lag if buffered else ENERGY * 0
        return [
            Formula(r"\mathbb{E}\,u_t^2", ENERGY),
            Formula(r"\mathbb{E}\,u_t u_{t+k}", total),
            *(Formula(latex(symbol), value) for symbol, value in named),
        ]

    return Claim(
        id=f"{optimizer}-autocorrelation",
        title="autocovariance of the update",
        statement="To first order in 1 - beta2, uniformly in the lag k >= 1,",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=formulas,
        obligations=lambda: finite_filter_obligations(optimizer),
        sources=SOURCES,
        optimizer=optimizer,
    )


def finite_filter_obligations(optimizer: str) -> list[Obligation]:
    """The Taylor coefficients, the geometric sums and their assembly, each spelt out once more."""
    from sympy import Integer, Rational, Symbol, binomial

    from theory.optimizers.adam_beta2 import autocovariance, lagged_products
    from theory.symbols import beta1, beta2, kurtosis

    first, later, y = Symbol("h_0", positive=True), Symbol("h", positive=True), Symbol("y", positive=True)
    half = [binomial(Rational(-1, 2), n) for n in range(3)]
    tail = lagged_products(1, Integer(0), later, y)
    owed = [
        # The tail shifted by one gradient is the tail times beta1^2 y.
        Obligation("geometric sum over gradients", tail, beta1**2 * y * (later**2 + tail)),
        Obligation("lag 0 begins at h_0^2", lagged_products(0, first, later, y) - tail, first**2),
        Obligation("lag 1 begins at h_0 h", lagged_products(1, first, later, y) - tail, first * later),
    ]
    delta = 1 - beta2
    spread = (kurtosis - 1) * delta**2 / (1 - beta2**2)
    energy, steady, lagging = autocovariance(first, later)
    plain, weighted = (lagged_products(1, first, later, one) for one in (Integer(1), beta2))
    owed.append(
        Obligation(
            "weight of beta1^k",
            steady,
            plain * (1 + 2 * half[2] * spread) + half[1] * (kurtosis - 1) * delta * weighted,
        )
    )
    owed.append(
        Obligation(
            "weight of (beta1 beta2)^k",
            lagging,
            plain * half[1] ** 2 * spread + half[1] * (kurtosis - 1) * delta * weighted,
        )
    )
    alone, weighed = (lagged_products(0, first, later, one) for one in (Integer(1), beta2))
    # 1/v = 1 - e + e^2 - ... at lag 0.
    owed.append(Obligation("energy", energy, alone * (1 + spread) - (kurtosis - 1) * delta * weighed))
    at_rest = energy.subs({first: 1, later: 0})
    slope = -at_rest.diff(beta2).subs(beta2, 1)
    owed.append(Obligation("without momentum the energy falls by (K - 1)/2 per 1 - beta2", slope, -(kurtosis - 1) / 2))
    return owed


def next_order_claim() -> Claim:
    """The second order without momentum, where the third moment of g^2 enters."""

    def formulas() -> list[Formula]:
        from sympy import factor

        from theory.optimizers.adam_beta2 import ENERGY, NEXT_ORDER, next_order

        named = dict(theory.equilibrium_of("rmspropw_beta2").rule.definitions)
        general = next_order(_third())
        without = general.subs(_third(), 0)
        return [
            Formula(r"\mathbb{E}\,u_t^2 - S", factor(general - without) + factor(without), r"\sim"),
            Formula(r"\mathbb{E}\,u_t^2 - S", NEXT_ORDER, r"\overset{\text{gamma}}{\sim}"),
            Formula("S", named[ENERGY]),
        ]

    return Claim(
        id="rmspropw_beta2-next-order",
        title="energy of the update to second order",
        statement="With the third central moment mu_3 of g^2 over its mean cubed, as beta2 tends to 1, in general and "
        "where g^2 is gamma distributed, as for Gaussian gradients (K = 3),",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=formulas,
        obligations=next_order_obligations,
        sources=SOURCES,
        optimizer="rmspropw_beta2",
    )


def _third() -> Expr:
    from sympy import Symbol

    return Symbol("mu_3", real=True)


def next_order_obligations() -> list[Obligation]:
    """E (1 + x_0)(1 - e + e^2 - e^3 + e^4), moment by moment, with e = sum_j w_j x_j and x = g^2 - 1."""
    from sympy import Integer, Symbol, cancel

    from theory.optimizers.adam_beta2 import autocovariance, gamma_cumulant, next_order
    from theory.symbols import beta2, kurtosis

    delta, third, fourth = Symbol("delta", positive=True), _third(), Symbol("mu_4", positive=True)
    variance = kurtosis - 1
    squares, cubes, fourths = (delta**n / (1 - (1 - delta) ** n) for n in (2, 3, 4))
    others = variance * (squares - delta**2)
    alone = (
        variance * squares
        - third * cubes
        + (fourth * fourths + 3 * variance**2 * (squares**2 - fourths))
    )  # fmt: skip
    own = -delta * variance + delta**2 * third - (delta**3 * fourth + 3 * delta * variance * others)
    first = autocovariance(Integer(1), Integer(0))[0].subs(beta2, 1 - delta)
    second = cancel((1 + alone + own - first) / delta**2).subs(delta, 0)
    # The moments of a gamma variable of mean 1: 1 + c, (1 + c)(1 + 2 c).
    cube, square = (1 + variance) * (1 + 2 * variance), 1 + variance
    return [
        Obligation("the moments of v up to the fourth", next_order(third), second * (1 - beta2) ** 2),
        Obligation("third central moment of a gamma variable", gamma_cumulant(3), cube - 3 * square + 2),
        # E g^2, E g^4, E g^6 = 1, 3, 15.
        Obligation("and of a squared Gaussian", gamma_cumulant(3).subs(kurtosis, 3), Integer(15 - 3 * 3 + 2)),
    ]


CLAIMS = [
    next_order_claim(),
    *(
        claim
        for optimizer in ("adamw_beta2", "nadamw_beta2", "rmspropw_beta2")
        for claim in (
            autocorrelation_claim(optimizer),
            *equilibrium_claims(
                optimizer, norm=Setting.EXPECTATION, angle=Setting.EXPECTATION, rate=None, sources=SOURCES
            ),
        )
    ),
]
