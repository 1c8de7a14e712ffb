"""An expression as a number of thirty digits, or none: where a formula has no value that a norm or cosine can have."""

from __future__ import annotations

import math
from collections.abc import Mapping

import mpmath
import numpy as np
from sympy import Add, Expr, Integer, Mul, Pow, Sum, asin, lambdify

from theory.codegen import identifier

DIGITS = 30
TERMS = 1 << 14
"""Terms of a series that are added at a time."""
MOST = 64
"""Times that this is done before a series counts as divergent."""


def number(expression: Expr, values: Mapping[str, float]) -> float | None:
    """The value at numbers for the symbols; None where it is not real and finite."""
    with mpmath.workdps(DIGITS):
        try:
            found = _value(expression, values, {})
            return float(found) if mpmath.im(found) == 0 and mpmath.isfinite(found) else None
        except (ZeroDivisionError, OverflowError, ValueError):
            return None


def _value(expression: Expr, values: Mapping[str, float], known: dict[Expr, mpmath.mpf]) -> mpmath.mpf:
    """The value, with those of parts that were met before."""
    if expression not in known:
        known[expression] = _computed(expression, values, known)
    return known[expression]


def _computed(expression: Expr, values: Mapping[str, float], known: dict[Expr, mpmath.mpf]) -> mpmath.mpf:
    if expression.is_Symbol:
        return mpmath.mpf(values[identifier(expression)])
    if expression.is_Rational:
        return mpmath.mpf(int(expression.p)) / int(expression.q)
    if isinstance(expression, Add):
        return sum((_value(part, values, known) for part in expression.args), mpmath.mpf(0))
    if isinstance(expression, Mul):
        return mpmath.fprod(_value(part, values, known) for part in expression.args)
    if isinstance(expression, Pow):
        return _value(expression.base, values, known) ** _value(expression.exp, values, known)
    if isinstance(expression, asin):
        return mpmath.asin(_value(expression.args[0], values, known))
    if isinstance(expression, Sum):
        return mpmath.mpf(series(expression, values))
    if expression.is_number and expression.is_finite:
        return mpmath.mpmathify(expression.evalf(DIGITS))
    raise ValueError(f"{expression.func} has no number here")


def series(expression: Sum, values: Mapping[str, float]) -> float:
    """A series of terms that shrink at last, in double precision; ValueError where they do not."""
    term, (index, first, _) = expression.args
    symbols = sorted(term.free_symbols - {index}, key=str)
    at = {s: Integer(0) for s in symbols if identifier(s) not in values}
    function = lambdify([index, *symbols], term.subs(at), modules="numpy")
    known = [values.get(identifier(s), 0.0) for s in symbols]
    total, start = 0.0, int(first)
    for _ in range(MOST):
        with np.errstate(all="ignore"):
            terms = np.asarray(function(np.arange(start, start + TERMS, dtype=float), *known), dtype=float)
        added = math.fsum(np.broadcast_to(terms, (TERMS,)).tolist())
        total += added
        if not math.isfinite(total):
            break
        if abs(added) <= 1e-17 * abs(total) or not added:
            return total
        start += TERMS
    raise ValueError("the series has no sum here")
