"""Experiments on the sphere: projected gradient descent with a fixed effective learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from sympy import lambdify
from torch import Tensor

from numerics.losses import NormalisedRegression
from numerics.seeding import generator as generator_of
from numerics.statistics import Estimate
from numerics.three_regimes import SphereRun, descend, on_sphere, random_sphere, toy
from proofs.comparison import Confrontation, Statistic
from proofs.pathwise import confrontation, discrepancy, distance
from theory import three_regimes
from theory.symbols import sharpness, slope, sphere_lr, total_curvature

REPLICAS = 32
CURVATURES = (1.0, 2.0, 4.0)


def value(expression: object, **at: float) -> float:
    """A derived expression at lr and the sum K of the curvatures, or at c."""
    names = {"lr": sphere_lr, "total": total_curvature, "c": sharpness}
    return float(expression.subs({names[k]: v for k, v in at.items()}))  # type: ignore[attr-defined]


def threshold(curvatures: Sequence[float]) -> float:
    """The learning rate 1/K."""
    return value(three_regimes.convergence_lr(), total=sum(curvatures))


def second_regime_loss(curvatures: Sequence[float], lr: float) -> float:
    """(K - 1/lr)/2."""
    return value(three_regimes.second_regime_loss(), lr=lr, total=sum(curvatures))


def start(curvatures: Sequence[float], seed: int = 0, replicas: int = REPLICAS) -> Tensor:
    """Uniformly random points of the toy function's sphere."""
    return random_sphere(replicas, len(curvatures), 2, generator_of(seed))


def cycle(curvatures: Sequence[float], lr: float, seed: int = 0, replicas: int = REPLICAS) -> Tensor:
    """Points of the equalised two-cycle, each group on a random side of its minimum: tan = sqrt((c-1)/(c+1))."""
    weights = torch.tensor(curvatures, dtype=torch.float64)
    c = value(three_regimes.equal_sharpness(), lr=lr, total=float(weights.sum()))
    h = value(three_regimes.cycle_slope_square(), c=c) ** 0.5
    sides = torch.randint(0, 2, (replicas, len(curvatures)), generator=generator_of(seed)).double() * 2 - 1
    points = torch.stack([sides * h, torch.ones_like(sides)], -1)
    return on_sphere(points / points.norm(dim=-1, keepdim=True) * weights.sqrt()[:, None])


def one_step(seed: int = 0, error: float = 0.0) -> Confrontation:
    """One autograd step against the derived maps of h, rho^2 and T^2; ``error`` spoils c, for controls."""
    lr = 1.7 / sum(CURVATURES)
    begin = start(CURVATURES, seed)
    run = descend(toy(CURVATURES), begin, lr, 1)
    lengths = run.squared_length
    h = (begin[..., 0] / begin[..., 1]).numpy()
    c = (1 + error) * lr * np.array(CURVATURES) / lengths[0].numpy()
    image = lambdify((slope, sharpness), three_regimes.next_slope())(h, c)
    squares = lambdify((slope, sharpness), three_regimes.squared_tangent())(h, c)
    total = (lengths[0].numpy() * squares).sum(-1, keepdims=True)
    grown = lengths[0].numpy() * (1 + squares) / (1 + total)
    groups = [discrepancy("h after one step", _flat(image), _flat(run.end[..., 0] / run.end[..., 1]), 1e-10)]
    groups += [discrepancy("squared length after one step", _flat(grown), _flat(lengths[1]))]
    groups += [
        discrepancy("secant squared of the angle", _flat(1 + squares), _flat(torch.exp(run.log_secant[0])), 1e-10)
    ]
    return confrontation("sphere-groups", "one step by autograd", {"lr": lr}, _where(seed, 1), *groups)


def equal_steps(seed: int = 0, steps: int = 400, of_network: bool = False, error: float = 0.0) -> Confrontation:
    """Sums of log secants of the groups' angles differ by what their lengths changed, step by step.

    ``of_network`` takes a regression on two normalised layers instead of the toy function.
    """
    if of_network:
        loss, begin, lr = two_layers(seed), random_sphere(REPLICAS, 2, 6, generator_of(seed)), 3.0
    else:
        loss, begin, lr = toy(CURVATURES), start(CURVATURES, seed), 3 / sum(CURVATURES)
    run = descend(loss, begin, lr, steps)
    secants = (1 + error) * run.log_secant.sum(0)
    lengths = torch.log(run.squared_length[-1] / run.squared_length[0])
    differences = [x - x[:, :1] for x in (secants, lengths)]
    return confrontation(
        "sphere-equal-steps",
        "descent by autograd, two normalised layers" if of_network else "descent by autograd, toy function",
        {"lr": lr},
        _where(seed, steps),
        distance("difference of the groups' sums", differences[1], differences[0], 1e-9),
    )


def two_layers(seed: int) -> Callable[[Tensor], Tensor]:
    """The sum of two normalised regressions, one a group, coupled by their product."""
    generator = generator_of(seed)
    data = NormalisedRegression.random(20, 6, generator)

    def loss(theta: Tensor) -> Tensor:
        unit = theta / theta.norm(dim=-1, keepdim=True)
        margins = data.labels * torch.tanh(unit[:, 0] @ data.features.T) * (unit[:, 1] @ data.features.T)
        return torch.nn.functional.softplus(-3 * margins).mean(-1)

    return loss


def convergence(ratio: float, seed: int = 0, curvatures: Sequence[float] = CURVATURES, steps: int = 4000) -> SphereRun:
    """A descent from random points at ``ratio`` times the threshold; the last tenth is recorded."""
    record = steps // 10
    return descend(toy(curvatures), start(curvatures, seed), ratio * threshold(curvatures), record, steps - record)


def stays_on_cycle(ratio: float, seed: int = 0, error: float = 0.0) -> Confrontation:
    """From the equalised two-cycle two steps lead back, and the loss is (K - 1/lr)/2."""
    lr = ratio * threshold(CURVATURES)
    begin = cycle(CURVATURES, lr * (1 + error), seed)
    run = descend(toy(CURVATURES), begin, lr, 2)
    expected = torch.full_like(run.loss, second_regime_loss(CURVATURES, lr))
    return confrontation(
        "toy-second-regime",
        "two steps by autograd from the derived cycle",
        {"lr": lr},
        _where(seed, 2),
        distance("weights after two steps", begin.flatten(1), run.end.flatten(1)),
        discrepancy("loss", expected, run.loss),
    )


def minimum_multiplier(ratio: float, seed: int = 0, error: float = 0.0) -> Confrontation:
    """Beside the minimum with lengths^2 kappa/K every group's h is multiplied by 1 - 2 lr K."""
    lr = ratio * threshold(CURVATURES)
    lengths = torch.tensor(CURVATURES, dtype=torch.float64).sqrt()
    sides = 1e-6 * torch.randn(REPLICAS, len(CURVATURES), generator=generator_of(seed), dtype=torch.float64)
    begin = on_sphere(torch.stack([sides, torch.ones_like(sides)], -1) * lengths[:, None])
    end = descend(toy(CURVATURES), begin, lr, 1).end
    measured = (end[..., 0] / end[..., 1] / sides).T
    expected = torch.full_like(measured, value(three_regimes.multiplier_at_minimum(), c=ratio) * (1 + error))
    return confrontation(
        "toy-threshold", "one step by autograd beside the minimum", {"lr": lr}, _where(seed, 1),
        discrepancy("multiplier of h", expected, measured, 1e-7),
    )  # fmt: skip


def single_group_limit(c: float, seed: int = 0, steps: int = 600) -> Confrontation:
    """One group from random points: the loss becomes zero up to c = 1 and that of the two-cycle beyond."""
    run = descend(toy([1.0]), start([1.0], seed), c, 50, steps)
    limit = second_regime_loss([1.0], c) if c > threshold([1.0]) else 0.0
    expected = torch.full_like(run.loss, limit)
    return confrontation(
        "toy-single-group", "descent by autograd", {"lr": c}, _where(seed, steps),
        distance("loss", expected[..., None], run.loss[..., None], 1e-10),
    )  # fmt: skip


def cycle_jacobian(ratio: float, seed: int = 0, error: float = 0.0) -> Confrontation:
    """How a small difference between two equal groups goes on beside the cycle, measured by twin descents."""
    curvatures, tiny = (1.0, 1.0), 1e-6
    lr = ratio * threshold(curvatures)
    h0 = value(three_regimes.cycle_slope_square(), c=ratio) ** 0.5
    predicted = np.array(three_regimes.difference_jacobian().subs(sharpness, ratio), dtype=float) * (1 + error)
    columns = []
    for k in (0, 1):
        ends = []
        for sign in (1, -1):
            logs = torch.zeros(2, 2, dtype=torch.float64)
            logs[:, k] = sign * tiny * torch.tensor([1.0, -1.0], dtype=torch.float64)
            slopes, lengths = h0 * torch.exp(logs[:, 0]), torch.exp(-logs[:, 1] / 2)
            points = torch.stack([slopes, torch.ones(2, dtype=torch.float64)], -1)
            points = points / points.norm(dim=-1, keepdim=True) * lengths[:, None]
            end = descend(toy(curvatures), on_sphere(points[None]), lr, 1).end[0]
            found = torch.stack([torch.log((end[:, 0] / end[:, 1]).abs()), -torch.log(end.square().sum(-1))], -1)
            ends.append((found[0] - found[1]) / 2)
        columns.append((ends[0] - ends[1]) / (2 * tiny))
    measured = torch.stack(columns, -1).flatten().expand(REPLICAS, 4)
    expected = torch.as_tensor(predicted).flatten().expand(REPLICAS, 4)
    return confrontation(
        "toy-neutral-modes", "twin steps by autograd beside the cycle", {"lr": lr}, _where(seed, 1),
        distance("Jacobian of the difference", expected, measured, 1e-8),
    )  # fmt: skip


def large_steps(ratio: float = 1e6, seed: int = 0, level: float | None = None) -> Confrontation:
    """Far beyond the threshold the loss over two steps is the sum of the curvatures; ``level`` is a control."""
    lr = ratio * threshold(CURVATURES)
    run = descend(toy(CURVATURES), start(CURVATURES, seed, 256), lr, 2)
    means = run.loss.mean(0).numpy()
    expected = value(three_regimes.third_regime_loss(), total=sum(CURVATURES)) if level is None else level
    measured = Estimate(float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means))), len(means))
    statistic = Statistic("mean loss over two steps", expected, measured, 1e-3)
    return confrontation("toy-third-regime", "descent by autograd", {"lr": lr}, _where(seed, 2), statistic)


def mean_losses(
    curvatures: Sequence[float], ratios: Sequence[float], steps: int = 700, burn_in: int = 500, seed: int = 0
) -> list[Estimate]:
    """Mean loss from random points at each multiple of the threshold, with its error over replicas."""
    lrs = torch.tensor(ratios, dtype=torch.float64) * threshold(curvatures)
    begin = start(curvatures, seed, len(ratios) * REPLICAS)
    lr = lrs.repeat_interleave(REPLICAS)[:, None, None]
    run = descend(toy(curvatures), begin, lr, steps, burn_in, angles=False)
    means = run.loss.mean(0).view(len(ratios), REPLICAS).numpy()
    return [Estimate(float(m.mean()), float(m.std(ddof=1) / np.sqrt(REPLICAS)), REPLICAS) for m in means]


def _flat(found: Tensor | np.ndarray) -> Tensor:
    return torch.as_tensor(found).flatten(1).T


def _where(seed: int, steps: int) -> dict[str, object]:
    return {"replicas": REPLICAS, "seed": seed, "steps": steps}
