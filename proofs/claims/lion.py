"""Claims about Lion: the equilibrium and the arcsine series under it."""

from __future__ import annotations

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.families import equilibrium_claims


def _autocorrelation() -> list[Formula]:
    from sympy import latex

    from theory.optimizers.lion import FILTER

    found = theory.equilibrium_of("lion")
    law = FILTER.sign_autocorrelation()
    return [
        Formula("R_k", found.abbreviated(FILTER.sign_autocorrelation_at())),
        Formula("R_k", found.abbreviated(law.at_lag())),
        *(Formula(latex(symbol), value) for symbol, value in law.abbreviations),
    ]


def _autocorrelation_obligations() -> list[Obligation]:
    from sympy import Integer, Rational, pi, powdenest, powsimp

    from theory.gaussian_filter import arcsin_coefficient
    from theory.optimizers.lion import FILTER
    from theory.symbols import index, lag

    # Impulse response h_0 = D, h_j = H F^(j-1) E; r_k = h_0 h_k + sum_j h_j h_(j+k), a geometric sum.
    tail = FILTER.readout**2 * FILTER.gain**2 / (1 - FILTER.pole**2)
    variance = FILTER.feedthrough**2 + tail
    first = FILTER.feedthrough * FILTER.readout * FILTER.gain + tail * FILTER.pole
    successive = powsimp(FILTER.autocovariance(lag + 1) / FILTER.autocovariance(lag))
    series = FILTER.sign_autocorrelation().series
    assert series is not None
    m = 2 * index + 1
    law = FILTER.sign_autocorrelation()
    term = 2 / pi * arcsin_coefficient(index) * (FILTER.first_correlation * FILTER.pole ** (lag - 1)) ** m
    return [
        Obligation("variance of the filter from its impulse response", FILTER.variance, variance),
        Obligation("autocovariance at lag one from the impulse response", FILTER.autocovariance(Integer(1)), first),
        Obligation("autocovariance falls by the pole from lag to lag", successive, FILTER.pole),
        Obligation("first coefficient of arcsin", arcsin_coefficient(Integer(0)), Integer(1)),
        # (1 - x^2) y'' = x y' for y = arcsin x gives (m + 2)(m + 1) c_{m+2} = m^2 c_m.
        Obligation(
            "coefficients of arcsin obey its differential equation",
            series.ratio / FILTER.first_correlation**2,
            m**2 / ((m + 2) * (m + 1)),
        ),
        Obligation(
            "a term of the mixture is a term of the arcsine's series at rho_k",
            powsimp(powdenest(law.at_lag().function / term, force=True), force=True),
            Integer(1),
        ),
        Obligation("first weight", series.first_weight, 2 / pi * FILTER.first_correlation),
        Obligation("a mode is an odd power of the pole", series.factor.subs(index, Rational(0)), FILTER.pole),
    ]


def _tail() -> list[Formula]:
    from sympy import latex

    found = theory.equilibrium_of("lion")
    return [
        Formula(rf"\left|{latex(symbol)} - \sum_{{j<n}}\right|", found.abbreviated(series.tail_bound), r"\le")
        for symbol, series in found.series.items()
    ]


def _tail_obligations() -> list[Obligation]:
    from theory.optimizers.lion import FILTER

    found = theory.equilibrium_of("lion")
    owed = []
    for series in found.series.values():
        owed += [
            Obligation(
                "the weights' ratio over rho_1^2 stays below the bound's",
                series.ratio / FILTER.first_correlation**2,
                series.ratio_bound / FILTER.first_correlation**2,
                "<=",
            ),
        ]
    return owed + _factor_obligations()


def _factor_obligations() -> list[Obligation]:
    """The bound on the factor holds and falls along the series; |a|, beta2, mode are 1/(1 + s), |a| below 1."""
    from sympy import Symbol, symbols

    size, pole, mode = (1 / (1 + s) for s in (Symbol("s_a", positive=True), *symbols("s_b s_r", nonnegative=True)))
    return [
        Obligation(
            "the factor at negative a stays below its bound", 1 / (1 + size * mode), 1 / (1 - size * mode), "<="
        ),
        Obligation("the bound falls", 1 / (1 - size * mode * pole**2), 1 / (1 - size * mode), "<="),
    ]


CLAIMS = [
    *equilibrium_claims(
        "lion",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("chen2023lion", "kosson2024rotational"),
    ),
    Claim(
        id="lion-autocorrelation",
        title="autocorrelation of the sign",
        statement=(
            "For white Gaussian gradients the signs of Lion's filter at lag k >= 1 have the correlation "
            "given by the arcsine law, a mixture of geometric sequences:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_autocorrelation,
        obligations=_autocorrelation_obligations,
        sources=("grimmett2020",),
        optimizer="lion",
        states=("GaussianFilter.sign_autocorrelation", "GaussianFilter.sign_autocorrelation_at"),
    ),
    Claim(
        id="lion-series-tail",
        title="tail of the series",
        statement="What the first n terms of the series T leave out is at most",
        kind=Kind.BOUND,
        setting=Setting.ALGEBRA,
        formulas=_tail,
        obligations=_tail_obligations,
        sources=(),
        optimizer="lion",
    ),
]
