"""Projected SGD on the sphere: the toy function, thresholds and loss levels."""

from __future__ import annotations

from sympy import Expr, Integer, cancel, symbols

from proofs.literature.published import Published, Relation
from theory import three_regimes
from theory.symbols import curvature, sharpness, slope, sphere_lr, total_curvature

KODRYAN = "kodryan2022regimes"
x, y, first, second = symbols("x y rho_1 rho_2", positive=True)
ETA = str(sphere_lr)
TOY = {ETA: 0.2, "K": 3.0, "kappa": 3.0, "c": 2.5, "h": 0.4}


def _shares() -> Expr:
    """Sum of 1/individual lr over two groups whose squared lengths add up to one."""
    length = first / (first + second)
    return sum((1 / three_regimes.individual_lr(s) for s in (length, 1 - length)), Integer(0))


def _turned() -> Expr:
    """Individual lr times the group's gradient on its own unit circle."""
    at = {three_regimes.x: slope, three_regimes.y: Integer(1)}
    length = slope**2 + 1
    square = sum(three_regimes.group_loss().diff(v) ** 2 for v in (three_regimes.x, three_regimes.y)).subs(at)
    return cancel((sharpness / curvature) ** 2 * square * length)


ROWS = (
    Published("KOD-TOY", KODRYAN, "recalled", "loss of a group over its curvature, x/y = h",
              lambda: slope**2 / (1 + slope**2), three_regimes.loss_share, TOY, "toy-threshold"),
    Published("KOD-EELR", KODRYAN, "recalled", "sum of 1/individual lr", lambda: 1 / sphere_lr, _shares,
              {ETA: 0.2, "rho_1": 0.3, "rho_2": 0.5}, "sphere-groups"),
    Published("KOD-EELR steps", KODRYAN, "recalled", "squared effective step of a group", _turned,
              three_regimes.squared_tangent, TOY, "sphere-equal-steps"),
    Published("KOD-THR group", KODRYAN, "recalled", "individual lr up to which a minimum attracts",
              lambda: 1 / curvature, lambda: three_regimes.convergence_sharpness() / curvature, TOY, "toy-threshold",
              why="c = 1 in units of the curvature"),
    Published("KOD-THR", KODRYAN, "recalled", "lr up to which every minimum can attract", lambda: 1 / total_curvature,
              three_regimes.convergence_lr, TOY, "toy-threshold", why="K is the sum of the curvatures"),
    Published("KOD-DIV", KODRYAN, "recalled", "loss in the third regime: random directions",
              lambda: total_curvature * three_regimes.uniform_angle_loss_share(), three_regimes.third_regime_loss, TOY,
              "toy-third-regime", why="the level; the motion alternates and is no random walk"),
    Published("KOD-R", KODRYAN, "text", "multiplier at a minimum below the threshold, at most one",
              lambda: Integer(1), lambda: abs(three_regimes.multiplier_at_minimum()), {"c": 0.7}, "toy-threshold",
              Relation.AT_MOST, given=lambda r: r["c"] < 1, why="the first regime, of the toy function"),
    Published("KOD-R beyond", KODRYAN, "text", "multiplier at a minimum beyond the threshold, at least one",
              lambda: Integer(1), lambda: abs(three_regimes.multiplier_at_minimum()), {"c": 1.5}, "toy-threshold",
              Relation.AT_LEAST, given=lambda r: r["c"] > 1, why="the second regime, of the toy function"),
    Published("KOD-PROP", KODRYAN, "recalled", "squared effective step at the cycle, alike for all groups",
              lambda: sharpness**2 - 1, three_regimes.cycle_squared_tangent, TOY, "toy-second-regime",
              why="it holds no curvature but through c, which is the same for all"),
)  # fmt: skip
