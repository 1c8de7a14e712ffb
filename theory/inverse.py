"""Equilibria turned around: lr*wd, or lr, as exact expressions in a wanted angle, half-life or norm.

Each is what SymPy's ``solve`` makes of the equilibrium's own expression, so no inverse is typed in. Where
an expression holds a series (Lion) or is no polynomial of low degree, there is no closed form, and
``theory.solving`` finds the number.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import (
    Expr,
    Integer,
    Matrix,
    Mul,
    Rational,
    Symbol,
    cancel,
    degree,
    factor,
    factor_list,
    numer,
    simplify,
    solve,
    symbols,
    together,
)

from theory.derivation import recorded
from theory.equilibrium import Equilibrium
from theory.forms import factored, positive_factors
from theory.symbols import INTERIOR, decay, energy, lr, multiplier, wd

cosine = Symbol(r"\cos\theta", real=True)
"""The wanted cosine of the angular update."""
rate = Symbol("z", positive=True)
"""The wanted multiplier per step of the squared norm's deviation, 2^(-1/T) for a half-life of T steps."""
norm = Symbol(r"\|w\|", positive=True)
"""The wanted equilibrium norm."""
steps = Symbol("k", positive=True)
"""A factor: of steps, or of the batch size."""


INSIDE = (
    INTERIOR
    | {cosine: Rational(7, 8), rate: Rational(7, 8), steps: Integer(2), norm: Integer(2)}
    | {wd: INTERIOR[decay] / INTERIOR[lr]}
)
"""A point inside every domain, for signs."""


class NoClosedForm(ValueError):
    """The equilibrium does not invert in radicals of degree two; ``theory.solving`` gives the number."""


@recorded
def decay_for_angle(found: Equilibrium) -> Expr:
    """p = eta*lambda at which the angular update has a wanted cosine."""
    return _inverted(found, found.one_minus_cosine, 1 - cosine, decay)


@recorded
def decay_for_rate(found: Equilibrium) -> Expr:
    """p at which the squared norm's deviation shrinks by z a step: from the multiplier that is 1 at p = 0."""
    at = {multiplier: Integer(1), decay: Integer(0)}
    pieces = [piece for piece, _ in factor_list(numer(together(found.characteristic_polynomial)))[1]]
    (slow,) = [piece for piece in pieces if piece.subs(at).expand() == 0]
    return tidied(_branch(found, slow.subs(multiplier, rate), decay, {rate: 1 - INTERIOR[decay] / 1000}))


@recorded
def decay_for_norm(found: Equilibrium) -> Expr:
    """p at which the norm is as wanted, at given lr; the smaller of two, where there are two."""
    return _inverted(found, found.norm_power, norm**found.norm_exponent, decay)


@recorded
def lr_for_norm(found: Equilibrium) -> Expr:
    """The learning rate at which the norm is as wanted, at given wd."""
    return _inverted(found, found.norm_power.subs(decay, lr * wd), norm**found.norm_exponent, lr)


@recorded
def smallest_norm(found: Equilibrium) -> Expr:
    """norm^(its exponent) at the decay where it is least, for given lr: no decay gives a smaller norm."""
    slope = numer(together(found.norm_power.diff(decay)))
    return simplify(found.norm_power.subs(decay, _branch(found, slope, decay, {})))


@recorded
def turn_per_relaxation(found: Equilibrium) -> Expr:
    """theta^2 / (1 - z) as p -> 0: the squared angle turned in the time in which the norm's deviation falls.

    It holds no lr and no wd. The half-life is log 2 / (1 - z) to that order.
    """
    squared = 2 * found.one_minus_cosine_leading_order.leading
    return positive_factors(cancel(squared / (1 - found.rate_leading_order)))


@recorded
def cosine_after(found: Equilibrium, count: int) -> Expr:
    """E<w_t, w_{t+k}> / E|w|^2 at equilibrium for k = ``count`` steps, for white input: (M^k G)_00 / G_00."""
    if found.rule.autocorrelation.source_modes:
        raise NoClosedForm(f"{found.rule.name}: its input is correlated")
    recursion = found.recursion
    moved: Matrix = recursion.unit_gram[:, 0]
    for _ in range(count):
        moved = (recursion.transition * moved).applyfunc(factored)
    return factored(moved[0] / recursion.unit_gram[0, 0])


@recorded
def turn_of_steps(found: Equilibrium, count: int) -> Expr:
    """(1 - cos after k steps) / (1 - cos after one) as p -> 0, k = ``count``: how squared angles add."""
    ratio = factored((1 - cosine_after(found, count)) / found.one_minus_cosine)
    return factored(ratio.subs(decay, 0))


@recorded
def scaling_rule(found: Equilibrium, noise: Expr) -> tuple[Expr, Expr]:
    """Factors of (lr, wd) that carry a run to another batch size, to leading order in p.

    A k-fold batch multiplies the input's energy by ``noise`` (1/k where the gradient is mostly noise, 1 for
    a normalised input). The factors keep the half-life in samples (1 - z grows k-fold) and the norm.
    """
    by_lr, by_wd = symbols("x y", positive=True)
    factors = {lr: by_lr, decay: by_lr * by_wd, energy: noise}
    size = found.norm_leading_order.leading**found.norm_exponent
    slope = 1 - found.rate_leading_order
    demands = [
        cancel(rescaled(slope, factors) / slope) - steps,
        simplify(rescaled(size, factors) / size) - 1,
    ]
    (rule,) = solve(demands, [by_lr, by_wd], dict=True)
    return rule[by_lr], rule[by_wd]


@recorded
def rescaled(expression: Expr, factors: Mapping[Symbol, Expr]) -> Expr:
    """The expression with symbols multiplied by factors: another batch size, another lr or wd."""
    return expression.subs({symbol: symbol * by for symbol, by in factors.items()}, simultaneous=True)


@recorded
def oriented(expression: Expr) -> Expr:
    """A product with every factor written so that it is positive inside the domain."""
    sign, parts = 1, []
    for part in Mul.make_args(expression):
        base, exponent = part.as_base_exp()
        if exponent.is_integer and base.is_Add and base.subs(INSIDE).evalf().is_negative:
            sign = -sign if exponent % 2 else sign
            part = (-base).expand() ** exponent
        parts.append(part)
    return sign * Mul(*parts)


def _inverted(found: Equilibrium, forward: Expr, wanted: Expr, unknown: Symbol) -> Expr:
    if forward.free_symbols & set(found.series):
        raise NoClosedForm(f"{found.rule.name}: a series stands in the way")
    value = Symbol("y", positive=True)
    root = _branch(found, numer(together(forward - value)), unknown, {value: forward.subs(INSIDE)})
    return tidied(root.subs(value, wanted))


def _branch(found: Equilibrium, equation: Expr, unknown: Symbol, at: Mapping[Symbol, Expr]) -> Expr:
    """The root of the equation that is positive and smallest at an inner point, which is the one at small p."""
    if degree(equation, unknown) > 2:
        raise NoClosedForm(f"{found.rule.name}: an equation of degree {degree(equation, unknown)}")
    inner = {symbol: value for symbol, value in INSIDE.items() if symbol != unknown}
    sized = [(root.subs(at).subs(inner).evalf(), root) for root in solve(equation, unknown)]
    positive = [(size, root) for size, root in sized if size.is_positive]
    if not positive:
        raise NoClosedForm(f"{found.rule.name}: no positive root")
    return min(positive, key=lambda pair: pair[0])[1]


@recorded
def tidied(root: Expr) -> Expr:
    """A rational root as a product of factors, another simplified."""
    return oriented(factor(root) if root.is_rational_function() else factor(simplify(root), deep=True))
