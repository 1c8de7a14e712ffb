"""The designs for any rule: one step from the prediction, twins on either side of it, a long run from anywhere."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from numerics import Result, simulate
from numerics.seeding import BASE, base_seed
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.subject import Array, Bench, Predicted, Subject, grad_norm, mean_of, update_of
from theory.compiled import NAMES

TWIN_DISTANCE = 1e-5


def stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """One step from the predicted moments: none may move, and the overlap gives 1 - cos."""
    return stationarity_of(Subject.named(optimizer, hyperparameters, bench, predicted), bench)


def stationarity_of(subject: Subject, bench: Bench) -> Confrontation:
    """The same of any update with its prediction."""
    expected = subject.expected
    step = subject.one_step(bench, expected.moments)
    size = len(expected.moments)
    unit_moments = units_of(expected.moments) * expected.decay
    drift = (step.after - step.before) / unit_moments
    names = [f"relative drift of moment {i}{j} / p" for i in range(size) for j in range(i, size)]
    # The step subtracts lr (g + wd w), of size p |w|, so above p = 1 rounding grows with p.
    floor = ROUNDING * max(1.0, expected.decay) / expected.decay
    moves = expected.drift_of_norm() / unit_moments
    statistics = [Statistic(n, 0.0, mean_of(drift[:, k]), floor, "norm", float(moves[k])) for k, n in enumerate(names)]
    lost = step.lost_overlap / expected.moments[0, 0] / expected.decay
    statistics.append(expected.cosine_statistic(mean_of(lost), floor))
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
    units = units_of(expected.moments)
    jacobian, direction, length, slow = slowest(expected)
    if moment is not None:
        direction, length = units * (np.arange(len(units)) == moment), TWIN_DISTANCE
    response = jacobian @ direction if multiplier is None else multiplier * direction
    ends = [subject.one_step(bench, shifted(expected.moments, sign * length * direction)).after for sign in (1, -1)]
    grown = (ends[0] - ends[1]) / (2 * length) / units
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic(
            f"response of moment {k}",
            response[k] / units[k],
            mean_of(grown[:, k]),
            floor * np.max(np.abs(direction / units)),
            "rate",
            float((1 - abs(slow)) * direction[k] / units[k]),
        )
        for k in range(len(direction))
    ]
    return confronted(f"{subject.name}-rate", "perturbation", subject.hyperparameters, bench, statistics)


def units_of(moments: Array) -> Array:
    """What each of the second moments over the upper triangle is measured in: the sizes of its two states."""
    scale = np.sqrt(np.diag(moments))
    return np.outer(scale, scale)[np.triu_indices(len(moments))]


def slowest(expected: Predicted) -> tuple[Array, Array, float, complex]:
    """The Jacobian, its slowest eigenvector's real part, how much of it is the twins' distance, and its multiplier."""
    units = units_of(expected.moments)
    jacobian = expected.jacobian[: len(units), : len(units)]
    values, vectors = np.linalg.eig(jacobian)
    slow = int(np.argmax(np.abs(values)))
    direction = np.real(vectors[:, slow])
    return jacobian, direction, TWIN_DISTANCE / float(np.max(np.abs(direction / units))), complex(values[slow])


def shifted(moments: Array, change: Array) -> Array:
    """Moments with a change over their upper triangle."""
    changed = moments.copy()
    rows, columns = np.triu_indices(len(moments))
    changed[rows, columns] += change
    changed[columns, rows] = changed[rows, columns]
    return changed


def long_run(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    start_norm: float = 1.0,
    predicted: Predicted | None = None,
    dtype: str = "float64",
) -> Confrontation:
    """From random directions of ``start_norm``, averaged after ``burn_in``: norm and 1 - cos, in one precision.

    What an expanded rule says it neglects of the squared norm may be missing from it, and from 1 - cos.
    """
    run = simulated(optimizer, hyperparameters, bench, steps=steps, burn_in=burn_in, start_norm=start_norm, dtype=dtype)
    settings = {"steps": steps, "burn_in": burn_in, "start_norm": start_norm}
    return long_run_of(run, optimizer, hyperparameters, bench, predicted, **settings)


def simulated(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    start_norm: float = 1.0,
    dtype: str = "float64",
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
        dtype=dtype,
    )


def long_run_of(
    run: Result,
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    predicted: Predicted | None = None,
    **settings: float,
) -> Confrontation:
    """Norm and 1 - cos of a long run against a prediction; ``settings`` are what repeats it."""
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    assert run.provenance is not None
    rounding = ROUNDING * float(np.finfo(run.provenance.dtype).eps / np.finfo(float).eps)
    norm, angle = math.sqrt(expected.moments[0, 0]), expected.angle
    statistics = [
        Statistic(
            "norm",
            norm,
            run.equilibrium_norm,
            norm * (rounding / min(expected.decay, 1) + expected.neglected / 2),
            "norm",
        ),
        Statistic(
            "1 - cos",
            expected.one_minus_cosine,
            run.one_minus_cosine,
            rounding + expected.neglected * expected.one_minus_cosine,
            "angle",
            angle * math.sin(angle),
        ),
    ]
    claim = f"{optimizer}-norm, {optimizer}-angle"
    return confronted(claim, "long run", hyperparameters, bench, statistics, **settings)


def confronted(
    claim: str,
    design: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    statistics: list[Statistic],
    **settings: float,
) -> Confrontation:
    """The comparisons of a design on a bench, with the command that repeats it where the rule is a built-in one."""
    optimizer = claim.partition(",")[0].rpartition("-")[0]
    return Confrontation(
        claim,
        design,
        dict(hyperparameters),
        {**bench.conditions(), **settings},
        tuple(statistics),
        command=command(optimizer, design, hyperparameters, bench, **settings) if optimizer in NAMES else "",
    )


def command(optimizer: str, design: str, hyperparameters: Hyperparameters, bench: Bench, **settings: float) -> str:
    """The line of a shell that confronts again: the same seeds, and the same bits on the same versions."""
    options = {**bench.conditions(), **{k: v for k, v in hyperparameters.items() if v is not None}, **settings}
    typed = " ".join(f"--{name.replace('_', '-')} {_typed(value)}" for name, value in options.items())
    base = f"{BASE}={base_seed()} " if base_seed() else ""
    return f"{base}smd confront {optimizer} --design {design.replace(' ', '-')} {typed}"


def _typed(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
