"""Claims about AdamW, NAdamW and RMSprop at finite beta2."""

from __future__ import annotations

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.families import equilibrium_claims

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


CLAIMS = [
    claim
    for optimizer in ("adamw_beta2", "nadamw_beta2", "rmspropw_beta2")
    for claim in (
        autocorrelation_claim(optimizer),
        *equilibrium_claims(optimizer, norm=Setting.EXPECTATION, angle=Setting.EXPECTATION, rate=None, sources=SOURCES),
    )
]
