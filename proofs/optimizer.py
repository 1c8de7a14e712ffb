"""An optimizer that somebody programmed, confronted with a rule's equilibrium by a long run.

Its internal state cannot be set from outside, so it starts afresh at the predicted norm and runs until that is
forgotten. The angle is taken from the length of the steps, 1 - cos = E|w' - w|^2 / (2 E|w|^2) at equilibrium, which
fluctuates less than the overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from numerics import Start, random_weights, seeding, simulate
from numerics.statistics import jackknife
from numerics.torch_optimizer import Factory, TorchOptimizer
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic

BIAS_IN_ERRORS = 3.0
"""A bound on what the prediction neglects counts as this many error bars."""


@dataclass(frozen=True)
class Expected:
    """Norm, angle (radians), and the relative part of either that the prediction itself neglects.

    A ``mean_field`` takes the input's energy at E|w|^2 and neglects the relative variance of |w|^2 besides.
    """

    norm: float
    angle: float
    decay: float
    neglected: float = 0.0
    mean_field: bool = False


@dataclass(frozen=True)
class Run:
    """How an optimizer is run: gradients of ``law`` with RMS (unit-)gradient norm ``grad_norm``."""

    law: str
    grad_norm: float
    dim: int
    replicas: int
    steps: int
    burn_in: int
    seed: int = 0
    device: str = "cpu"
    dtype: str = "float64"


def confront(
    make: Factory, name: str, expected: Expected, run: Run, hyperparameters: Hyperparameters, false_alarm: float
) -> Confrontation:
    """Norm and angle of the optimizer's long run against the prediction."""
    generator = seeding.generator(run.seed, device=run.device)
    w = random_weights(run.replicas, run.dim, expected.norm, generator, getattr(torch, run.dtype))
    update = TorchOptimizer(make)
    found = simulate(
        update, law=run.law, grad_norm=run.grad_norm, dim=run.dim, replicas=run.replicas, steps=run.steps,
        burn_in=run.burn_in, seed=run.seed + 1, start=Start(w, update.start(w)), device=run.device, dtype=run.dtype,
    )  # fmt: skip
    squares = found.squared_norm[run.burn_in :]
    steps = squares[1:] - squares[:-1] + 2 * found.lost_overlap[run.burn_in :]
    means = np.stack([squares[:-1].mean(axis=0), steps.mean(axis=0)], axis=1)
    spread = float(squares.var() / squares.mean() ** 2) if expected.mean_field else 0.0
    rounding = (expected.neglected + spread) / BIAS_IN_ERRORS + ROUNDING * torch.finfo(
        getattr(torch, run.dtype)
    ).eps / 2.0**-52 / min(expected.decay, 1)
    norm = jackknife(means, lambda m: np.sqrt(m[..., 0]))
    angle = jackknife(means, lambda m: 2 * np.arcsin(np.sqrt(np.clip(m[..., 1] / m[..., 0] / 4, 0, 1))))
    conditions = {
        "law": run.law, "coordinates": run.dim, "replicas": run.replicas, "steps": run.steps, "burn_in": run.burn_in,
        "seed": run.seed,
    }  # fmt: skip
    statistics = (
        Statistic("norm", expected.norm, norm, rounding * expected.norm),
        Statistic("angle (rad)", expected.angle, angle, rounding * expected.angle),
    )
    return Confrontation(name, "long run", dict(hyperparameters), conditions, statistics, false_alarm)
