"""What a rule leaves unsaid: its hyper-parameters from its symbols, and the theory's symbols behind plain names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Symbol, sqrt

from theory import domain, symbols
from theory.domain import Parameter

KNOWN = {
    p.name: p
    for p in (
        domain.LEARNING_RATE, domain.WEIGHT_DECAY, domain.MOMENTUM, domain.DAMPENING, domain.BETA1,
        replace(domain.LION_BETA2, default=None, meaning="second EMA coefficient"),
        domain.DIM, domain.GRAD_NORM, domain.KURTOSIS, domain.TRUST, domain.AT_STEP, domain.MOMENTUM_DECAY,
    )
}  # fmt: skip
"""Hyper-parameters whose range follows from their name."""
CALLED: dict[str, Expr] = {
    **symbols.OF_PARAMETER,
    "grad_norm": sqrt(symbols.energy),
    "energy": symbols.energy,
    "squared_norm": symbols.squared_norm,
    "eta": symbols.lr,
    "lambda": symbols.wd,
}
"""What a symbol of the theory may be called by somebody who declares their own."""
RESERVED = {str(s) for s in (symbols.decay, symbols.decay_behind_gain, symbols.gain, symbols.multiplier)} | {"A"}
"""Names that mean something else in the engine's formulas."""
NAME_OF = {symbol: name for name, symbol in symbols.OF_PARAMETER.items()}


class BadRule(ValueError):
    """What was written describes no update rule; the message says why."""


def canonical(expression: Expr) -> Expr:
    """The expression with symbols that are called like one of the theory's replaced by it."""
    return expression.subs({s: CALLED[s.name] for s in expression.free_symbols if s.name in CALLED})


def inferred_parameters(
    rule: str,
    expressions: Iterable[Expr],
    definitions: Sequence[tuple[Symbol, Expr]],
    given: Sequence[Parameter],
    defaults: Mapping[str | Symbol, float],
) -> tuple[Parameter, ...]:
    """The hyper-parameters given, then those of the remaining symbols, with defaults put in; raises BadRule."""
    free = set().union(*(e.free_symbols for e in expressions)) - {symbols.squared_norm}
    free |= set().union(*(e.free_symbols for _, e in definitions)) - {symbols.squared_norm}
    free -= {s for s, _ in definitions} | {s for s in free if s.name.startswith("G_")}
    for symbol in (symbols.lr, symbols.wd):
        if symbol not in free:
            raise BadRule(f"{rule}: {NAME_OF[symbol]} does not occur in the step, where p = lr*wd sets the equilibrium")
    parameters = {p.name: p for p in given}
    for symbol in sorted(free, key=_order):
        name = NAME_OF.get(symbol, symbol.name)
        if name not in parameters:
            parameters[name] = _of_symbol(rule, symbol, name)
    names = [s.name for s in free]
    for name in names:
        if names.count(name) > 1:
            raise BadRule(f"{rule}: two different symbols are called {name}")
    for key, value in defaults.items():
        name = NAME_OF.get(key, str(key)) if isinstance(key, Symbol) else key
        name = NAME_OF.get(CALLED.get(name), name)
        if name not in parameters:
            raise BadRule(
                f"{rule}: the default of {name} belongs to no hyper-parameter; there are {', '.join(parameters)}"
            )
        parameters[name] = replace(parameters[name], default=parameters[name].check(float(value)))
    return tuple(parameters.values())


def numbers_of(
    free: Iterable[Symbol], definitions: Sequence[tuple[Symbol, Expr]], chosen: Mapping[str, float | None]
) -> dict[Symbol, float]:
    """The symbols at hyper-parameters by name; grad_norm stands for sqrt(L)."""
    every = set(free) | set().union(*(e.free_symbols for _, e in definitions))
    named = {symbol: chosen.get(NAME_OF.get(symbol, symbol.name)) for symbol in every}
    found = {symbol: float(value) for symbol, value in named.items() if value is not None}
    if symbols.energy in found:
        found[symbols.energy] **= 2
    for symbol, expression in definitions:
        found[symbol] = float(expression.subs(found))
    return found


def _order(symbol: Symbol) -> tuple[int, str]:
    known = list(symbols.OF_PARAMETER.values())
    return known.index(symbol) if symbol in known else len(known), symbol.name


def _of_symbol(rule: str, symbol: Symbol, name: str) -> Parameter:
    if name in KNOWN:
        return KNOWN[name]
    if name in RESERVED or not name.isidentifier():
        why = "means something else in the theory" if name in RESERVED else "is no name that can be typed"
        raise BadRule(f"{rule}: the symbol {name} {why}; call it otherwise")
    low = 0.0 if symbol.is_nonnegative else -math.inf
    return Parameter(name, low, math.inf, not symbol.is_positive, None, f"{name} of {rule}")
