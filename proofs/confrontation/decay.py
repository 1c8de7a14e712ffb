"""The designs over many steps: the whole way back to equilibrium, and the twins' distance from step to step.

The second moments are iterated with q taken at E|w|^2. Where q depends on |w|, the fluctuation of |w|^2 between
replicas, of relative size p/d, adds a remainder of that order to the mean; against the error bar it has the size
sqrt(p replicas/d), so these designs take few replicas of many coordinates. For rules that normalise it is none.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

import theory
from numerics import Result, Start, simulate
from numerics.geometry import squared_norm
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.designs import TWIN_DISTANCE, confronted, shifted, slowest
from proofs.confrontation.signs import BUFFER, antithetic, memory_of, walk
from proofs.confrontation.subject import Array, Bench, Predicted, Subject, grad_norm, mean_of, start_at
from theory.schedule import Schedule
from theory.trajectory import trajectory


def log_spaced(steps: int, count: int = 6) -> tuple[int, ...]:
    """Step numbers from 1 to ``steps``, evenly spread in the logarithm."""
    return tuple(sorted({round(t) for t in np.geomspace(1, steps, count)}))


def predicted_path(optimizer: str, hyperparameters: Hyperparameters, factor: float, steps: int) -> Array:
    """E|w_t|^2 [steps + 1] as theory iterates it, from ``factor`` times the states at equilibrium.

    Where steps remember their inputs it is the weights alone, and the overlap with what is remembered stays.
    """
    rest = {k: v for k, v in hyperparameters.items() if k not in ("lr", "wd")}
    still = Schedule(*(np.full(steps, float(hyperparameters[name] or 0)) for name in ("lr", "wd")))
    moments = factor**2 * Predicted.of(optimizer, hyperparameters).moments
    return np.asarray(trajectory(optimizer, still, moments=moments, on_step=None, **rest).norm ** 2)


def decay(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    factor: float,
    steps: int,
    predicted: Array | None = None,
) -> Confrontation:
    """From ``factor`` times the equilibrium norm, buffers with it: E|w_t|^2 at log-spaced steps against theory's path.

    Lion and Signum come with their own history and an independent part that brings the norm up; the history alone
    has to lie below. ``predicted`` [steps + 1] replaces the path of E|w|^2, for controls.
    """
    if not 0 < factor < math.inf:
        raise theory.OutOfDomain(f"factor = {factor:g} is outside its range (0, inf)")
    path = predicted_path(optimizer, hyperparameters, factor, steps) if predicted is None else predicted
    subject = Subject.named(optimizer, hyperparameters, bench)
    moments = factor**2 * subject.expected.moments
    if optimizer in BUFFER:
        _, before = memory_of(optimizer, hyperparameters)
        zero = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
        past = walk(subject.update, Start(zero, subject.update.start(zero)), before, bench, record=0).end
        built = float(squared_norm(past.weights).mean())
        if built > moments[0, 0]:
            raise theory.OutOfDomain(
                f"factor = {factor:g}: the history alone has E|w|^2 = {built:g}, above {moments[0, 0]:g}"
            )
        pair = [walk(subject.update, start, steps, bench, later=1) for start in antithetic(past, moments[0, 0], bench)]
        squares = np.mean([run.squared_norm for run in pair], axis=0)
    else:
        squares = steps_of(subject, bench, moments, steps).squared_norm
    statistics = [
        # Every step adds the rounding of its products to the norm.
        Statistic(f"|w|^2 / predicted at step {t}", 1.0, mean_of(squares[t] / path[t]), ROUNDING * t)
        for t in log_spaced(steps)
    ]
    settings = {"factor": factor, "steps": steps}
    return confronted(f"{optimizer}-rate", "decay", hyperparameters, bench, statistics, **settings)


def twins(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, *, steps: int, predicted: Array | None = None
) -> Confrontation:
    """Twins of the same noise on either side of equilibrium along the slowest eigenvector, for many steps.

    The difference of their E|w_t|^2, in units of that at the start, is that of J^t applied to the eigenvector's real
    part: mu^t where the slowest multiplier mu is real. ``predicted`` [steps + 1] replaces it, for controls.
    """
    subject = Subject.named(optimizer, hyperparameters, bench)
    subject = replace(subject, grad_norm=grad_norm(optimizer, hyperparameters, bench, 1.0))
    expected = subject.expected
    jacobian, direction, length, slow = slowest(expected)
    at, kept = log_spaced(steps), abs(slow)
    if predicted is None:
        powers = {t: (np.linalg.matrix_power(jacobian, t) @ direction)[0] / direction[0] for t in at}
    else:
        powers = {t: float(predicted[t]) for t in at}
    high, low = (
        steps_of(subject, bench, shifted(expected.moments, sign * length * direction), steps).squared_norm
        for sign in (1, -1)
    )
    apart = (high - low) / (2 * length * direction[0])
    size = expected.moments[0, 0] / abs(length * direction[0])
    statistics = [
        Statistic(
            f"distance at step {t}",
            powers[t],
            mean_of(apart[t]),
            ROUNDING * t * size + TWIN_DISTANCE**2 * t,
            "rate",
            t * kept ** (t - 1) * (1 - kept),
        )
        for t in at
    ]
    return confronted(f"{optimizer}-rate", "twins", hyperparameters, bench, statistics, steps=steps)


def steps_of(subject: Subject, bench: Bench, moments: Array, steps: int) -> Result:
    """Many steps from replicas of the given moments."""
    return simulate(
        subject.update,
        law=bench.law,
        grad_norm=subject.grad_norm,
        dim=bench.dim,
        replicas=bench.replicas,
        steps=steps,
        seed=bench.seed,
        start=start_at(subject.update, moments, bench),
        device=bench.device,
    )
