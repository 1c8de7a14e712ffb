"""Projected gradient descent on the sphere with a fixed effective learning rate: groups, and the toy function.

theta' = (theta - lr grad F)/|theta - lr grad F| with groups theta_i on which F does not depend in length.
Toy function (key ``kodryan2022regimes``): F = sum kappa_i x_i^2/(x_i^2 + y_i^2) on sum |theta_i|^2 = 1. With
h = x/y and c = kappa lr/|theta|^2 of a group, the step of h is a rational map that sees nothing but c.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Integer, Matrix, Symbol, cancel, factor, limit, oo, simplify, solve, sqrt, symbols

from theory.derivation import recorded
from theory.symbols import curvature, sharpness, slope, sphere_lr, total_curvature

x, y = symbols("x y", positive=True)
common_growth = Symbol("S", positive=True)
"""S = sum of rho_j^2 T_j^2, by which 1 + S = |theta - lr grad F|^2."""


@recorded
def group_loss() -> Expr:
    """kappa x^2/(x^2 + y^2)."""
    return curvature * x**2 / (x**2 + y**2)


@recorded
def individual_lr(squared_length: Expr) -> Expr:
    """lr / rho_i^2, the learning rate at which the group's direction moves."""
    return sphere_lr / squared_length


@recorded
def group_growth(squared_tangent: Expr, growth: Expr = common_growth) -> Expr:
    """rho_i'^2/rho_i^2 = (1 + T_i^2)/(1 + S), T_i the tangent of the group's own angle per step."""
    return (1 + squared_tangent) / (1 + growth)


@recorded
@cache
def _moved() -> tuple[Expr, Expr, Expr]:
    """x', y' before normalising, and T^2, in (h, c), at y = 1."""
    at = {sphere_lr: sharpness * (x**2 + y**2) / curvature}
    pulls = [(sphere_lr * group_loss().diff(v)).subs(at) for v in (x, y)]
    there = {x: slope, y: Integer(1)}
    after = [cancel((v - pull).subs(there)) for v, pull in zip((x, y), pulls, strict=True)]
    tangent = cancel(sum(pull**2 for pull in pulls).subs(there) / (slope**2 + 1))
    return after[0], after[1], tangent


@recorded
@cache
def next_slope() -> Expr:
    """h' of one step."""
    return factor(cancel(_moved()[0] / _moved()[1]))


@recorded
@cache
def squared_tangent() -> Expr:
    """T^2 = lr^2 |grad_i|^2/rho_i^2, in (h, c)."""
    return factor(_moved()[2])


@recorded
def loss_share() -> Expr:
    """Loss of a group over its curvature, h^2/(1 + h^2)."""
    return cancel(group_loss().subs({x: slope, y: 1}) / curvature)


@recorded
def multiplier_at_minimum() -> Expr:
    """dh'/dh at h = 0: 1 - 2c."""
    return next_slope().diff(slope).subs(slope, 0)


@recorded
def convergence_sharpness() -> Expr:
    """c at which the minimum's multiplier reaches -1."""
    (found,) = solve(multiplier_at_minimum() + 1, sharpness)
    return found


@recorded
def equal_sharpness() -> Expr:
    """The common c when all groups have the same: lr K, from sum kappa_i/c_i = 1/lr."""
    return sphere_lr * total_curvature


@recorded
def convergence_lr() -> Expr:
    """The learning rate 1/K below which lengths exist at which every group's minimum attracts."""
    (found,) = solve(equal_sharpness() - convergence_sharpness(), sphere_lr)
    return found


@recorded
@cache
def cycle_slope_square() -> Expr:
    """h^2 of the two-cycle h' = -h."""
    square = Symbol("s", positive=True)
    ratio = cancel(next_slope() / slope).subs(slope, sqrt(square))
    (found,) = solve(ratio + 1, square)
    return factor(found)


@recorded
def at_cycle(expression: Expr) -> Expr:
    """An expression in (h, c) at the two-cycle."""
    return simplify(expression.subs(slope, sqrt(cycle_slope_square())))


@recorded
def cycle_loss_share() -> Expr:
    """(c - 1)/(2c)."""
    return factor(at_cycle(loss_share()))


@recorded
def cycle_squared_tangent() -> Expr:
    """T^2 = c^2 - 1."""
    return at_cycle(squared_tangent()).expand()


@recorded
@cache
def second_regime_loss() -> Expr:
    """Loss of the equalised two-cycle, (K - 1/lr)/2: every group at the same c = lr K."""
    return (total_curvature * cycle_loss_share().subs(sharpness, equal_sharpness())).expand()


@recorded
def common_multiplier() -> Expr:
    """-dh'/dh at the cycle: how a disturbance of all groups alike goes on."""
    return factor(at_cycle(-next_slope().diff(slope)))


@recorded
@cache
def difference_jacobian() -> Matrix:
    """The step of (log |h_i|, log c_i) at the cycle, differences between groups, which leave S alone."""
    images = (next_slope(), sharpness / group_growth(squared_tangent()))
    cycle = {common_growth: cycle_squared_tangent()}
    return Matrix(2, 2, lambda i, j: factor(at_cycle(_elasticity(images[i], (slope, sharpness)[j]).subs(cycle))))


def _elasticity(image: Expr, variable: Expr) -> Expr:
    return cancel(variable * image.diff(variable) / image)


@recorded
@cache
def two_step_loss_limit() -> Expr:
    """Loss share of a group summed over two successive steps as its c grows, at any h but 0."""
    both = loss_share() + loss_share().subs(slope, next_slope())
    return simplify(limit(both, sharpness, oo))


@recorded
def third_regime_loss() -> Expr:
    """K/2: the limit of the mean over two steps, and the loss of uniformly random angles."""
    return total_curvature * two_step_loss_limit() / 2


@recorded
def uniform_angle_loss_share() -> Expr:
    """Mean of sin^2 over uniformly random angles."""
    from sympy import integrate, pi, sin

    phi = Symbol("phi", real=True)
    return integrate(sin(phi) ** 2, (phi, 0, 2 * pi)) / (2 * pi)
