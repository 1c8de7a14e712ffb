"""Series of positive weights with a proven bound on the tail: sum over n of weight(n) * mode(n)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from sympy import Expr, Sum, Symbol, combsimp, gammasimp, lambdify, oo, powsimp

from theory.summation import Array, NumericSeries
from theory.symbols import index


@cache
def _compiled(expression: Expr, names: tuple[Symbol, ...]) -> Callable[..., Array]:
    return lambdify(names, expression, modules="numpy")


@dataclass(frozen=True)
class WeightedSeries:
    """sum_{n>=0} weight(n) * factor(n), for weights whose ratio weight(n+1)/weight(n) never exceeds ``ratio_bound``.

    ``factor_bound(n)`` bounds |factor(m)| for every m >= n, so the tail from n on is at most
    weight(n) * factor_bound(n) / (1 - ratio_bound).
    """

    weight: Expr
    factor: Expr
    ratio_bound: Expr
    factor_bound: Expr

    @property
    def expression(self) -> Expr:
        """The series as an unevaluated SymPy Sum."""
        return Sum(self.weight * self.factor, (index, 0, oo))

    @property
    def first_weight(self) -> Expr:
        """weight(0)."""
        return self.weight.subs(index, 0)

    @property
    def ratio(self) -> Expr:
        """weight(n+1) / weight(n), as a rational function of n."""
        return powsimp(gammasimp(combsimp(self.weight.subs(index, index + 1) / self.weight)))

    @property
    def tail_bound(self) -> Expr:
        """Bound on |sum_{m>=n} weight(m) factor(m)|, as an expression in n."""
        return self.weight * self.factor_bound / (1 - self.ratio_bound)

    def replace_factor(self, factor: Expr, factor_bound: Expr) -> WeightedSeries:
        """The same weights against another factor."""
        return WeightedSeries(self.weight, factor, self.ratio_bound, factor_bound)

    def at(self, values: Mapping[Symbol, float]) -> NumericSeries:
        """The series at numbers for every symbol but n."""
        names = tuple(sorted(values, key=str))
        numbers = [values[s] for s in names]

        def function(expression: Expr) -> Callable[[Array], Array]:
            compiled = _compiled(expression, (index, *names))
            return lambda n: np.broadcast_to(np.asarray(compiled(n, *numbers), dtype=float), np.shape(n))

        def number(expression: Expr) -> float:
            return float(function(expression)(np.zeros(1))[0])

        return NumericSeries(
            first_weight=number(self.first_weight),
            ratio=function(self.ratio),
            ratio_bound=number(self.ratio_bound),
            factor=function(self.factor),
            factor_bound=function(self.factor_bound),
        )
