"""The domain of every symbol, as polynomials that are positive on it."""

from __future__ import annotations

from sympy import Expr, Integer, Symbol

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
