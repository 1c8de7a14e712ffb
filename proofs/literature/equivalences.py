"""Decay as a schedule, effective learning rates, scale invariance itself, and exact laws for the direction."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mpmath import mp, mpf
from sympy import Expr, Integer, acos, atan, cos, lambdify, sqrt, symbols

from proofs.enclosed import of_expression
from proofs.literature.derived import in_learning_rate
from proofs.literature.equilibria import ADAMW, KOSSON, SGD, SGDM, WAN
from proofs.literature.published import Published, Recipe, Relation, printed
from theory import effective_lr, equivalence, isotropic, transient
from theory.effective_lr import later_decay, later_lr
from theory.optimizers.sgd import SGD as SGD_RULE
from theory.symbols import (
    alignment,
    contraction,
    damped_decay,
    decay,
    decayed_norm,
    direction_lr,
    elapsed,
    energy,
    growth_root,
    lr,
    momentum,
    noise_norm,
    squared_norm,
    unit_gradient_square,
    wd,
)
from theory.transient import drop

x, y, scale, power = symbols("x y k s", positive=True)
LI_ARORA, ROBURIN, AMIN = "li2020exponential", "roburin2020spherical", "amin_schedule"
PLANE = {"x": 0.3, "y": 1.7, "k": 2.5, "s": 1.5}
ON_THE_PLANE = "the loss (x/y)^s, for every s"
TWO_STEPS = {"lr": 0.1, "wd": 0.05, str(later_lr): 0.08, str(later_decay): 0.004, "A": 0.7, "G": 1.3}
"""Two steps of different learning rate and decay; G is |unit gradient|^2, A is |w|^2."""
RESNET = {"lr": 0.1, "wd": 5e-4, "momentum": 0.9, "steps": 391}
"""What reproduces the published number: a CIFAR epoch of batches of 128."""


def _loss(first: Expr = x, second: Expr = y) -> Expr:
    return (first / second) ** power


def _gradient_at(factor: Expr) -> Expr:
    return _loss().diff(x).subs({x: factor * x, y: factor * y}, simultaneous=True)


def _root() -> Expr:
    return equivalence.root_near_one().subs(damped_decay, lr * wd)


def _from_empty_buffer() -> Expr:
    kept = equivalence.decay_factor()
    return (lr / (kept * kept.subs(elapsed, elapsed + 1))).subs(growth_root, _root())


def _along_root() -> Expr:
    return equivalence.root_lr().subs(growth_root, _root())


def _sgd_schedule(times: Expr = elapsed) -> Expr:
    return equivalence.equivalent_lr(SGD_RULE).subs(decayed_norm, (1 - lr * wd) ** times)


def _per_epoch(recipe: Recipe) -> float:
    root = of_expression(_root(), {lr: recipe["lr"], wd: recipe["wd"], momentum: recipe["momentum"]})
    return root ** (-2 * recipe["steps"])


def _around_a_drop() -> Expr:
    """Equivalent learning rate after over before a drop of lr by k, SGD."""
    before = equivalence.equivalent_lr(SGD_RULE)
    after = before.subs({lr: lr / drop, decayed_norm: (1 - lr * wd) * decayed_norm}, simultaneous=True)
    return after / before


def _norm_over_lr(times: Expr) -> Expr:
    """|w/P|^2 over the equivalent learning rate, |w|^2 = A."""
    return squared_norm / (1 - lr * wd) ** (2 * times) / _sgd_schedule(times)


def _penalised(length: Expr, weight: Expr) -> Expr:
    return _loss(length * x, length * y) + weight * ((length * x) ** 2 + (length * y) ** 2)


@cache
def _adam_g() -> tuple[Expr, Expr, Expr]:
    return effective_lr.adam_g()


def _effective(degree: int) -> Expr:
    return in_learning_rate(effective_lr.effective_lr(degree))


def _next_effective(degree: int) -> Expr:
    """Phi after one step, from lr, decay and norm."""
    after = effective_lr.next_squared_norm(degree)
    return in_learning_rate(effective_lr.effective_lr(degree, later_lr, later_decay, after))


def _published_next(degree: int) -> Expr:
    kept, then = 1 - lr * wd, 1 - later_decay
    phi = lr / (kept * sqrt(squared_norm) ** (1 + degree))
    grown = later_lr / (lr * then * kept**degree)
    return grown * phi / sqrt(1 + phi**2 * unit_gradient_square) ** (1 + degree)


@cache
def _fixed_point() -> Callable[..., list[mpf]]:
    """The Jacobian's entries at (a, q) and at the Phi and sigma^2 that make q a fixed point."""
    jacobian = isotropic.step().jacobian([direction_lr, alignment])
    entries = lambdify((contraction, alignment, direction_lr, noise_norm), list(jacobian), modules="mpmath")
    fixed = lambdify((contraction, alignment), [isotropic.fixed_lr(), isotropic.fixed_noise()], modules="mpmath")

    def at(kept: mpf, aligned: mpf) -> list[mpf]:
        phi, noise = fixed(kept, aligned)
        return list(entries(kept, aligned, phi, mp.sqrt(noise)))

    return at


def _modulus(recipe: Recipe) -> float:
    """The larger modulus of the two multipliers at the alignment q, without one at that of no noise."""
    with mp.workdps(30):
        kept = 1 - mpf(recipe["lr"]) * mpf(recipe["wd"])
        a, b, c, d = _fixed_point()(kept, mpf(recipe["q"]) if "q" in recipe else mp.sqrt((1 + kept) / 2))
        half, determinant = (a + d) / 2, a * d - b * c
        return float(max(abs(half + s * mp.sqrt(half**2 - determinant)) for s in (1, -1)))


@cache
def _noise_free_point() -> tuple[Expr, Expr]:
    return isotropic.noise_free()


def _noise_free(part: int) -> Expr:
    return _noise_free_point()[part].subs(contraction, 1 - lr * wd)


def _radial() -> Expr:
    """Tangent of the angle of w' = (1 - p) w - lr g with a radial gradient R and a tangential one of square L/A."""
    radial = symbols("R", positive=True)
    return lr * sqrt(energy / squared_norm) / ((1 - lr * wd) * sqrt(squared_norm) - lr * radial)


def _as_decay() -> Expr:
    """SGD's tangent at the decay p + lr R/|w|."""
    radial = symbols("R", positive=True)
    return transient.sgd_tangent().subs(decay, lr * wd + lr * radial / sqrt(squared_norm))


turn = symbols("theta_r", positive=True)
NOISELESS = {"lr": 0.1, "wd": 0.1}


def _feature(kind: str) -> Expr:
    names = {n: symbols(n, positive=True) for n in ("W", "dW", "X", "WX", "dWX")}
    if kind == "ratio":
        return names["dWX"] / names["WX"]
    aligned = names["WX"] / (names["W"] * names["X"])
    moved = names["dWX"] / (names["dW"] * names["X"])
    return moved / aligned * names["dW"] / names["W"]


ROWS = (
    Published("SMD-L1 orthogonal", WAN, "text", "radial part of the gradient", lambda: -y * _loss().diff(y),
              lambda: x * _loss().diff(x), PLANE, "sphere", why=ON_THE_PLANE),
    Published("SMD-L1 scale", WAN, "text", "gradient at k w", lambda: _gradient_at(Integer(1)) / scale,
              lambda: _gradient_at(scale), PLANE, "sphere", why=ON_THE_PLANE),
    Published("SMD-D2", WAN, "text", "gradient at w/|w|", lambda: _gradient_at(Integer(1)) * sqrt(x**2 + y**2),
              lambda: _gradient_at(1 / sqrt(x**2 + y**2)), PLANE, "sphere", why=ON_THE_PLANE),
    Published("VL-1", "vanlaarhoven2017l2", "recalled", "penalised loss at k w",
              lambda: _penalised(Integer(1), wd * scale**2), lambda: _penalised(scale, wd),
              {**PLANE, "lr": 1.0, "wd": 0.1}, "sphere", why="penalty lambda |w|^2"),
    Published("VL-2 SGD", "vanlaarhoven2017l2", "recalled", "effective lr of gradients", lambda: lr / squared_norm,
              lambda: _effective(1), {**SGD, "A": 1.0}, "effective-lr-direction"),
    Published("VL-2 normalised", "vanlaarhoven2017l2", "recalled", "effective lr of normalised updates",
              lambda: lr / sqrt(squared_norm), lambda: _effective(0), {**ADAMW, "A": 1.0}, "effective-lr-direction"),
    Published("LA-T1 SGD", LI_ARORA, "text", "equivalent lr, SGD", lambda: lr * (1 - lr * wd) ** (-2 * elapsed - 1),
              _sgd_schedule, {**SGD, "t": 1000}, "exponential-lr-sgd"),
    Published("LA-T1 momentum", LI_ARORA, "text", "equivalent lr, SGDM from an empty buffer", _along_root,
              _from_empty_buffer, {**SGDM, "wd": 5e-4, "t": 1000}, "exponential-lr-start", limit={"wd": 1, "t": -1},
              given=lambda r: r["lr"] * r["wd"] < (1 - r["momentum"]) ** 2 / 16,
              shown=r"\eta\,r^{-2t-1}",
              why="r is the root near one; exact from that root's buffer, which the informal text does not give"),
    Published("LA-T1 number", LI_ARORA, "text", "growth of the lr in an epoch", printed("1.481")[0],
              lambda: _per_epoch, RESNET, "exponential-lr-root", tolerance=printed("1.481")[1],
              why="weight decay and steps per epoch are found to fit"),
    Published("LA-T2 drop", LI_ARORA, "text", "equivalent lr after over before a drop, SGD", lambda: 1 / drop,
              _around_a_drop, {**SGD, "k": 10.0}, "exponential-lr-sgd"),
    Published("LA-T2 growth", LI_ARORA, "text", "growth after a drop, at most that before, SGDM",
              lambda: _root() ** -2, lambda: _root().subs(lr, lr / drop) ** -2, {**SGDM, "k": 10.0},
              "exponential-lr-root", Relation.AT_MOST,
              given=lambda r: r["k"] > 1 and r["lr"] * r["wd"] < (1 - r["momentum"]) ** 2 / 4, shown="r^{-2}",
              why="r is the root near one"),
    Published("LA-EQ", LI_ARORA, "text", "squared norm over equivalent lr, SGD", lambda: _norm_over_lr(Integer(0)),
              lambda: _norm_over_lr(elapsed), {**SGD, "t": 1000, "A": 1.0}, "effective-lr-direction",
              why="at equilibrium, |w|^2 = A with decay"),
    Published("ROB-1 beta2", ROBURIN, "recalled", "beta2 of AdamG", lambda: (1 - lr * wd) ** 4,
              lambda: _adam_g()[0], SGD, "sgd-is-adam-g"),
    Published("ROB-1 lr", ROBURIN, "recalled", "lr of AdamG", lambda: 1 / sqrt(2 * (1 - lr * wd) ** 4),
              lambda: _adam_g()[1], SGD, "sgd-is-adam-g", why="beta read as beta2, v without 1 - beta2"),
    Published("ROB-1 equivalence", ROBURIN, "recalled", "effective lr of AdamG over SGD's, squared",
              lambda: Integer(1), effective_lr.adam_g_excess, SGD, "sgd-is-adam-g"),
    Published("AMI-1 law", AMIN, "text", "Phi after a step, SGD", lambda: _published_next(1),
              lambda: _next_effective(1), TWO_STEPS, "effective-lr-scaling"),
    Published("AMI-1 balance", AMIN, "text", "Phi |g| at balance", lambda: sqrt((1 - lr * wd) ** -2 - 1),
              lambda: sqrt(effective_lr.balanced_tangent_square(1)), SGD, "effective-lr-scaling",
              why="B = (1 - p)^-2 at constant lr and decay"),
    Published("AMI-2", AMIN, "text", "Phi after a step, normalised updates", lambda: _published_next(0),
              lambda: _next_effective(0), TWO_STEPS, "effective-lr-scaling"),
    Published("AMI-3 alignment", AMIN, "text", "fixed alignment without noise", lambda: sqrt(1 - lr * wd / 2),
              lambda: _noise_free(1), NOISELESS, "isotropic-fixed-point"),
    Published("AMI-3 effective lr", AMIN, "text", "fixed Phi without noise",
              lambda: sqrt(2 * (2 - lr * wd)) / (1 - lr * wd), lambda: _noise_free(0), NOISELESS,
              "isotropic-fixed-point"),
    Published("AMI-3 modulus", AMIN, "text", "modulus of the multipliers without noise",
              lambda: sqrt(2 - lr * wd - (1 - lr * wd) ** 2), lambda: _modulus, NOISELESS, "isotropic-fixed-point"),
    Published("AMI-3 stability", AMIN, "text", "modulus of the multipliers without noise, at least one",
              lambda: Integer(1), lambda: _modulus, NOISELESS, "isotropic-fixed-point", Relation.AT_LEAST),
    Published("AMI-3 with noise", AMIN, "text", "largest multiplier with noise, at least one", lambda: Integer(1),
              lambda: _modulus, {**NOISELESS, "q": 0.3}, "isotropic-noise", Relation.AT_LEAST,
              why="a property of the model without noise: at this alignment noise has made the fixed point attract"),
    Published("KOS-RV angle", KOSSON, "code", "angle of a projected step", lambda: turn, lambda: acos(cos(atan(turn))),
              {"theta_r": 2.5e-3}, "angle-chord-sine", limit={"theta_r": 1},
              why="a step across w, then back to the sphere; its length the nominal angle"),
    Published("KOS-SS", KOSSON, "second-hand", "tangent of the angle with a radial gradient R", _as_decay, _radial,
              {**SGD, "A": 1.0, "R": 0.5}, "sphere", why="R as additional decay lr R/|w|, of R's sign"),
    Published("K25-1", "kosson2025mup", "second-hand", "relative change of the features", lambda: _feature("product"),
              lambda: _feature("ratio"), {"W": 2.0, "dW": 0.1, "X": 3.0, "WX": 1.5, "dWX": 0.2}, "sphere",
              why="an identity of the two definitions"),
)  # fmt: skip
