"""Numbers that the theory prints: a double with the ball that holds the exact value, and its digits.

Arithmetic carries both along. ``shown`` prints a number and refuses it unless everything in its ball rounds to the
digits that are printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flint import arb

DIGITS = re.compile(r"-?(\d*)\.?(\d*)(?:e([+-]\d+))?(%?)")
OUTSIDE = {
    "polar factors": (
        "the correlation of polar factors of matrices: its coefficients come from moments by quadrature in doubles, "
        "and beyond the sixth they are an estimate between proved bounds; norm and angle are enclosed given their sum"
    ),
    "Newton-Schulz": "the law of large matrices by a transform in doubles, right to a relative order 1/min(rows, cols)",
    "crossing": "the count of steps to a level of the angle, by the recursion in doubles",
    "gain": "under a gain the decay per step is a root that is taken as it was found; the rest is enclosed given that",
    "returned": "what a call returns, shown as Python prints it",
    "report": "predictions beside their measurements; at recipes whose predictions are enclosed",
    "own rule": "printed by the command line, which needs no ball arithmetic; its simulation stands beside it",
    "explanation": "sentences of the command line on a run's history, an interpolated law that is itself approximate",
    "quadrature": "the expected largest of many normal numbers, a quadrature of 15 digits",
    "fixed point": "the modulus of complex multipliers at a fixed point, in 30 digits of mpmath",
    "single precision": "what single precision makes of a number is the number's point",
    "random scales": "an average over drawn scales with its standard error",
}
"""The theory's numbers in the book that have no enclosure, and why."""


class WrongDigits(ArithmeticError):
    """The digits are not those of the enclosure; the message has both."""


class Enclosed(float):
    """A double of the theory; ``ball`` holds the exact value that it stands for, and is computed when asked."""

    _ball: arb | Callable[[], arb]

    def __new__(cls, value: float, ball: arb | Callable[[], arb]) -> Enclosed:
        """A double, and its ball or what computes that."""
        made = super().__new__(cls, value)
        made._ball = ball
        return made

    @property
    def ball(self) -> arb:
        """The enclosure of the exact value."""
        if callable(self._ball):
            self._ball = self._ball()
        return self._ball

    def __neg__(self) -> Enclosed:
        return Enclosed(-float(self), lambda: -self.ball)

    def __add__(self, other: float) -> Enclosed:
        return _both(float.__add__, lambda x, y: x + y, self, other)

    def __sub__(self, other: float) -> Enclosed:
        return _both(float.__sub__, lambda x, y: x - y, self, other)

    def __rsub__(self, other: float) -> Enclosed:
        return _both(float.__sub__, lambda x, y: x - y, other, self)

    def __mul__(self, other: float) -> Enclosed:
        return _both(float.__mul__, lambda x, y: x * y, self, other)

    def __truediv__(self, other: float) -> Enclosed:
        return _both(float.__truediv__, lambda x, y: x / y, self, other)

    def __rtruediv__(self, other: float) -> Enclosed:
        return _both(float.__truediv__, lambda x, y: x / y, other, self)

    def __pow__(self, other: float, modulo: None = None) -> Enclosed:
        return _both(float.__pow__, lambda x, y: x**y, self, other)

    def __abs__(self) -> Enclosed:
        return Enclosed(abs(float(self)), lambda: abs(self.ball))

    __radd__, __rmul__ = __add__, __mul__


def _both(of_doubles: Callable[..., Any], of_balls: Callable[..., Any], left: float, right: float) -> Any:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return NotImplemented
    return Enclosed(of_doubles(float(left), float(right)), lambda: of_balls(ball(left), ball(right)))


def ball(number: float) -> arb:
    """The ball of an enclosed number; any other is exactly what it is."""
    from proofs.balls import exact

    return number.ball if isinstance(number, Enclosed) else exact(number)


def shown(number: float, spec: str) -> str:
    """The number in a format such as ".4f" or ".3g"; refused unless its whole ball rounds to these digits."""
    if not isinstance(number, Enclosed):
        raise WrongDigits(f"{float(number)!r} has no enclosure: print it as measured, or as outside with a reason")
    value, half = _read(format(float(number), "#" + spec))
    if not within(number.ball, value, half):
        raise WrongDigits(f"{format(float(number), spec)} is not the rounded value of {number.ball.str(20)}")
    return format(float(number), spec)


def within(ball: arb, value: Fraction, half: Fraction) -> bool:
    """Whether every point of the ball lies within ``half`` of the value."""
    from proofs.balls import exact

    return bool(exact(value - half) <= ball) and bool(ball <= exact(value + half))


def outside(number: float, spec: str, why: str) -> str:
    """The digits of a number of the theory without enclosure; ``why`` is a key of OUTSIDE."""
    if why not in OUTSIDE:
        raise KeyError(f"{why}: no such reason; known are {', '.join(OUTSIDE)}")
    return format(number, spec)


def _read(text: str) -> tuple[Fraction, Fraction]:
    """A printed number and half a unit of its last place."""
    found = DIGITS.fullmatch(text)
    if found is None:
        raise WrongDigits(f"{text} is no number")
    whole, places, exponent, percent = found.groups()
    last = Fraction(10) ** (int(exponent or 0) - 2 * len(percent) - len(places))
    return (-1 if text.startswith("-") else 1) * int(whole + places) * last, last / 2
