"""The effective learning rate: what the direction of a scale-invariant weight sees.

A step w' = a w - lr u(w) with u homogeneous of degree -nu (nu = 1: a gradient; nu = 0: a normalised update)
and orthogonal to w turns w by an angle whose tangent is Phi |u(w/|w|)|, Phi = lr/(a |w|^(1 + nu)).
"""

from __future__ import annotations

from sympy import Expr, Symbol, simplify, solve, sqrt

from theory.derivation import recorded
from theory.symbols import INTERIOR, decay, direction_lr, lr, squared_norm, unit_gradient_square

later_lr = Symbol(r"\eta'", positive=True)
"""Learning rate of the next step."""
later_decay = Symbol("p'", positive=True)
"""Decay of the next step."""


@recorded
def effective_lr(degree: int = 1, lr: Expr = lr, decay: Expr = decay, squared_norm: Expr = squared_norm) -> Expr:
    """Phi = lr / ((1 - p) |w|^(1 + nu))."""
    return lr / ((1 - decay) * sqrt(squared_norm) ** (1 + degree))


@recorded
def next_squared_norm(degree: int = 1) -> Expr:
    """|w'|^2 = a^2 |w|^2 + lr^2 G / |w|^(2 nu) for an update orthogonal to w."""
    return (1 - decay) ** 2 * squared_norm + lr**2 * unit_gradient_square / squared_norm**degree


@recorded
def growth(degree: int = 1) -> Expr:
    """B = lr'/(lr a' a^nu): how Phi grows over a step without update."""
    return later_lr / (lr * (1 - later_decay) * (1 - decay) ** degree)


@recorded
def next_effective_lr(degree: int = 1) -> Expr:
    """Phi' = B Phi / (1 + Phi^2 G)^((1 + nu)/2)."""
    turned = 1 + direction_lr**2 * unit_gradient_square
    return growth(degree) * direction_lr / sqrt(turned) ** (1 + degree)


@recorded
def squared_tangent() -> Expr:
    """tan^2 of the angle of one step, Phi^2 G."""
    return direction_lr**2 * unit_gradient_square


@recorded
def balanced_tangent_square(degree: int = 1) -> Expr:
    """Phi^2 G at the fixed point of Phi, at constant lr and decay."""
    constant = {later_lr: lr, later_decay: decay}
    tangent = Symbol("x", positive=True)
    grown = growth(degree).subs(constant)
    found = solve(grown**2 - (1 + tangent) ** (1 + degree), tangent)
    (positive,) = [x for x in found if x.subs(decay, INTERIOR[decay]) > 0]
    return simplify(positive)


@recorded
def next_inverse_square() -> Expr:
    """v' for v = Phi^-2 under SGD at constant lr and decay: a^4 (v + G)^2 / v."""
    constant = {later_lr: lr, later_decay: decay, direction_lr: 1 / sqrt(squared_norm)}
    return simplify(1 / next_effective_lr().subs(constant) ** 2)


@recorded
def adam_g() -> tuple[Expr, Expr, Expr]:
    """beta2, learning rate and the fixed point Phi^2 G of AdamG: v' = beta2 v + G, step lr g/sqrt(v).

    The expansion of ``next_inverse_square`` in G/v to first order, with v scaled so that G has weight one.
    """
    ratio = Symbol("x", positive=True)  # G / v
    grown = (next_inverse_square() / squared_norm).subs(unit_gradient_square, ratio * squared_norm)
    kept, added = (simplify(grown.diff(ratio, k).subs(ratio, 0)) for k in (0, 1))
    return kept, 1 / sqrt(added), simplify((1 - kept) / added)


@recorded
def adam_g_excess() -> Expr:
    """Phi^2 of AdamG over that of SGD with decay, both at their fixed points with constant G."""
    return simplify(adam_g()[2] / balanced_tangent_square())
