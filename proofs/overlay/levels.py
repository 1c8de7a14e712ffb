"""The motion that the theory expects of a measured tensor, from less or more of what was measured.

white      from lr and wd of every step, |w_0|, and the energy of the unit gradient where the rule steps by it:
           gradients are white in time, the entries of signs Gaussian. Nothing is fitted.
gradients  from the gradients' autocorrelation and, for signs, the law of their entries.
updates    from the updates' own autocorrelation and energy: an identity of any stationary process.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from proofs.overlay.measured import WINDOW, Array, Measured, smoothed
from proofs.overlay.optimizers import ADAMS, SIGNS, THROUGH_ROOT
from theory.copula_sign import SignLaw, copula_sign, score_correlations
from theory.domain import OutOfDomain
from theory.driven import Driven, driven
from theory.measured_update import moved_by
from theory.polar import PolarCorrelation

LEVELS = ("white", "gradients", "updates")
PATHS = 512
PARTS = 8
"""Of gradients, and of weights, by their size: where each entry's own root divides its decay."""


def predicted(measured: Measured, level: str, window: int = WINDOW, seed: int = 0) -> Driven:
    """Norm and angle of every step at one of LEVELS; raises OutOfDomain where that level says nothing."""
    if level not in LEVELS:
        raise OutOfDomain(f"level = {level} is unknown; known are {', '.join(LEVELS)}")
    if level == "updates":
        return _from_updates(measured, window)
    if measured.ruleless:
        raise OutOfDomain(measured.ruleless)
    if measured.optimizer in SIGNS and level == "gradients":
        return settled(measured, *sign_of_gradients(measured, seed))
    if measured.optimizer == "muon":
        return settled(measured, *polar_of_gradients(measured, white=level == "white"))
    return _linear(measured, level, window)


def _linear(measured: Measured, level: str, window: int) -> Driven:
    correlations = None
    if level == "gradients":
        found = measured.even_gradients if measured.optimizer in ADAMS else measured.gradients
        if found is None:
            raise measured.lacks("gradients")
        correlations = found.upto(measured.lags)
    given: dict[str, Any] = dict(measured.hyperparameters)
    starts, shares = parts_of(measured) if measured.optimizer in THROUGH_ROOT else (np.ones(1), np.ones(1))
    return driven(
        measured.optimizer,
        measured.schedule,
        measured.squared_start * starts,
        energy=measured.smoothed_energy(window)[:, None] * shares,
        sizes=np.full(shares.size, measured.size * measured.live / shares.size),
        rows=np.zeros(shares.size),
        eps=float(given.pop("eps", 0.0)),
        correlations=correlations,
        **given,
    )


def parts_of(measured: Measured) -> tuple[Array, Array]:
    """(shares of |w_0|^2, shares of |g|^2) of equally many entries each, told by the sizes of both.

    Entries of larger weights and of smaller gradients have their decay divided by a root that the decay itself makes.
    Gradients are those of the entries that were followed; weights are normal at the start and independent of them.
    """
    known = measured.entries
    gradients = np.ones(1)
    if known is not None and known.any():
        squares = np.sort(np.square(known[:, known.any(axis=0)], dtype=float).mean(axis=0))
        gradients = np.array([part.mean() for part in np.array_split(squares, min(PARTS, squares.size))])
    weights = normal_parts(PARTS)
    starts, shares = np.repeat(weights, gradients.size), np.tile(gradients, weights.size)
    return starts / starts.sum(), shares / shares.sum()


def normal_parts(parts: int) -> Array:
    """E x^2 of a normal x in parts of equal probability, from the smallest |x| to the largest."""
    normal = NormalDist()
    edges = [normal.inv_cdf((1 + j / parts) / 2) for j in range(parts)]
    below = [2 * (normal.cdf(x) - x * normal.pdf(x)) - 1 for x in edges]  # E x^2 of |x| below the edge
    return np.diff([*below, 1.0]) * parts


def _from_updates(measured: Measured, window: int) -> Driven:
    if measured.updates is None:
        raise measured.lacks("updates")
    if measured.gain == 0:
        raise OutOfDomain(
            f"tensor = {measured.name}: {measured.optimizer}'s update holds its own decay, so that it is not stationary"
        )
    plan, found = measured.schedule, measured.updates
    energy = smoothed(found.steps, found.energy, plan.steps, window)
    decay = measured.gain * plan.decay
    return moved_by(plan, measured.squared_start, found.upto(measured.lags), energy, decay=decay)


def sign_of_gradients(measured: Measured, seed: int = 0) -> tuple[Array, float]:
    """(R_1, R_2, ... of the sign, its energy), from the entries' law and the gradients' autocorrelation."""
    law = sign_law(measured, seed=seed)
    return law.correlations[1:], law.moving * measured.size


def sign_law(
    measured: Measured, *, correlated: bool = True, entries: Array | None = None, seed: int = 0, paths: int = PATHS
) -> SignLaw:
    """The law of the sign from the record's ``entries``, or others; without ``correlated`` they are white in time."""
    known = measured.entries if entries is None else entries
    if known is None or not known.size:
        raise OutOfDomain(f"tensor = {measured.name}: no entries of its gradient were followed")
    last = measured.lags
    scores: Array = np.zeros(0)
    if correlated:
        if measured.even_gradients is None:
            raise measured.lacks("gradients")
        scores = score_correlations(known, measured.even_gradients.upto(last))
    chosen = measured.hyperparameters
    beta1 = float(chosen.get("beta1", 0.0))
    beta2 = float(chosen["beta2"]) if measured.optimizer == "lion" else beta1
    return copula_sign(
        known, scores, beta1=beta1, beta2=beta2, lags=last, steps=max(4000, 3 * last), paths=paths, seed=seed
    )


def polar_of_gradients(measured: Measured, white: bool) -> tuple[Array, float]:
    """(R_1, R_2, ... of Muon's update, its energy), the gradients Gaussian matrices with one autocorrelation."""
    from theory.muon import SQUARED_SCALES, update_law

    chosen = measured.hyperparameters
    rows, columns = measured.shape[0], int(np.prod(measured.shape[1:], dtype=int))
    kind = str(chosen.get("orthogonalise", "newton_schulz"))
    energy, correlation = update_law(rows, columns, kind, 1 << 12)
    last = measured.lags
    known = np.zeros(last)
    if not white:
        if measured.gradients is None:
            raise measured.lacks("gradients")
        known = measured.gradients.upto(last)
    mu = float(chosen.get("momentum", 0.95))
    scale = float(SQUARED_SCALES[str(chosen.get("scale", "original"))](rows, columns))
    rho = momentum_correlations(known, mu, bool(chosen.get("nesterov", True)))
    return np.array([_odd(correlation, r) for r in rho]), energy * scale


def _odd(correlation: PolarCorrelation, rho: float) -> float:
    value = correlation.at(min(abs(rho), 1.0))[1]
    return math.copysign(value, rho)


def momentum_correlations(correlations: Array, momentum: float, nesterov: bool) -> Array:
    """rho_1, ... of sum_j h_j g_{t-j} from R_1, ... of g: heavy ball h_j = mu^j, Nesterov's 1 + mu, mu^2, ..."""
    taps = momentum ** np.arange(max(2, math.ceil(40 / (1 - momentum))))
    if nesterov:
        taps = np.concatenate([[1 + momentum], momentum * taps[1:]])
    own = np.correlate(taps, taps, "full")  # sum_j h_j h_{j+m}, m = -J..J
    both = np.concatenate([correlations[::-1], [1.0], correlations])
    found = np.convolve(own, both, "full")
    centre = taps.size - 1 + correlations.size
    return np.asarray(found[centre + 1 : centre + 1 + correlations.size] / found[centre])


def settled(measured: Measured, correlations: Array, energy: float) -> Driven:
    """Under updates that are stationary from the first step on."""
    return moved_by(measured.schedule, measured.squared_start, correlations, energy)
