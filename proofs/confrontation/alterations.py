"""What can be wrong with one place of a formula, each as a change of an expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, combinations

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from proofs.places import Changed, everywhere
from theory.symbols import beta1, beta2, dampening, decay, lookahead, momentum

EXCHANGED = (momentum, dampening, beta1, beta2, lookahead)
"""Symbols of one range, which are taken for each other."""


def _coefficient(place: Expr) -> Iterator[Expr]:
    """2x becomes 3x, and 2 + x becomes 3 + x."""
    if isinstance(place, Add | Mul) and place.args[0].is_Rational:
        yield place.func(place.args[0] + 1, *place.args[1:])


def _sign(place: Expr) -> Iterator[Expr]:
    """A term of a sum is taken from it."""
    if isinstance(place, Add):
        for i, term in enumerate(place.args):
            yield Add(*place.args[:i], -term, *place.args[i + 1 :])


def _term(place: Expr) -> Iterator[Expr]:
    """A term of a sum is dropped."""
    if isinstance(place, Add):
        for i in range(len(place.args)):
            yield Add(*place.args[:i], *place.args[i + 1 :])


def _factor(place: Expr) -> Iterator[Expr]:
    """A factor of a product is dropped; one that is a number stands among the coefficients."""
    if isinstance(place, Mul):
        for i, part in enumerate(place.args):
            if not part.is_number:
                yield Mul(*place.args[:i], *place.args[i + 1 :])


def _power(change: Callable[[Expr], Expr]) -> Callable[[Expr], Iterator[Expr]]:
    """Every exponent that is a number is changed; a symbol that is a factor has the exponent 1."""

    def changed(place: Expr) -> Iterator[Expr]:
        if isinstance(place, Pow) and place.exp.is_Rational:
            yield Pow(place.base, change(place.exp))
        elif isinstance(place, Mul):
            for i, part in enumerate(place.args):
                if part.is_Symbol:
                    yield Mul(*place.args[:i], Pow(part, change(Integer(1))), *place.args[i + 1 :])

    return changed


def _without_decay(place: Expr) -> Iterator[Expr]:
    """1 - p becomes 1, also where it stands inside of another sum: 2 - p = 1 + (1 - p) becomes 2."""
    if isinstance(place, Add) and place.has(decay):
        kept = place.subs(decay, 0)
        if kept != 0:
            yield kept


def _all_without_decay(expression: Expr) -> Iterator[Changed]:
    """The same in all sums at once."""
    sums = {place: place.subs(decay, 0) for place in expression.atoms(Add) if place.has(decay)}
    outer = {place: kept for place, kept in sums.items() if kept != 0}
    if outer:
        yield Changed(expression.xreplace(outer), decay, Integer(0))


def _exchanged(expression: Expr) -> Iterator[Changed]:
    """Two coefficients that both occur are taken for each other."""
    for one, other in combinations((s for s in EXCHANGED if s in expression.free_symbols), 2):
        yield Changed(expression.xreplace({one: other, other: one}), one, other)


def _at_each(change: Callable[[Expr], Iterator[Expr]]) -> Callable[[Expr], Iterator[Changed]]:
    def changed(expression: Expr) -> Iterator[Changed]:
        if isinstance(expression, Symbol):  # a formula of one symbol has the exponent 1 and the coefficient 1
            yield from (Changed(other, expression, other) for other in _of_symbol(change, expression))
        yield from everywhere(expression, change)

    return changed


def _of_symbol(change: Callable[[Expr], Iterator[Expr]], symbol: Symbol) -> Iterator[Expr]:
    """What a change makes of 1 * symbol."""
    if change is _coefficient:
        yield 2 * symbol
    yield from change(Mul(Integer(1), symbol, evaluate=False))


KINDS: dict[str, Callable[[Expr], Iterator[Changed]]] = {
    "a coefficient + 1": _at_each(_coefficient),
    "a sign turned": _at_each(_sign),
    "a term dropped": _at_each(_term),
    "a factor dropped": _at_each(_factor),
    "an exponent + 1": _at_each(_power(lambda e: e + 1)),
    "an exponent halved": _at_each(_power(lambda e: e / 2)),
    "1 - p taken as 1": lambda e: chain(_at_each(_without_decay)(e), _all_without_decay(e)),
    "two coefficients exchanged": _exchanged,
}
"""The changes of one place, by what a report calls them."""
