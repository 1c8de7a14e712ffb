"""The designs for rules whose steps remember: Lion and Signum, from a history of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from numerics import LAWS, Start, random_weights, simulate
from numerics.geometry import squared_norm
from numerics.updates import Lion
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.designs import TWIN_DISTANCE, confronted
from proofs.confrontation.subject import Bench, Predicted, Subject, grad_norm, mean_of, moments_of, own, update_of

WARM = 8.0
LAGS = (1, 2, 5)
BUFFER = {"lion": "beta2", "signum": "beta1"}
"""What the buffer keeps of itself in a step."""


def sign_stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """Lion or Signum from its own history: one step from the predicted norm may not move it.

    Signs are built up from w = 0 over WARM memories of the buffer and an independent part is added that
    brings E|w|^2 to the prediction. Requires that the history alone stays below the prediction, which
    a positive autocorrelation ensures.
    """
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    update = update_of(optimizer, hyperparameters)
    kept = float(hyperparameters[BUFFER[optimizer]] or 0.0)
    history = max(8, math.ceil(WARM / (1 - kept)))
    zero = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
    run = simulate(
        update, law="iid", dim=bench.dim, replicas=bench.replicas, steps=history, seed=bench.seed,
        start=Start(zero, update.start(zero)), device=bench.device,
    )  # fmt: skip
    built = squared_norm(run.end.weights).mean()
    missing = max(float(expected.moments[0, 0]) - float(built), 0.0)
    noise = random_weights(bench.replicas, bench.dim, math.sqrt(missing), bench.generator(2))
    start = Start(run.end.weights + noise, run.end.state)
    before = squared_norm(start.weights)
    last = simulate(
        update,
        law="iid",
        dim=bench.dim,
        replicas=bench.replicas,
        steps=1,
        seed=bench.seed + 1,
        start=start,
        device=bench.device,
    )
    scale = expected.moments[0, 0] * expected.decay
    drift = (squared_norm(last.end.weights) - before).cpu().numpy() / scale
    statistics = [
        Statistic("relative drift of |w|^2 / p", 0.0, mean_of(drift), ROUNDING / expected.decay),
        Statistic(
            "(1 - cos) / p",
            expected.one_minus_cosine / expected.decay,
            mean_of(last.lost_overlap[0] / scale),
            ROUNDING / expected.decay,
        ),
    ]
    return confronted(f"{optimizer}-norm, {optimizer}-angle", "stationarity", hyperparameters, bench, statistics)


def sign_correlation(
    hyperparameters: Hyperparameters,
    bench: Bench,
    lags: tuple[int, ...] = LAGS,
    predicted: Sequence[float] | None = None,
) -> Confrontation:
    """Correlation of Lion's signs at a few lags against the arcsine law, on a stationary buffer.

    ``predicted`` replaces the law's numbers, one for each lag, in controls that must be rejected.
    """
    from theory.optimizers.lion import FILTER
    from theory.symbols import beta1, beta2

    chosen = own(hyperparameters)
    update = Lion(lr=1.0, wd=0.0, beta1=float(chosen["beta1"] or 0), beta2=float(chosen["beta2"] or 0))
    generator = bench.generator(3)
    w = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
    state = update.start(w)
    history = max(8, math.ceil(WARM / (1 - update.beta2)))
    signs: list[Tensor] = []
    for t in range(history + max(lags) + 1):
        after, state = update.step(w, LAWS["iid"].draw(w, 1.0, generator), state)
        if t >= history:
            signs.append(w - after)
        w = torch.zeros_like(w)
    at = {beta1: update.beta1, beta2: update.beta2}
    expected = predicted or [float(FILTER.sign_autocorrelation_at(k).subs(at)) for k in lags]
    statistics = [
        Statistic(
            f"correlation at lag {k}",
            value,
            mean_of((signs[0] * signs[k]).mean(-1).cpu().numpy()),
            ROUNDING,
        )
        for k, value in zip(lags, expected, strict=True)
    ]
    return confronted("lion-autocorrelation", "sign correlation", hyperparameters, bench, statistics)


def lion_perturbation(
    hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """Lion's multipliers one by one: a^2 for the weights alone, beta2^2 for the buffer alone."""
    subject = replace(
        Subject.named("lion", hyperparameters, bench, predicted),
        grad_norm=grad_norm("lion", hyperparameters, bench, 1.0),
    )
    expected = subject.expected
    weights_alone, buffer_alone = expected.jacobian[0, 0], expected.jacobian[-1, -1]
    grown = []
    for state in (0, 1):
        ends = []
        for sign in (1, -1):
            moments = np.diag([expected.moments[0, 0], 1.0])
            moments[state, state] *= 1 + sign * TWIN_DISTANCE
            end = moments_of(subject.one_step(bench, moments)[1].end, 2)
            ends.append(end[:, 2 * state] / (2 * TWIN_DISTANCE * moments[state, state] / (1 + sign * TWIN_DISTANCE)))
        grown.append(ends[0] - ends[1])
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic("multiplier of |w|^2", weights_alone, mean_of(grown[0]), floor),
        Statistic("multiplier of |m|^2", buffer_alone, mean_of(grown[1]), floor),
    ]
    return confronted("lion-rate", "perturbation", hyperparameters, bench, statistics)
