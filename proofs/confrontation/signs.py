"""The designs for rules whose steps remember: Lion and Signum, from a history of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from numerics import LAWS, Result, Start, random_weights, simulate
from numerics.geometry import squared_norm
from numerics.updates import SGD, Lion, Update
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.controls import adjusted, products, sums_of_white
from proofs.confrontation.designs import TWIN_DISTANCE, confronted
from proofs.confrontation.subject import Bench, Predicted, Subject, grad_norm, mean_of, own, update_of

WARM = 8.0
LAGS = (1, 2, 5)
SPREAD = 1.3
"""What the error bar of 1 - cos is multiplied by: over seeds its deviations spread by 1.2, why is not known."""
BUFFER = {"lion": "beta2", "signum": "beta1"}
"""What the buffer keeps of itself in a step."""


def sign_stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """Lion or Signum from its own history: over as many steps again the predicted norm may not move.

    Signs are built up from w = 0 over WARM memories of the buffer, and an independent part of either sign is added
    that brings E|w|^2 to the prediction. These rules do not see w: with the same gradients the pair's steps are the
    same, and what the part adds to their overlap cancels. What is left of the noise comes mostly from products of
    sums of gradients, whose means are known, and is taken out (``controls``).

    With a = 1 - lr wd, E|w'|^2 = a^2 E|w|^2 + (1 - a^2) A, averaged over the steps, gives A, which is the prediction
    where that stands still. Where it does, 2 (1 - cos) is the squared step over the squared norm.
    """
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    update = update_of(optimizer, hyperparameters)
    kept, steps = memory_of(optimizer, hyperparameters)
    zero = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
    past = walk(update, Start(zero, update.start(zero)), steps, bench, record=0).end
    pair = [walk(update, start, steps, bench, later=1) for start in antithetic(past, expected.moments[0, 0], bench)]

    decay, kept_now = expected.decay, 1 - expected.decay
    squares = np.mean([run.squared_norm for run in pair], axis=0) / expected.moments[0, 0]
    lost = np.mean([run.lost_overlap for run in pair], axis=(0, 1)) / expected.moments[0, 0]
    gone = 1 - kept_now**2
    implied = (squares[1:].mean(0) - kept_now**2 * squares[:-1].mean(0)) / gone
    half_step = lost - (squares[0] - squares[-1]) / (2 * steps)

    sums = SGD(lr=1.0, wd=decay)
    first, second = (
        walk(sums, Start(zero, sums.start(zero)), steps, bench, later=k, record=0).end.weights for k in (0, 1)
    )
    buffer, after = past.state.buffer, pair[0].end.state.buffer
    assert buffer is not None
    assert after is not None
    known = sums_of_white((kept_now, kept), (-1.0, 1 - kept), steps, bench.dim)[np.triu_indices(2)]
    old, new = (first, buffer), (second, after - kept**steps * buffer)
    within = [products(x, x)[:, *np.triu_indices(2)] - known for x in (old, new)]
    controls = np.concatenate([products(old, new).reshape(bench.replicas, -1), *within], axis=1)
    lost_overlap = adjusted(half_step / decay, controls)
    statistics = [
        Statistic("E|w|^2 / predicted", 1.0, adjusted(implied, controls), ROUNDING / gone, "norm", 2.0),
        expected.cosine_statistic(
            replace(lost_overlap, standard_error=SPREAD * lost_overlap.standard_error), ROUNDING / min(decay, 1.0)
        ),
    ]
    return confronted(f"{optimizer}-norm, {optimizer}-angle", "stationarity", hyperparameters, bench, statistics)


def memory_of(optimizer: str, hyperparameters: Hyperparameters) -> tuple[float, int]:
    """What the buffer keeps of itself in a step, and the steps of WARM of its memories."""
    kept = float(hyperparameters[BUFFER[optimizer]] or 0.0)
    return kept, max(8, math.ceil(WARM / (1 - kept)))


def walk(update: Update, start: Start, steps: int, bench: Bench, *, later: int = 0, record: int = 1) -> Result:
    """Steps on white gradients of unit entries; ``later`` counts the walks before this one, of other gradients."""
    return simulate(
        update, law="iid", grad_norm=math.sqrt(bench.dim), dim=bench.dim, replicas=bench.replicas, steps=steps,
        record=record, seed=bench.seed + later, start=start, device=bench.device,
    )  # fmt: skip


def antithetic(past: Start, squared: float, bench: Bench) -> list[Start]:
    """The weights of a past with an independent part of either sign, which brings E|w|^2 to ``squared`` if above."""
    missing = max(float(squared) - float(squared_norm(past.weights).mean()), 0.0)
    part = random_weights(bench.replicas, bench.dim, math.sqrt(missing), bench.generator(2))
    return [Start(past.weights + sign * part, past.state) for sign in (1, -1)]


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
            "autocorrelation",
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
            end = subject.one_step(bench, moments).after
            ends.append(end[:, 2 * state] / (2 * TWIN_DISTANCE * moments[state, state] / (1 + sign * TWIN_DISTANCE)))
        grown.append(ends[0] - ends[1])
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic("multiplier of |w|^2", weights_alone, mean_of(grown[0]), floor, "rate", 1 - weights_alone),
        Statistic("multiplier of |m|^2", buffer_alone, mean_of(grown[1]), floor, "rate", 1 - buffer_alone),
    ]
    return confronted("lion-rate", "perturbation", hyperparameters, bench, statistics)
