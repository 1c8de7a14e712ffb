"""The designs for any rule: one step from the prediction, twins on either side of it, a long run from anywhere."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from numerics import Result, simulate
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.subject import Array, Bench, Predicted, Subject, grad_norm, mean_of, moments_of, update_of

TWIN_DISTANCE = 1e-5


def stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """One step from the predicted moments: none may move, and the overlap gives 1 - cos."""
    return stationarity_of(Subject.named(optimizer, hyperparameters, bench, predicted), bench)


def stationarity_of(subject: Subject, bench: Bench) -> Confrontation:
    """The same of any update with its prediction."""
    expected = subject.expected
    start, run = subject.one_step(bench, expected.moments)
    size = len(expected.moments)
    scale = np.sqrt(np.diag(expected.moments))
    unit_moments = np.outer(scale, scale)[np.triu_indices(size)] * expected.decay
    drift = (moments_of(run.end, size) - moments_of(start, size)) / unit_moments
    names = [f"relative drift of moment {i}{j} / p" for i in range(size) for j in range(i, size)]
    # The step subtracts lr (g + wd w), of size p |w|, so above p = 1 rounding grows with p.
    floor = ROUNDING * max(1.0, expected.decay) / expected.decay
    statistics = [Statistic(n, 0.0, mean_of(drift[:, k]), floor) for k, n in enumerate(names)]
    lost = run.lost_overlap[0] / expected.moments[0, 0] / expected.decay
    statistics.append(Statistic("(1 - cos) / p", expected.one_minus_cosine / expected.decay, mean_of(lost), floor))
    claim = f"{subject.name}-norm, {subject.name}-angle"
    return confronted(claim, "stationarity", subject.hyperparameters, bench, statistics)


def perturbation(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    multiplier: float | None = None,
    *,
    moment: int | None = None,
    predicted: Predicted | None = None,
) -> Confrontation:
    """Twins on either side of equilibrium along the slowest eigenvector: their distance obeys its multiplier.

    ``multiplier`` replaces the predicted one in controls that must be rejected. A complex pair is
    confronted through the Jacobian's action on the eigenvector's real part. With ``moment`` the twins differ in
    this entry of the upper triangle alone and answer by its column of the Jacobian.
    """
    # Twins share a gradient of norm one: a normalised rule has no use for the predicted norm here.
    subject = replace(
        Subject.named(optimizer, hyperparameters, bench, predicted),
        grad_norm=grad_norm(optimizer, hyperparameters, bench, 1.0),
    )
    return perturbation_of(subject, bench, multiplier, moment=moment)


def perturbation_of(
    subject: Subject, bench: Bench, multiplier: float | None = None, *, moment: int | None = None
) -> Confrontation:
    """The same of any update with its prediction."""
    expected = subject.expected
    size = len(expected.moments)
    jacobian = expected.jacobian[: size * (size + 1) // 2, : size * (size + 1) // 2]
    scale = np.sqrt(np.diag(expected.moments))
    units = np.outer(scale, scale)[np.triu_indices(size)]
    direction = _slowest(jacobian) if moment is None else units * (np.arange(len(units)) == moment)
    response = jacobian @ direction if multiplier is None else multiplier * direction
    length = TWIN_DISTANCE / np.max(np.abs(direction / units))
    ends = [
        moments_of(subject.one_step(bench, _shifted(expected.moments, sign * length * direction))[1].end, size)
        for sign in (1, -1)
    ]
    grown = (ends[0] - ends[1]) / (2 * length) / units
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic(
            f"response of moment {k}",
            response[k] / units[k],
            mean_of(grown[:, k]),
            floor * np.max(np.abs(direction / units)),
        )
        for k in range(len(direction))
    ]
    return confronted(f"{subject.name}-rate", "perturbation", subject.hyperparameters, bench, statistics)


def _slowest(jacobian: Array) -> Array:
    """The real part of the eigenvector whose multiplier is largest."""
    values, vectors = np.linalg.eig(jacobian)
    return np.real(vectors[:, int(np.argmax(np.abs(values)))])


def _shifted(moments: Array, change: Array) -> Array:
    shifted = moments.copy()
    rows, columns = np.triu_indices(len(moments))
    shifted[rows, columns] += change
    shifted[columns, rows] = shifted[rows, columns]
    return shifted


def long_run(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    start_norm: float = 1.0,
    predicted: Predicted | None = None,
) -> Confrontation:
    """From random directions of ``start_norm``, averaged after ``burn_in``: norm and 1 - cos.

    What an expanded rule says it neglects of the squared norm may be missing from it, and from 1 - cos.
    """
    run = simulated(optimizer, hyperparameters, bench, steps=steps, burn_in=burn_in, start_norm=start_norm)
    return long_run_of(run, optimizer, hyperparameters, bench, predicted)


def simulated(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    start_norm: float = 1.0,
) -> Result:
    """The long run itself, which knows no prediction."""
    return simulate(
        update_of(optimizer, hyperparameters),
        law=bench.law,
        grad_norm=grad_norm(optimizer, hyperparameters, bench, 1.0),
        dim=bench.dim,
        replicas=bench.replicas,
        steps=steps,
        burn_in=burn_in,
        seed=bench.seed,
        start_norm=start_norm,
        device=bench.device,
    )


def long_run_of(
    run: Result, optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """Norm and 1 - cos of a long run against a prediction."""
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    norm = math.sqrt(expected.moments[0, 0])
    statistics = [
        Statistic(
            "norm",
            norm,
            run.equilibrium_norm,
            norm * (ROUNDING / min(expected.decay, 1) + expected.neglected / 2),
        ),
        Statistic(
            "1 - cos",
            expected.one_minus_cosine,
            run.one_minus_cosine,
            ROUNDING + expected.neglected * expected.one_minus_cosine,
        ),
    ]
    return confronted(f"{optimizer}-norm, {optimizer}-angle", "long run", hyperparameters, bench, statistics)


def confronted(
    claim: str, design: str, hyperparameters: Hyperparameters, bench: Bench, statistics: list[Statistic]
) -> Confrontation:
    """The comparisons of a design on a bench."""
    return Confrontation(claim, design, dict(hyperparameters), bench.conditions(), tuple(statistics))
