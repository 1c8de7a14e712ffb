"""Readable normal forms: rational expressions as products of factors that are positive inside the domain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sympy import (
    Expr,
    Float,
    Integer,
    Mul,
    Pow,
    cancel,
    count_ops,
    expand,
    factor,
    factor_list,
    fraction,
    sfield,
    sympify,
    together,
)
from sympy.polys.fields import FracElement

from theory.symbols import INTERIOR, contraction, decay, decay_behind_gain, lr, wd


@cache
def factored(expression: Expr) -> Expr:
    """``sympy.factor`` of an expression, in the same form, by polynomial arithmetic where it is a rational function."""
    quotient = _quotient(sympify(expression))
    if quotient is None:
        return factor(expression)
    constant, product = Integer(1), Integer(1)
    for number, pieces, exponent in _factors(quotient):
        constant *= number**exponent
        product *= Mul(*(Pow(piece, exponent * times) for piece, times in pieces))
    return Mul(constant, product, evaluate=not product.is_Add or abs(constant) == 1)


def _quotient(expression: Expr) -> FracElement | None:
    """The expression in lowest terms over the integers; None where it is no rational function of its symbols."""
    if not expression.free_symbols or expression.has(Float):
        return None
    field, _ = sfield(list(expression.free_symbols))
    try:
        return field.from_expr(expression)
    except (ValueError, ZeroDivisionError):
        return None


def _factors(quotient: FracElement) -> Iterator[tuple[Expr, list[tuple[Expr, int]], int]]:
    """Constant and irreducible factors of the numerator, exponent 1, and of the denominator, exponent -1."""
    for side, exponent in ((quotient.numer, 1), (quotient.denom, -1)):
        number, pieces = side.factor_list()
        yield Integer(number), [(piece.as_expr(), times) for piece, times in pieces], exponent


@cache
def _signed(piece: Expr) -> tuple[Expr, int]:
    value = piece.subs(INTERIOR).subs(contraction, 1 - INTERIOR[decay]).subs(wd, INTERIOR[decay] / INTERIOR[lr])
    return (expand(-piece), -1) if value.is_negative else (piece, 1)


@cache
def positive_factors(expression: Expr) -> Expr:
    """A rational expression as a quotient of factors that are positive at ``symbols.INTERIOR``."""
    quotient = _quotient(sympify(expression))
    if quotient is None:
        sides = zip(fraction(cancel(together(expression))), (1, -1), strict=True)
        found = [(*factor_list(side), exponent) for side, exponent in sides]
    else:
        found = list(_factors(quotient))
    sign, parts = 1, []
    for constant, pieces, exponent in found:
        parts.append(Pow(constant, exponent))
        for piece, times in pieces:
            oriented, flip = _signed(piece)
            sign *= flip**times
            parts.append(Pow(oriented, exponent * times))
    return sign * Mul(*parts)


def tidy(expression: Expr) -> Expr:
    """The shortest of a few equal forms: in p, in lambda or in a = 1 - p; a product or one minus a product."""
    candidates = [positive_factors(expression), 1 - positive_factors(1 - expression)]
    if lr in expression.free_symbols:
        candidates.append(positive_factors(expression.subs(decay, lr * wd)))
    in_contraction = factored(expression.subs(decay, 1 - contraction))
    if decay not in in_contraction.free_symbols:
        candidates.append(positive_factors(in_contraction))
    return min(candidates, key=lambda form: (count_ops(form), len(str(form))))


def in_decay(expression: Expr) -> Expr:
    """The same expression in p alone, with a = 1 - p, P = p and lambda = p / eta written out."""
    return expression.subs({contraction: Integer(1) - decay, decay_behind_gain: decay, wd: decay / lr})
