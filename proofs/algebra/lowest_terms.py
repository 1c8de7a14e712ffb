"""Rational functions in lowest terms, by SymPy's arithmetic in their field: what obligations are written with.

``theory.forms`` writes what is derived; an obligation is not written by what it is to check.
"""

from __future__ import annotations

from sympy import Expr, factor, sfield


def lowest_terms(expression: Expr) -> Expr:
    """The quotient of coprime polynomials, factored: expanding the sums of many fractions at once takes minutes.

    Raises ValueError where it is no rational function.
    """
    if not expression.free_symbols:
        return factor(expression)
    field, _ = sfield(list(expression.free_symbols))
    return factor(field.from_expr(expression).as_expr())
