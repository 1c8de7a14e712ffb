"""The second oracle: both sides of every obligation at random exact rational points.

Rational sides are compared exactly, others to 50 digits. A disagreement refutes, with the point as
witness; agreement supports but proves nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from sympy import Expr, Integer, Rational, Symbol
from sympy.core.relational import Relational

from proofs.claim import Claim, Obligation
from proofs.domain import inside, span
from proofs.verdict import Outcome, Verdict

LAYER = "points"
POINTS = 12
TRIES = 20
"""Draws for each point that is wanted inside a domain."""
DIGITS = 60
AGREE = Rational(1, 10**50)


def check(claim: Claim, seed: int = 0) -> Verdict:
    """Evaluate every obligation at random points of the claim's domain; undecided where no point meets it."""
    begin = time.perf_counter()
    generator = random.Random(f"{claim.id} {seed}")
    scan = Scan(generator, claim.domain())
    detail: dict[str, object] = {}
    outcome, unmet = Outcome.HOLDS, []
    for owed in claim.owed:
        met = scan.inside
        witness = refutes(owed, scan)
        if witness is not None:
            outcome, detail = Outcome.REFUTED, {"obligation": owed.says, "witness": witness}
            break
        if scan.inside == met:
            unmet.append(owed.says)
    if unmet and outcome is Outcome.HOLDS:
        outcome, detail = Outcome.UNDECIDED, {"unmet": unmet}
    return Verdict(
        LAYER,
        outcome,
        f"both sides at {POINTS} random exact rational points, rational values exactly, others to 50 digits",
        time.perf_counter() - begin,
        detail | {"inside": scan.inside, "outside": scan.outside},
    )


@dataclass
class Scan:
    """Points drawn for a claim, with counts of those inside its domain and outside it."""

    generator: random.Random
    hypotheses: tuple[Relational, ...] = ()
    inside: int = 0
    outside: int = 0

    def points(self, symbols: Sequence[Symbol], count: int) -> Iterator[dict[Symbol, Rational]]:
        """Up to ``count`` points inside; fewer where TRIES times as many draws find no more."""
        for _ in range(TRIES * count):
            point = {symbol: draw(symbol, self.generator) for symbol in symbols}
            if not inside(point, self.hypotheses):
                self.outside += 1
                continue
            self.inside += 1
            yield point
            count -= 1
            if not count:
                return


def refutes(owed: Obligation, scan: Scan) -> dict[str, str] | None:
    """A point at which the obligation fails, or None."""
    free = sorted(owed.left.free_symbols | owed.right.free_symbols, key=str)
    for point in scan.points(free, POINTS if free else 1):
        left, right = (_value(side, point) for side in (owed.left, owed.right))
        margin = 0 if left.is_Rational and right.is_Rational else AGREE * max(1, abs(left), abs(right))
        fails = abs(left - right) > margin if owed.relation == "=" else left - right > margin
        if fails:
            return {**{str(s): str(v) for s, v in point.items()}, "left": str(left.n(20)), "right": str(right.n(20))}
    return None


def draw(symbol: Symbol, generator: random.Random) -> Rational:
    """A rational number in the domain of a symbol, below four where that has no end."""
    if symbol.is_integer:
        return Integer(generator.randint(1, 12))
    low, high = span(symbol)
    denominator = generator.randint(7, 10_007)
    share = Rational(generator.randint(1, denominator - 1), denominator)
    return low + (high - low) * share if high is not None else low + share + generator.randint(0, 3)


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
