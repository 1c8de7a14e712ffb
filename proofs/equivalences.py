"""Experiments on equivalent runs: the same weights under two optimizers, by torch.optim."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from sympy import Symbol, lambdify
from torch import Tensor

from numerics.paths import (
    Loss,
    Path,
    adamw,
    alignment_loss,
    follow,
    minibatches,
    noise_across,
    sgd,
    updates_of,
)
from numerics.seeding import generator as generator_of
from proofs.comparison import Confrontation
from proofs.pathwise import confrontation, discrepancy, distance
from theory import effective_lr, equivalence, isotropic
from theory.symbols import (
    alignment,
    contraction,
    damped_decay,
    decay,
    direction_lr,
    elapsed,
    growth_root,
    lr,
    momentum,
    squared_norm,
    unit_gradient_square,
)

STEPS, REPLICAS, DIM = 200, 16, 12
FIXED_POINT_DISTANCE = 1e-6
AGE = Symbol("age", integer=True, nonnegative=True)


def bench(seed: int = 0, steps: int = STEPS) -> tuple[Loss, Tensor, dict[str, object]]:
    """A scale-invariant loss with a minibatch a step, random weights, and their description."""
    generator = generator_of(seed)
    loss = minibatches(60, DIM, steps, 8, generator)
    start = torch.randn(REPLICAS, DIM, generator=generator, dtype=torch.float64)
    return loss, start, {"loss": "normalised regression", "steps": steps, "replicas": REPLICAS, "seed": seed}


def schedule_twin(
    lrs: Sequence[float], *, wd: float, momentum: float = 0.0, dampening: float = 0.0, seed: int = 0, error: float = 0.0
) -> Confrontation:
    """A run with decay against the run without at the equivalent schedule, both from an empty buffer.

    ``error`` spoils the equivalent schedule by that relative amount, for controls.
    """
    norms, equivalent = equivalence.equivalent_schedule(lrs, wd, momentum, dampening)
    loss, start, where = bench(seed, len(lrs))
    with_decay = follow(loss, start, lrs, sgd(wd, momentum, dampening))
    without = follow(loss, start, list(equivalent * (1 + error)), sgd(0.0, momentum, dampening))
    scaled = without.weights * torch.as_tensor(norms)[:, None, None]
    return confrontation(
        "exponential-lr",
        "twin runs of torch.optim.SGD",
        {"lr": lrs[0], "wd": wd, "momentum": momentum, "dampening": dampening},
        where,
        distance("directions", without.directions, with_decay.directions),
        discrepancy("norms", scaled.norm(dim=-1), with_decay.weights.norm(dim=-1)),
    )


def root_lrs(rate: float, root: float, steps: int) -> np.ndarray:
    """lr r^(-2t-1) for every step."""
    return lambdify((lr, growth_root, elapsed), equivalence.root_lr())(rate, root, np.arange(steps))


def larger_root(decay_value: float, momentum_value: float) -> float:
    """The root near one."""
    return float(equivalence.root_near_one().subs({damped_decay: decay_value, momentum: momentum_value}))


def root_twin(rate: float, wd: float, alpha: float, seed: int = 0, start_buffer: bool = True) -> Confrontation:
    """Coupled decay against lr r^(-2t-1), with the initial buffer that makes it exact, or without it as published."""
    root = larger_root(rate * wd, alpha)
    loss, start, where = bench(seed)
    ratio = float(equivalence.buffer_of_root().subs({lr: rate, growth_root: root}))
    with_decay = follow(loss, start, [rate] * STEPS, sgd(wd, alpha))
    buffer = -ratio * start if start_buffer else None
    without = follow(loss, start, list(root_lrs(rate, root, STEPS)), sgd(0.0, alpha, buffer=buffer))
    return confrontation(
        "exponential-lr-root",
        "twin runs of torch.optim.SGD",
        {"lr": rate, "wd": wd, "momentum": alpha},
        where,
        distance("directions", without.directions, with_decay.directions),
    )


def late_excess(rate: float, wd: float, alpha: float, steps: int = 3000, error: float = 0.0) -> Confrontation:
    """lr r^(-2t-1) over lr/(P P') from an empty buffer after many steps, P by iterating torch's rule."""
    root = larger_root(rate * wd, alpha)
    steps = min(steps, int(-250 / math.log(root)))
    _, equivalent = equivalence.equivalent_schedule([rate] * steps, wd, alpha)
    ratio = torch.as_tensor(root_lrs(rate, root, steps)[-1:] / equivalent[-1:])
    expected = float(equivalence.late_excess().subs({growth_root: root, momentum: alpha})) * (1 + error)
    return confrontation(
        "exponential-lr-start",
        "iterated decay",
        {"lr": rate, "wd": wd, "momentum": alpha},
        {"steps": steps},
        discrepancy("excess", torch.full((8,), expected, dtype=torch.float64), ratio.expand(8), 1e-9),
    )


def decoupled_twin(rate: float, wd: float, alpha: float, seed: int = 0, same_momentum: bool = False) -> Confrontation:
    """Decoupled decay against a growing learning rate and the momentum alpha a; ``same_momentum`` is a control."""
    values = {lr: rate, contraction: 1 - rate * wd, momentum: alpha}
    growing, damped = (e.subs(values) for e in equivalence.decoupled_equivalent())
    loss, start, where = bench(seed)
    lrs = [float(growing.subs(elapsed, t)) for t in range(STEPS)]
    with_decay = follow(loss, start, [rate] * STEPS, sgd(0.0, alpha), shrink=wd)
    without = follow(loss, start, lrs, sgd(0.0, alpha if same_momentum else float(damped)))
    return confrontation(
        "exponential-lr-decoupled",
        "twin runs of torch.optim.SGD",
        {"lr": rate, "wd": wd, "momentum": alpha},
        where,
        distance("directions", without.directions, with_decay.directions),
    )


def scaled_twins(factor: float, seed: int = 0, power: int = 2) -> list[Confrontation]:
    """(c w, c^2 lr, wd/c^2) for SGD with momentum and (c w, c lr, wd/c) for AdamW: the same directions."""
    loss, start, where = bench(seed)
    found = []
    for name, rate, wd, build, exponent in (
        ("sgdm", 0.3, 0.02, lambda wd: sgd(wd, 0.9), power),
        ("adamw", 0.05, 0.2, lambda wd: adamw(wd, (0.9, 0.99)), power - 1),
    ):
        scale = factor**exponent
        one = follow(loss, start, [rate] * STEPS, build(wd))
        other = follow(loss, factor * start, [rate * scale] * STEPS, build(wd / scale))
        statistic = distance("directions", one.directions, other.directions)
        hyper = {"lr": rate, "wd": wd, "factor": factor}
        found.append(confrontation("effective-lr-scaling", f"scaled runs of {name}", hyper, where, statistic))
    return found


def tangents(rate: float, wd: float, seed: int = 0, degree: int = 1) -> Confrontation:
    """Angle of each step and recursion of Phi along a run of torch.optim.SGD; ``degree`` other than 1 is a control."""
    loss, start, where = bench(seed)
    path = follow(loss, start, [rate] * STEPS, sgd(wd))
    norms = path.weights.norm(dim=-1)
    unit_squares = (path.gradients.square().sum(-1) * norms[:-1].square()).numpy()
    symbols = (lr, decay, squared_norm)
    phi = lambdify(symbols, effective_lr.effective_lr(degree))(rate, rate * wd, norms.square().numpy())
    tangent = np.sqrt(
        lambdify((direction_lr, unit_gradient_square), effective_lr.squared_tangent())(phi[:-1], unit_squares)
    )
    along = (path.weights[:-1] * path.weights[1:]).sum(-1)
    across = path.weights[1:] - path.weights[:-1] * (along / norms[:-1].square())[..., None]
    measured = across.norm(dim=-1) * norms[:-1] / along
    constant = {effective_lr.later_lr: lr, effective_lr.later_decay: decay}
    follow_up = lambdify(
        (lr, decay, direction_lr, unit_gradient_square), effective_lr.next_effective_lr(degree).subs(constant)
    )(rate, rate * wd, phi[:-1], unit_squares)
    return confrontation(
        "effective-lr-direction",
        "every step of a run of torch.optim.SGD",
        {"lr": rate, "wd": wd},
        where,
        discrepancy("tangent of the angle", torch.as_tensor(tangent), measured, 1e-10),
        discrepancy("Phi of the next step", torch.as_tensor(follow_up), torch.as_tensor(phi[1:])),
    )


def averaged_updates(rate: float, wd: float, seed: int = 0, shift: int = 0) -> Confrontation:
    """AdamW's weights against the average of the updates that Adam without decay makes of the same gradients.

    ``shift`` takes the weights of another age, for controls.
    """
    loss, start, where = bench(seed)
    path = follow(loss, start, [rate] * STEPS, adamw(wd, (0.9, 0.99)))
    updates = updates_of(path, adamw(0.0, (0.9, 0.99)))
    ages = np.arange(STEPS)[::-1] + shift
    weights = torch.as_tensor(lambdify((decay, AGE), equivalence.ema_weight(AGE))(rate * wd, ages))
    left = float(equivalence.forgetting().subs({decay: rate * wd, elapsed: STEPS}))
    expected = left * start - (weights[:, None, None] * updates / wd).sum(0)
    return confrontation(
        "adamw-average",
        "a run of torch.optim.AdamW against updates of Adam",
        {"lr": rate, "wd": wd},
        where,
        distance("weights", expected, path.weights[-1], 1e-11),
    )


def isotropic_jacobian(p: float, noise: float, seed: int = 0, error: float = 0.0) -> Confrontation:
    """Fixed point and Jacobian of (Phi, q) on the isotropic loss, from twin runs of torch.optim.SGD.

    ``error`` spoils the predicted Jacobian by that relative amount, for controls.
    """
    point, jacobian = isotropic_fixed_point(p, noise)
    step = FIXED_POINT_DISTANCE
    columns = []
    for k in (0, 1):
        ends = [_next_pair(point + sign * step * np.eye(2)[k], p, noise, seed) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * step))
    measured, stays = torch.stack(columns, -1), _next_pair(point, p, noise, seed)
    expected = torch.as_tensor(jacobian * (1 + error))
    moved = torch.as_tensor(point).expand_as(stays)
    return confrontation(
        "isotropic-fixed-point",
        "one step of torch.optim.SGD from and beside the fixed point",
        {"lr*wd": p, "noise": noise},
        {"dim": DIM, "replicas": REPLICAS, "seed": seed},
        distance("(Phi, q) after one step", moved, stays),
        distance("Jacobian", expected.expand_as(measured).flatten(-2), measured.flatten(-2), 1e-8),
    )


def isotropic_fixed_point(p: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """(Phi, q) and the Jacobian there, q found by bisection of the derived sigma^2(q)."""
    squared = lambdify(alignment, isotropic.fixed_noise().subs(contraction, 1 - p), modules="math")
    low, high = 1e-9, math.sqrt(1 - p / 2)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if squared(middle) > noise**2 else (low, middle)
    q = high
    at = {contraction: 1 - p, alignment: q}
    jacobian = np.array(isotropic.jacobian().subs(at), dtype=float)
    return np.array([float(isotropic.fixed_lr().subs(at)), q]), jacobian


def _next_pair(pair: np.ndarray, p: float, noise: float, seed: int) -> Tensor:
    return isotropic_path(pair, p, noise, seed, 1)[-1]


def isotropic_path(pair: np.ndarray, p: float, noise: float, seed: int, steps: int) -> Tensor:
    """(Phi, q) [steps + 1, replicas, 2] along runs of torch.optim.SGD at lr 1 on the isotropic loss."""
    generator = generator_of(seed)
    target = torch.zeros(DIM, dtype=torch.float64)
    target[0] = 1.0
    phi, q = pair
    across = torch.randn(REPLICAS, DIM, generator=generator, dtype=torch.float64)
    across[:, 0] = 0
    across /= across.norm(dim=-1, keepdim=True)
    start = (q * target + math.sqrt(1 - q * q) * across) / math.sqrt((1 - p) * phi)
    loss = alignment_loss(target, noise_across(target, noise, generator) if noise else None)
    path = follow(loss, start, [1.0] * steps, sgd(p))
    return _pairs(path, p, target)


def _pairs(path: Path, p: float, target: Tensor) -> Tensor:
    phi = 1 / ((1 - p) * path.weights.square().sum(-1))
    return torch.stack([phi, path.directions @ target], -1)


def critical_noise(p: float) -> float:
    """sigma above which the fixed point attracts."""
    return math.sqrt(float(isotropic.critical_noise().subs(contraction, 1 - p)))


def isotropic_border(p: float, ratio: float, seed: int = 0, steps: int = 400) -> float:
    """Distance from the fixed point after ``steps`` steps over that at the start, at sigma = ratio times critical."""
    noise = ratio * critical_noise(p)
    point, _ = isotropic_fixed_point(p, noise)
    path = isotropic_path(point * (1 - 1e-4), p, noise, seed, steps)
    gaps = (path - torch.as_tensor(point)).norm(dim=-1)
    return float(gaps[-50:].max() / gaps[:50].max())
