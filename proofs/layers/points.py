"""The second oracle: both sides of every obligation at random exact rational points.

Rational sides are compared exactly, others to 50 digits. A disagreement refutes, with the point as
witness; agreement supports but proves nothing.
"""

from __future__ import annotations

import random
import time
from fractions import Fraction
from math import prod

from sympy import Expr, Integer, Rational, Symbol

from proofs.claim import Claim, Obligation
from proofs.domain import BELOW_ONE
from proofs.verdict import Outcome, Verdict

LAYER = "points"
POINTS = 12
DIGITS = 60
AGREE = Rational(1, 10**50)


def check(claim: Claim, seed: int = 0) -> Verdict:
    """Evaluate every obligation at random points of the domain."""
    begin = time.perf_counter()
    generator = random.Random(f"{claim.id} {seed}")
    detail: dict[str, object] = {}
    outcome = Outcome.HOLDS
    for owed in claim.owed:
        witness = refutes(owed, generator)
        if witness is not None:
            outcome, detail = Outcome.REFUTED, {"obligation": owed.says, "witness": witness}
            break
    return Verdict(
        LAYER,
        outcome,
        f"both sides at {POINTS} random exact rational points, rational values exactly, others to 50 digits",
        time.perf_counter() - begin,
        detail,
    )


def refutes(owed: Obligation, generator: random.Random) -> dict[str, str] | None:
    """A point at which the obligation fails, or None."""
    free = sorted(owed.left.free_symbols | owed.right.free_symbols, key=str)
    for _ in range(POINTS if free else 1):
        point = {symbol: draw(symbol, generator) for symbol in free}
        left, right = (_value(side, point) for side in (owed.left, owed.right))
        margin = 0 if left.is_Rational and right.is_Rational else AGREE * max(1, abs(left), abs(right))
        fails = abs(left - right) > margin if owed.relation == "=" else left - right > margin
        if fails:
            return {**{str(s): str(v) for s, v in point.items()}, "left": str(left.n(20)), "right": str(right.n(20))}
    return None


def draw(symbol: Symbol, generator: random.Random) -> Rational:
    """A rational number in the domain of a symbol."""
    if symbol.is_integer:
        return Integer(generator.randint(1, 12))
    denominator = generator.randint(7, 10_007)
    numerator = generator.randint(1, denominator - 1)
    return Rational(numerator, denominator) + (0 if symbol in BELOW_ONE else generator.randint(0, 3))


def _value(expression: Expr, point: dict[Symbol, Rational]) -> Expr:
    try:
        found = _exact(expression, {symbol: Fraction(int(v.p), int(v.q)) for symbol, v in point.items()})
        return Rational(found.numerator, found.denominator)
    except (NotRational, ZeroDivisionError):
        value = expression.subs(point)
        return value if value.is_Rational else value.evalf(DIGITS)


class NotRational(ValueError):
    """The expression is no rational function."""


def _exact(expression: Expr, point: dict[Symbol, Fraction]) -> Fraction:
    """The value of a rational function, by Python's fractions, which are much faster than substitution."""
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    if expression.is_Symbol:
        return point[expression]
    if expression.is_Add:
        return sum((_exact(part, point) for part in expression.args), Fraction(0))
    if expression.is_Mul:
        return prod((_exact(part, point) for part in expression.args), start=Fraction(1))
    if expression.is_Pow and expression.exp.is_Integer:
        return _exact(expression.base, point) ** int(expression.exp)
    raise NotRational(str(expression.func))
