"""Rational functions as one quotient of polynomials, without greatest common divisors.

Deciding whether a rational function vanishes needs its numerator over any common denominator, not its lowest terms.
Denominators stay products of the factors as written, so that a sum over equal ones multiplies nothing out; this is
thousands of times faster than cancelling.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import mul

from sympy import QQ, Expr
from sympy.polys.rings import PolyElement, PolyRing, ring


@dataclass(frozen=True)
class Quotient:
    """``numerator`` over the product of ``factors`` to their powers.

    ``independent`` says that the generators are plain symbols: then the quotient vanishes identically only if the
    numerator does. Otherwise generators such as sqrt(x) and x may hide a relation.
    """

    numerator: PolyElement
    factors: Counter[PolyElement]
    independent: bool

    @property
    def denominator(self) -> PolyElement:
        """The factors multiplied out."""
        return reduce(mul, (f**k for f, k in self.factors.items()), self.numerator.ring(1))


def quotient(expression: Expr) -> Quotient:
    """The expression as a quotient over the rationals; raises ZeroDivisionError where it divides by zero."""
    generators = sorted(_generators(expression), key=str)
    over, *names = ring(generators or ["x"], QQ)
    numerator, factors = _Converter(over, dict(zip(generators, names, strict=False))).convert(expression)
    return Quotient(numerator, factors, all(g.is_Symbol for g in generators))


def _generators(expression: Expr) -> set[Expr]:
    found, waiting = set(), [expression]
    while waiting:
        part = waiting.pop()
        if part.is_Add or part.is_Mul:
            waiting.extend(part.args)
        elif part.is_Pow and part.exp.is_Integer:
            waiting.append(part.base)
        elif not part.is_Rational:
            found.add(part)
    return found


class _Converter:
    def __init__(self, over: PolyRing, known: dict[Expr, PolyElement]) -> None:
        self.over, self.known = over, known
        self.done: dict[Expr, tuple[PolyElement, Counter[PolyElement]]] = {}

    def convert(self, expression: Expr) -> tuple[PolyElement, Counter[PolyElement]]:
        if expression not in self.done:
            self.done[expression] = self._convert(expression)
        return self.done[expression]

    def _convert(self, expression: Expr) -> tuple[PolyElement, Counter[PolyElement]]:
        one = self.over(1)
        if expression.is_Rational:
            return one * QQ(int(expression.p), int(expression.q)), Counter()
        if expression.is_Add:
            parts = [self.convert(part) for part in expression.args]
            common: Counter[PolyElement] = reduce(lambda x, y: x | y, (factors for _, factors in parts))
            scaled = (_times(numerator, common - factors) for numerator, factors in parts)
            return sum(scaled, self.over(0)), common
        if expression.is_Mul:
            parts = [self.convert(part) for part in expression.args]
            return reduce(mul, (n for n, _ in parts), one), sum((f for _, f in parts), Counter())
        if expression.is_Pow and expression.exp.is_Integer:
            return self._power(expression.base, int(expression.exp))
        return self.known[expression], Counter()

    def _power(self, base: Expr, exponent: int) -> tuple[PolyElement, Counter[PolyElement]]:
        numerator, factors = self.convert(base)
        if exponent >= 0:
            return numerator**exponent, Counter({f: k * exponent for f, k in factors.items()})
        if not numerator:
            raise ZeroDivisionError(f"{base} is zero and stands in a denominator")
        leading = numerator.LC
        top = _times(self.over(1), Counter({f: k * -exponent for f, k in factors.items()}))
        return top * (1 / leading) ** -exponent, Counter({numerator.monic(): -exponent})


def _times(polynomial: PolyElement, factors: Counter[PolyElement]) -> PolyElement:
    return reduce(mul, (f**k for f, k in factors.items()), polynomial)
