"""Leading order in p = eta*lambda with the order and the coefficient of what it neglects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Integer, Poly, Rational, Symbol, diff, fraction, limit, powsimp, sqrt, together

from theory.forms import factored, positive_factors
from theory.series import WeightedSeries
from theory.symbols import decay


@dataclass(frozen=True)
class LeadingOrder:
    """exact = leading * (1 + next_coefficient * small^remainder_order + ...); ``small`` is p without a gain."""

    leading: Expr
    remainder_order: Expr | int
    next_coefficient: Expr
    small: Expr = decay

    @property
    def neglected(self) -> Expr:
        """exact/leading - 1, to its own leading order."""
        return self.next_coefficient * self.small**self.remainder_order

    def to_power(self, exponent: Expr) -> LeadingOrder:
        """Leading order of the quantity raised to a power."""
        return LeadingOrder(self.leading**exponent, self.remainder_order, exponent * self.next_coefficient)


def of_rational(expression: Expr, series: Mapping[Symbol, WeightedSeries]) -> LeadingOrder:
    """Leading order of a rational function of p and of the series T(p) = T(0) + p T'(0) + ..."""
    numerator, denominator = (Poly(side, decay) for side in fraction(together(expand_series(expression, series))))
    (kn, n0), (kd, d0) = _lowest(numerator), _lowest(denominator)
    leading = positive_factors(n0 / d0) * decay ** (kn - kd)
    for order in range(1, max(numerator.degree(), denominator.degree()) + 2):
        relative = _relative_coefficient(numerator, denominator, kn, kd, order)
        if relative != 0:
            return LeadingOrder(leading, order, relative)
    return LeadingOrder(leading, 1, Integer(0))


def expand_series(expression: Expr, series: Mapping[Symbol, WeightedSeries]) -> Expr:
    """Each series symbol T written as T_0 + p T_1."""
    return expression.subs({t: value_at_zero(t) + decay * slope_at_zero(t) for t in series})


def value_at_zero(symbol: Symbol) -> Symbol:
    """T(0) as a symbol."""
    return Symbol(f"{symbol}_0", positive=True)


def slope_at_zero(symbol: Symbol) -> Symbol:
    """T'(0) as a symbol."""
    return Symbol(f"{symbol}_1", real=True)


def series_at_zero(series: Mapping[Symbol, WeightedSeries]) -> dict[Symbol, WeightedSeries]:
    """The series behind T_0 and T_1: the factor and its derivative at p = 0."""
    found: dict[Symbol, WeightedSeries] = {}
    for symbol, value in series.items():
        factor0 = value.factor.subs(decay, 0)
        factor1 = -powsimp(-diff(value.factor, decay)).subs(decay, 0)
        found[value_at_zero(symbol)] = value.replace_factor(factor0, factor0)
        found[slope_at_zero(symbol)] = value.replace_factor(factor1, -factor1)
    return found


def angle_leading_order(one_minus_cosine: LeadingOrder) -> LeadingOrder:
    """theta = sqrt(2x) (1 + x/12 + ...) for x = 1 - cos."""
    leading = sqrt(2 * one_minus_cosine.leading)
    coefficient = one_minus_cosine.next_coefficient / 2
    first = limit(one_minus_cosine.leading / decay, decay, 0)
    return LeadingOrder(leading, 1, factored(coefficient + first * Rational(1, 12)))


def _lowest(poly: Poly) -> tuple[int, Expr]:
    (degree,), coefficient = min(poly.terms())
    return degree, coefficient


def _relative_coefficient(numerator: Poly, denominator: Poly, kn: int, kd: int, order: int) -> Expr:
    """Coefficient of p^order in (numerator/n0 p^kn) / (denominator/d0 p^kd), lower ones being zero."""

    def normalised(poly: Poly, start: int, i: int) -> Expr:
        return poly.coeff_monomial(decay ** (start + i)) / poly.coeff_monomial(decay**start)

    return factored(normalised(numerator, kn, order) - normalised(denominator, kd, order))
