"""SymPy expressions in Arb's ball arithmetic: a ball that contains the exact value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flint import arb, ctx, fmpq
from sympy import Expr, Symbol, sympify

from theory.series import WeightedSeries
from theory.symbols import index

ctx.prec = BITS = 192
TERMS = 4000
"""Longest partial sum of a series."""
CONSTANTS: dict[str, Callable[[], arb]] = {"Pi": arb.pi, "Exp1": lambda: arb(1).exp(), "EulerGamma": arb.const_euler}
FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "exp": arb.exp, "log": arb.log, "sin": arb.sin, "cos": arb.cos, "tan": arb.tan, "asin": arb.asin,
    "acos": arb.acos, "atan": arb.atan, "sinh": arb.sinh, "cosh": arb.cosh, "tanh": arb.tanh, "erf": arb.erf,
    "erfi": arb.erfi, "gamma": arb.gamma, "loggamma": arb.lgamma, "Abs": abs, "factorial": lambda x: (x + 1).gamma(),
}  # fmt: skip


class NotEnclosed(ValueError):
    """No ball arithmetic for this expression; the message names it."""


def exact(number: Any) -> arb:
    """The exact value of a rational number or of a double."""
    if isinstance(number, float):
        return arb(fmpq(*number.as_integer_ratio()))
    number = sympify(number)
    return arb(fmpq(int(number.p), int(number.q)))


def enclose(expression: Expr, values: Mapping[Symbol, arb]) -> arb:
    """A ball around the expression at balls for its symbols."""
    expression = sympify(expression)
    if expression.is_Rational:
        return exact(expression)
    if expression.is_Symbol:
        return values[expression]
    parts = [enclose(part, values) for part in expression.args] if not expression.is_Pow else []
    if expression.is_Add:
        return sum(parts[1:], parts[0])
    if expression.is_Mul:
        total = parts[0]
        for part in parts[1:]:
            total = total * part
        return total
    if expression.is_Pow:
        base, exponent = expression.args
        inside = enclose(base, values)
        if exponent.is_Integer:
            return inside ** int(exponent)
        if exponent.is_Rational:
            return inside.root(int(exponent.q)) ** int(exponent.p)
        return inside ** enclose(exponent, values)
    name = type(expression).__name__
    if name in CONSTANTS:
        return CONSTANTS[name]()
    if name in FUNCTIONS and len(parts) == 1:
        return FUNCTIONS[name](parts[0])
    if name == "polygamma" and expression.args[0] == 0:
        return parts[1].digamma()
    if name in ("Max", "Min"):
        return _extreme(parts, getattr(arb, name.lower()))
    raise NotEnclosed(f"{name} has no enclosure here")


def _extreme(parts: list[arb], choose: Callable[[arb, arb], arb]) -> arb:
    found = parts[0]
    for part in parts[1:]:
        found = choose(found, part)
    return found


def enclose_series(series: WeightedSeries, values: Mapping[Symbol, arb]) -> arb:
    """A ball around the whole series: a partial sum and the bound on its tail."""
    weight, total = enclose(series.first_weight, values), arb(0)
    beyond, ratio = 1 - enclose(series.ratio_bound, values), series.ratio
    for n in range(TERMS):
        at = {**values, index: arb(n)}
        tail = weight * enclose(series.factor_bound, at) / beyond
        if n and abs(tail) < abs(total) * arb(2) ** -80:
            return total + arb(0, tail.abs_upper())
        total += weight * enclose(series.factor, at)
        weight *= enclose(ratio, at)
    raise NotEnclosed(f"a series needs more than {TERMS} terms")
