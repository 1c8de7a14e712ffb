"""Mutants of the theory: wrong versions of its formulas, all made from the derived expressions.

One place is changed in every way of ``alterations.KINDS``, or the whole formula is one that is taken for it: the
leading order, the rule with the other decay, heavy ball for Nesterov, the arcsine without its curve, v at its mean.
A formula is E|w|^2 as the power that ``norm_power`` gives, 1 - cos, an entry of the Jacobian, or the slow multiplier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from sympy import Expr, Integer, Matrix, Sum, Symbol, asin, oo

from proofs.confrontation.alterations import KINDS
from proofs.places import Changed
from theory.catalogue import REFINED
from theory.equilibrium import Equilibrium, equilibrium_of
from theory.gaussian_filter import GaussianFilter
from theory.optimizers import OPTIMIZERS, lion, sign
from theory.symbols import INTERIOR, decay, lag

NORM, ANGLE, RATE, SLOW, SIGNS = "norm", "angle", "rate", "slow multiplier", "autocorrelation"
FILTERS: dict[str, GaussianFilter] = {"lion": lion.FILTER, "signum": sign.FILTER}
"""The filter behind the sign, where the update is one of a memory."""
OTHER_DECAY = {
    "sgdm": "sgdw", "nesterov": "nesterovw", "adamw": "adam_l2", "nadamw": "nadam_l2", "rmspropw": "rmsprop",
}  # fmt: skip
OTHER_DECAY |= {one: other for other, one in OTHER_DECAY.items()}
HEAVY_BALL = {
    "nesterov": "sgdm", "nesterovw": "sgdw", "nadamw": "adamw", "nadam_l2": "adam_l2", "nadamw_beta2": "adamw_beta2",
}  # fmt: skip
SIBLINGS = {
    "the other decay": OTHER_DECAY,
    "Nesterov as heavy ball": HEAVY_BALL,
    "v at its mean": {refined: rule for rule, refined in REFINED.items()},
}
"""Rules whose formulas are taken for those of another."""
RATED = ("sgd", "sgdm", "sgdw", "nesterov", "nesterovw", "ngd", "adamw", "nadamw", "rmspropw", "signsgd", "lion",
         "adam_l2", "rmsprop", "lamb")  # fmt: skip
"""Rules with a claim of their rate, whose Jacobian twins can answer to."""
LEADING, LINEARISED = "leading order", "the arcsine without its curve"
ONE = Integer(1)
FORMULA = 160
"""Characters of a formula that a report shows."""


@dataclass(frozen=True)
class Mutant:
    """A wrong version of one formula of a claim.

    ``of`` names the rule whose symbols ``altered`` speaks of, ``power`` is the exponent of |w| that a norm's formula
    gives, ``entry`` the place in the Jacobian.
    """

    claim: str
    optimizer: str
    quantity: str
    kind: str
    place: str
    true: Expr
    altered: Expr
    of: str
    power: Expr = ONE
    true_power: Expr = ONE
    entry: tuple[int, int] | None = None

    @property
    def formula(self) -> str:
        """The altered formula, cut where it is long."""
        return _short(self.altered)


def mutants(optimizer: str) -> Iterator[Mutant]:
    """Every mutant of a rule's formulas, each expression of a claim once."""
    seen: set[object] = set()
    for one in (*_whole(optimizer), *_in_one_place(optimizer)):
        key = (one.claim, one.quantity, one.entry, one.of, one.power, one.altered)
        if one.altered not in (one.true, 0) and key not in seen:
            seen.add(key)
            yield one


@cache
def formulas(optimizer: str) -> tuple[Mutant, ...]:
    """The formulas themselves, unaltered: what every mutant of the rule is made from."""
    found = equilibrium_of(optimizer)
    made = [_formula(optimizer, NORM, found.norm_power, found.norm_exponent)]
    made.append(_formula(optimizer, ANGLE, found.one_minus_cosine))
    if optimizer in RATED:
        slow = _slow(found)
        made += [_formula(optimizer, SLOW, slow)] if slow is not None else []
        made += [_formula(optimizer, RATE, found.jacobian[i, j], entry=(i, j)) for i, j in _entries(optimizer)]
    if optimizer == "lion":
        made.append(_formula(optimizer, SIGNS, FILTERS[optimizer].sign_autocorrelation_at(lag)))
    return tuple(made)


def _formula(
    optimizer: str, quantity: str, true: Expr, power: Expr = ONE, entry: tuple[int, int] | None = None
) -> Mutant:
    claim = f"{optimizer}-{RATE if quantity == SLOW else quantity}"
    return Mutant(claim, optimizer, quantity, "none", "", true, true, optimizer, power, power, entry)


def _with(one: Mutant, kind: str, place: str, altered: Expr, of: str = "", power: Expr | None = None) -> Mutant:
    return Mutant(
        one.claim, one.optimizer, one.quantity, kind, place, one.true, altered, of or one.of,
        one.power if power is None else power, one.true_power, one.entry,
    )  # fmt: skip


def _slow(found: Equilibrium) -> Expr | None:
    """The multiplier that is 1 at p = 0, where it is rational; else the Jacobian's entries speak for it."""
    if found.rule.gain is not None:
        return None
    rational = (z for z in found.multipliers if z.is_rational_function())
    return next((z for z in rational if z.subs(decay, 0).subs(INTERIOR) == 1), None)


def _entries(optimizer: str) -> list[tuple[int, int]]:
    """Places of the Jacobian; of a sign's, which is diagonal, the two that a design sees: its weights and buffer."""
    found = equilibrium_of(optimizer)
    size = found.jacobian.rows
    if size == 1 and _slow(found) is not None:
        return []  # the entry is the multiplier
    if optimizer in FILTERS:
        return [(0, 0), (size - 1, size - 1)]
    return [(i, j) for j in range(size) for i in range(size)]


def _in_one_place(optimizer: str) -> Iterator[Mutant]:
    for one in formulas(optimizer):
        for kind, change in KINDS.items():
            for changed in change(one.true):
                yield _with(one, kind, shown_place(changed), changed.whole)
            for name, definition, insert in _definitions(one):
                for changed in change(definition):
                    yield _with(one, kind, f"in {name}: {shown_place(changed)}", insert(changed.whole))


def _definitions(one: Mutant) -> Iterator[tuple[str, Expr, Callable[[Expr], Expr]]]:
    """(name, expression, how a changed one enters the formula) for the symbols that a formula abbreviates with.

    A definition that norm and angle share is altered in the norm alone.
    """
    for symbol, definition in OPTIMIZERS[one.optimizer].definitions:
        if symbol in one.true.free_symbols and one.quantity == NORM:
            yield str(symbol), definition, partial(_inserted, one.true, symbol)
    if one.optimizer in FILTERS and one.quantity in (NORM, ANGLE):
        correlation = FILTERS[one.optimizer].sign_autocorrelation_at(lag)
        yield "R_k", correlation, lambda new: summed(one.true, one.optimizer, new)


def _inserted(formula: Expr, symbol: Symbol, definition: Expr) -> Expr:
    return formula.xreplace({symbol: definition})


def summed(formula: Expr, optimizer: str, correlation: Expr) -> Expr:
    """The formula with its series T as the sum over lags of (1 - p)^(k - 1) R_k."""
    (symbol,) = equilibrium_of(optimizer).series
    return formula.xreplace({symbol: Sum((1 - decay) ** (lag - 1) * correlation, (lag, 1, oo))})


def _whole(optimizer: str) -> Iterator[Mutant]:
    found = equilibrium_of(optimizer)
    for one in formulas(optimizer):
        if one.quantity == NORM:
            leading = found.norm_leading_order_in_decay.leading**found.norm_exponent
            yield _with(one, LEADING, "whole", leading)
        if one.quantity == ANGLE:
            yield _with(one, LEADING, "whole", found.one_minus_cosine_leading_order.leading)
        if one.quantity == SLOW:
            yield _with(one, LEADING, "whole", found.rate_leading_order)
        yield from _taken_for(one)
        if optimizer in FILTERS and one.quantity in (NORM, ANGLE, SIGNS):
            correlation = FILTERS[optimizer].sign_autocorrelation_at(lag)
            straight = correlation.replace(asin, lambda x: x)
            altered = straight if one.quantity == SIGNS else summed(one.true, optimizer, straight)
            yield _with(one, LINEARISED, "asin(x) -> x", altered)


def _taken_for(one: Mutant) -> Iterator[Mutant]:
    for kind, others in SIBLINGS.items():
        other = others.get(one.optimizer)
        if other is None:
            continue
        found, own = equilibrium_of(other), equilibrium_of(one.optimizer)
        if one.quantity == NORM:
            yield _with(one, kind, f"that of {other}", found.norm_power, other, found.norm_exponent)
        if one.quantity == ANGLE:
            yield _with(one, kind, f"that of {other}", found.one_minus_cosine, other)
        if one.quantity == RATE and one.entry and found.rule.gain is own.rule.gain is None:
            yield _with(one, kind, f"that of {other}", Matrix(found.jacobian)[one.entry], other)


def shown_place(changed: Changed) -> str:
    """What stood at a place before and what stands there now."""
    return f"{_short(changed.before, 60)} -> {_short(changed.after, 60)}"


def _short(expression: Expr, most: int = FORMULA) -> str:
    text = str(expression)
    return text if len(text) <= most else text[: most - 1] + "…"
