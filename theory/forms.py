"""Readable normal forms: rational expressions as products of factors that are positive inside the domain."""

from __future__ import annotations

from sympy import Expr, Integer, Mul, Pow, cancel, count_ops, expand, factor, factor_list, fraction, together

from theory.symbols import INTERIOR, contraction, decay, decay_behind_gain, lr, wd


def _signed(piece: Expr) -> tuple[Expr, int]:
    value = piece.subs(INTERIOR).subs(contraction, 1 - INTERIOR[decay]).subs(wd, INTERIOR[decay] / INTERIOR[lr])
    return (expand(-piece), -1) if value.is_negative else (piece, 1)


def positive_factors(expression: Expr) -> Expr:
    """A rational expression as a quotient of factors that are positive at ``symbols.INTERIOR``."""
    sign, parts = 1, []
    for side, exponent in zip(fraction(cancel(together(expression))), (1, -1), strict=True):
        constant, pieces = factor_list(side)
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
    in_contraction = factor(expression.subs(decay, 1 - contraction))
    if decay not in in_contraction.free_symbols:
        candidates.append(positive_factors(in_contraction))
    return min(candidates, key=lambda form: (count_ops(form), len(str(form))))


def in_decay(expression: Expr) -> Expr:
    """The same expression in p alone, with a = 1 - p, P = p and lambda = p / eta written out."""
    return expression.subs({contraction: Integer(1) - decay, decay_behind_gain: decay, wd: decay / lr})
