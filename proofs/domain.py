"""The domain of every symbol, as polynomials that are positive on it, and whether a point lies in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from sympy import Expr, Integer, Symbol, false
from sympy.core.relational import Relational

from theory import symbols

BELOW_ONE = {
    symbols.momentum,
    symbols.dampening,
    symbols.beta1,
    symbols.beta2,
    symbols.decay,
    symbols.lookahead,
    symbols.persistence,
    symbols.growth_root,
    symbols.density,
    symbols.alignment,
    symbols.alignment_square,
}
"""Symbols below 1."""
BELOW_TWO = {symbols.scaled_decay}
"""Symbols below 2."""
CORRELATIONS = {symbols.contraction, symbols.correlation, Symbol(r"\cos\theta", real=True)}
"""Symbols between -1 and 1."""


def positive_on(symbol: Symbol) -> list[tuple[Expr, bool]]:
    """(polynomial, whether it is > 0 rather than >= 0) for the lower bound of a symbol, then for the upper."""
    if symbol in CORRELATIONS:
        return [(1 + symbol, True), (1 - symbol, True)]
    if not symbol.is_nonnegative:
        return []
    lowest = Integer(1 if symbol.is_integer and symbol.is_positive else 0)
    found = [(symbol - lowest, bool(symbol.is_positive and not lowest))]
    if symbol in BELOW_ONE | BELOW_TWO:
        found.append((Integer(1 if symbol in BELOW_ONE else 2) - symbol, True))
    return found


@cache
def _bounds(symbol: Symbol) -> list[tuple[Expr, Expr, bool]]:
    """Each of them, which are linear, as (constant, slope, strict): numbers are put in without a substitution."""
    return [(bound.subs(symbol, 0), bound.coeff(symbol), strict) for bound, strict in positive_on(symbol)]


def span(symbol: Symbol) -> tuple[Expr, Expr | None]:
    """Lower and upper end of a symbol's domain; a symbol without bounds is looked at above zero."""
    ends = [-constant * slope for constant, slope, _ in _bounds(symbol)]
    return (ends[0] if ends else Integer(0)), (ends[1] if len(ends) > 1 else None)


def inside(point: Mapping[Symbol, Expr | float], hypotheses: Iterable[Relational] = ()) -> bool:
    """Whether every number lies in its symbol's domain and contradicts none of the hypotheses."""
    for symbol, value in point.items():
        for constant, slope, strict in _bounds(symbol):
            size = constant + slope * value
            if size < 0 or (strict and size == 0):
                return False
    return all(hypothesis.subs(point) != false for hypothesis in hypotheses)


def named(hyperparameters: Mapping[str, float | None]) -> dict[Symbol, float]:
    """Hyper-parameters as numbers for the theory's symbols; a decay per step given alone is that at lr = 1."""
    known = {name: float(x) for name, x in hyperparameters.items() if x is not None}
    if "lr*wd" in known:
        known |= {"lr": 1.0, "wd": known["lr*wd"]}
    of = symbols.OF_PARAMETER
    return {of[name]: x**2 if name == "grad_norm" else x for name, x in known.items() if name in of}


def in_rates(hypotheses: Iterable[Relational]) -> list[Relational]:
    """Hypotheses on the decay per step as ones on learning rate and weight decay."""
    per_step = symbols.lr * symbols.wd
    return [h.subs({symbols.decay: per_step, symbols.contraction: 1 - per_step}) for h in hypotheses]
