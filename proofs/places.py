"""Changing an expression in one place: how wrong versions of a formula are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sympy import Expr


class Changed(NamedTuple):
    """An expression with one place changed, and what stood there before and after."""

    whole: Expr
    before: Expr
    after: Expr


def everywhere(expression: Expr, change: Callable[[Expr], Iterable[Expr]]) -> Iterator[Changed]:
    """The expression with each of its places changed in turn, in every way that ``change`` knows for it."""
    for other in change(expression):
        yield Changed(other, expression, other)
    for i, part in enumerate(expression.args):
        for whole, before, after in everywhere(part, change):
            yield Changed(expression.func(*expression.args[:i], whole, *expression.args[i + 1 :]), before, after)
