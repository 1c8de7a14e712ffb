"""Normalised autocorrelation R_k of an optimizer's input, as a mixture of geometric sequences.

R_0 = 1 and R_k = sum_n weight(n) mode(n)^(k-1) for k >= 1. White input is the empty mixture, AR(1)
has one term, the sign of a Gaussian filter infinitely many.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr, Integer, Matrix, Symbol, eye

from theory.series import WeightedSeries
from theory.symbols import lag


@dataclass(frozen=True)
class Autocorrelation:
    """R_k of a stationary input with R_0 = 1.

    ``modes``: a finite mixture as (weight, mode) pairs. ``series``: an infinite one, whose ``factor``
    is the mode itself. ``source_modes``: the multipliers of the linear filter behind the input.
    ``abbreviations``: subexpressions with the symbols that stand for them in print. ``origin``: what it was derived by.
    """

    modes: tuple[tuple[Expr, Expr], ...] = ()
    series: WeightedSeries | None = None
    source_modes: tuple[Expr, ...] = ()
    abbreviations: tuple[tuple[Symbol, Expr], ...] = ()
    origin: str = field(default="", compare=False, repr=False)

    @property
    def is_white(self) -> bool:
        """Whether R_k = 0 for every k > 0."""
        return not self.modes and self.series is None

    def at_lag(self, k: Expr = lag) -> Expr:
        """R_k for k >= 1, an unevaluated Sum where the mixture is infinite."""
        finite = sum((w * r ** (k - 1) for w, r in self.modes), Integer(0))
        if self.series is None:
            return finite
        mode = self.series.factor
        return finite + self.series.replace_factor(mode ** (k - 1), mode ** (k - 1)).expression

    def cross(self, transition: Matrix, drive: Matrix) -> tuple[Matrix, dict[Symbol, WeightedSeries]]:
        """c = E<s_t, x_t>/q = sum_{k>=1} M^(k-1) N R_k = sum_n weight(n) (1 - mode(n) M)^(-1) N.

        Infinite mixtures appear as symbols T_i, returned with their series. Needs a 1 x 1 M there.
        """
        size = transition.rows
        total = Matrix.zeros(size, 1)
        for weight, mode in self.modes:
            total += weight * (eye(size) - mode * transition).inv() * drive
        if self.series is None:
            return total, {}
        if size != 1:
            raise ValueError("an infinite mixture is summed for a weight without further state only")
        contraction, mode = transition[0, 0], self.series.factor
        resolvent = 1 / (1 - mode * contraction)
        # |1 - r a| >= 1 - r|a|, and r decreases along the mixture.
        series = self.series.replace_factor(resolvent, 1 / (1 - mode * abs(contraction)))
        symbol = Symbol("T", positive=True)
        return total + symbol * drive, {symbol: series}


WHITE = Autocorrelation()
"""R_k = 0 for every k > 0."""


def geometric(first: Expr, mode: Expr) -> Autocorrelation:
    """R_k = first * mode^(k-1): AR(1) input when first = mode, a constant signal when mode = 1."""
    return Autocorrelation(modes=((first, mode),), source_modes=(mode,))
