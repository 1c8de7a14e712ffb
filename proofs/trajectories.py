"""Confronting trajectories: the moments that theory iterates against torch under the same schedule, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from numerics.result import Result
from numerics.scheduled import simulate_scheduled
from numerics.statistics import Estimate, jackknife
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation import Bench
from theory.schedule import Schedule
from theory.trajectory import Trajectory, trajectory


def confront(
    claim: str,
    optimizer: str,
    schedule: Schedule,
    start_norm: float,
    bench: Bench,
    at: Sequence[int],
    hyperparameters: Hyperparameters,
    found: Trajectory | None = None,
) -> Confrontation:
    """E|w_t|^2 and 1 - cos of the step after it at the steps ``at``, over independent replicas.

    ``found`` replaces theory's trajectory, for controls. torch.optim runs SGD, SGDM and AdamW with beta2.
    """
    if found is None:
        found = trajectory(optimizer, schedule, start_norm, moments=None, on_step=None, **hyperparameters)
    run = simulated(optimizer, schedule, start_norm, bench, hyperparameters)
    return compared(claim, run, found, bench, at, hyperparameters)


def simulated(
    optimizer: str, schedule: Schedule, start_norm: float, bench: Bench, hyperparameters: Hyperparameters
) -> Result:
    """Every step of the replicas, which know no trajectory."""
    own = {k: v for k, v in hyperparameters.items() if k not in ("dim", "grad_norm")}
    return simulate_scheduled(
        optimizer,
        lr=schedule.lr,
        wd=schedule.wd,
        start_norm=start_norm,
        law=bench.law,
        grad_norm=float(hyperparameters.get("grad_norm") or 1.0),
        dim=bench.dim,
        replicas=bench.replicas,
        seed=bench.seed,
        device=bench.device,
        **own,
    )


def compared(
    claim: str, run: Result, found: Trajectory, bench: Bench, at: Sequence[int], hyperparameters: Hyperparameters
) -> Confrontation:
    """A run against a trajectory from the same start under the same schedule."""
    schedule, start_norm = found.schedule, float(found.norm[0])
    statistics = [statistic for t in at for statistic in _at(run, found, t)]
    peak = {"lr": float(schedule.lr.max()), "wd": float(schedule.wd.max())}
    conditions = {**bench.conditions(), "steps": schedule.steps, "start_norm": start_norm}
    return Confrontation(claim, "trajectory", {**peak, **hyperparameters}, conditions, tuple(statistics))


def _at(run: Result, found: Trajectory, t: int) -> list[Statistic]:
    squared = float(found.norm[t]) ** 2
    lost = 2 * math.sin(found.angle[t] / 2) ** 2
    columns = np.stack([run.squared_norm[t], run.lost_overlap[t], run.squared_norm[t + 1]], axis=1)
    norm = jackknife(run.squared_norm[t], lambda mean: mean[..., 0])
    # Every step adds the rounding of its products to the norm; 1 - cos is a difference of numbers of order 1.
    return [
        Statistic(f"|w|^2 at step {t}", squared, norm, ROUNDING * squared * max(1, t)),
        Statistic(f"1 - cos at step {t}", lost, one_minus_cosine(columns), ROUNDING * max(1.0, lost * t)),
    ]


def one_minus_cosine(columns: np.ndarray) -> Estimate:
    """1 - E<w,w'> / sqrt(E|w|^2 E|w'|^2) from replicas of (|w|^2, <w, w - w'>, |w'|^2)."""
    return jackknife(columns, lambda m: 1 - (m[..., 0] - m[..., 1]) / np.sqrt(m[..., 0] * m[..., 2]))
