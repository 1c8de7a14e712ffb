"""Confronting fluctuations: stationary variance and shift of norm and angle, extrapolated to large dimension.

A quantity that is c/n + O(1/n^2) in n degrees of freedom is measured at n and at 2n, and
2 (2n q(2n)) - n q(n) = c + O(1/n^2) is compared with the predicted c.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import mpmath
import numpy as np
import torch

import theory
from numerics import Result, random_weights, simulate, update_for
from numerics.geometry import squared_norm
from numerics.gradients import Gradient
from numerics.statistics import Estimate, jackknife
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from proofs.confrontation.subject import Bench, grad_norm, own
from theory.finite_dimension import finite_dim

QUANTITIES = ("variance of |w|^2", "shift of E|w|^2", "variance of the angle", "shift of the mean angle")


def run(optimizer: str, hyperparameters: Hyperparameters, bench: Bench, steps: int, burn_in: int) -> Result:
    """A stationary run from the equilibrium norm."""
    found = theory.predict(optimizer, **_with_dim(optimizer, hyperparameters, bench.dim))
    return simulate(
        update_for(optimizer, own(hyperparameters)),
        law=bench.law,
        grad_norm=grad_norm(optimizer, hyperparameters, bench, found.equilibrium_norm**2),
        dim=bench.dim,
        replicas=bench.replicas,
        steps=steps + burn_in,
        burn_in=burn_in,
        seed=bench.seed,
        start_norm=found.equilibrium_norm,
        device=bench.device,
    )


def measured(optimizer: str, hyperparameters: Hyperparameters, bench: Bench, simulation: Result) -> list[Estimate]:
    """QUANTITIES: Var/(E|w|^2)^2, E|w|^2/A - 1, Var(theta_t)/sin(theta)^2, (E theta_t - theta)/tan(theta)."""
    found = theory.predict(optimizer, **_with_dim(optimizer, hyperparameters, bench.dim))
    squares = simulation.squared_norm[simulation.burn_in : -1] / found.equilibrium_norm**2 - 1
    turns = simulation.angle[simulation.burn_in :] - found.angular_update
    columns = np.stack([(x**k).mean(axis=0) for x in (squares, turns) for k in (1, 2)], axis=1)
    sine, tangent = found.sine, math.tan(found.angular_update)
    return [
        jackknife(columns, lambda m: (m[..., 1] - m[..., 0] ** 2) / (1 + m[..., 0]) ** 2),
        jackknife(columns, lambda m: m[..., 0]),
        jackknife(columns, lambda m: (m[..., 3] - m[..., 2] ** 2) / sine**2),
        jackknife(columns, lambda m: m[..., 2] / tangent),
    ]


def predicted(optimizer: str, hyperparameters: Hyperparameters, bench: Bench) -> list[float]:
    """QUANTITIES by theory."""
    found = theory.predict(optimizer, **_with_dim(optimizer, hyperparameters, bench.dim))
    constant = 0.0 if bench.law == "fixed" else None
    near = finite_dim(optimizer, bench.dim, energy_variance=constant, **_without_dim(hyperparameters))
    return [
        near.relative_variance,
        2 * (near.rms_norm / found.equilibrium_norm - 1),
        (near.angle_deviation / found.sine) ** 2,
        (near.mean_angle - found.angular_update) / math.tan(found.angular_update),
    ]


def fluctuation(
    claim: str,
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    quantities: tuple[int, ...] = (0, 1, 2, 3),
    factor: float = 1.0,
) -> Confrontation:
    """The coefficients of 1/n in QUANTITIES, from runs at ``bench.dim`` and at twice its degrees of freedom.

    ``factor`` multiplies every prediction, in controls that must be rejected.
    """
    loss = 0 if bench.law == "iid" else 1
    wide = replace(bench, dim=2 * (bench.dim - loss) + loss, seed=bench.seed + 1)
    near, far = (
        measured(optimizer, hyperparameters, b, run(optimizer, hyperparameters, b, steps, burn_in))
        for b in (bench, wide)
    )
    freedom = bench.dim - loss
    expected = predicted(optimizer, hyperparameters, bench)
    statistics = tuple(
        Statistic(
            f"{QUANTITIES[k]} times n",
            factor * freedom * expected[k],
            _extrapolated(near[k], far[k], freedom),
            ROUNDING * freedom,
        )
        for k in quantities
    )
    return Confrontation(
        claim, "stationary run at two dimensions", dict(hyperparameters), bench.conditions(), statistics
    )


def sgd_mean(
    hyperparameters: Hyperparameters, bench: Bench, *, steps: int, burn_in: int, order: int = 2
) -> Confrontation:
    """E|w|^2/A - 1 of SGD under ``sphere`` at one dimension against theory to the given order in v.

    Half the mean of zeta is subtracted: it has mean zero and carries the first-order fluctuation.
    """
    simulation = run("sgd", hyperparameters, bench, steps, burn_in)
    found = theory.predict("sgd", **_without_dim(hyperparameters))
    squares = simulation.squared_norm[burn_in:] / found.equilibrium_norm**2
    kept = found.cos_angular_update**2
    zeta = (squares[1:] - kept * squares[:-1]) * squares[:-1] / (1 - kept) - 1
    mean = jackknife((squares[:-1] - 1 - zeta / 2).mean(axis=0), lambda m: m[..., 0])
    expected = sgd_mean_by_theory(1 - found.cos_angular_update, 2 / (bench.dim - 1), order)
    statistics = (Statistic("shift of E|w|^2", expected, mean, ROUNDING),)
    return Confrontation("sgd-norm-shift", "stationary run", dict(hyperparameters), bench.conditions(), statistics)


def sgd_mean_by_theory(decay_per_step: float, variance: float, order: int = 2) -> float:
    """E|w|^2/A - 1 for Gaussian gradients of relative energy variance v, to the given order in v."""
    from theory.fluctuations import sgd_moments
    from theory.symbols import decay, energy_skewness, energy_variance

    mean = sgd_moments()[0].expand()
    kept = sum(mean.coeff(energy_variance, k) * energy_variance**k for k in range(1, order + 1))
    return float(kept.subs({decay: decay_per_step, energy_skewness: 2, energy_variance: variance}))


def _extrapolated(near: Estimate, far: Estimate, freedom: int) -> Estimate:
    """2 (2n q(2n)) - n q(n)."""
    value = freedom * (4 * far.value - near.value)
    return Estimate(value, freedom * math.hypot(4 * far.standard_error, near.standard_error), near.replicas)


def _without_dim(hyperparameters: Hyperparameters) -> dict[str, float | None]:
    return {name: value for name, value in hyperparameters.items() if name != "dim"}


def _with_dim(optimizer: str, hyperparameters: Mapping[str, float | None], dim: int) -> dict[str, float | None]:
    return _without_dim(hyperparameters) | ({"dim": dim} if theory.load(optimizer).normalised else {})


def walk_variance(
    hyperparameters: Hyperparameters, bench: Bench, *, rarity: int, steps: int, burn_in: int, factor: float = 1.0
) -> Confrontation:
    """Var(|w|^2)/(E|w|^2)^2 of AdamW, d-fold, under rare entries: +-sqrt(rarity) once in ``rarity``, else 0.

    Their excess kurtosis is rarity - 3. ``factor`` multiplies the predicted share of it, in controls.
    """
    from theory.fluctuations import kurtosis_share
    from theory.optimizers import OPTIMIZERS
    from theory.symbols import beta1, decay

    generator = bench.generator(4)
    found = theory.predict("adamw", **_with_dim("adamw", hyperparameters, bench.dim))
    update = update_for("adamw", own(hyperparameters))
    w = random_weights(bench.replicas, bench.dim, found.equilibrium_norm, bench.generator(5))
    state = update.start(w)
    ones = torch.ones_like(w[:, :1])
    squares = []
    for t in range(steps + burn_in):
        entry = torch.rand(w.shape, generator=generator, device=w.device, dtype=w.dtype) * 2 * rarity
        rare = math.sqrt(rarity) * ((entry < 1).to(w.dtype) - (entry > 2 * rarity - 1).to(w.dtype))
        w, state = update.step(w, Gradient(rare, ones), state)
        if t >= burn_in:
            squares.append(squared_norm(w) / found.equilibrium_norm**2 - 1)
    run = torch.stack(squares).cpu().numpy()
    columns = np.stack([(run**k).mean(axis=0) for k in (1, 2)], axis=1)
    spread = jackknife(columns, lambda m: bench.dim * (m[..., 1] - m[..., 0] ** 2) / (1 + m[..., 0]) ** 2)
    at = {decay: float(hyperparameters["lr"] or 0) * float(hyperparameters["wd"] or 0)}
    share = float(kurtosis_share(OPTIMIZERS["adamw"]).subs(at | {beta1: hyperparameters["beta1"]}))
    statistic = Statistic("variance of |w|^2 times d", 2 + factor * (rarity - 3) * share, spread, ROUNDING * bench.dim)
    conditions = bench.conditions() | {"law": f"one entry in {rarity}"}
    return Confrontation("random-walk-norm-variance", "stationary run", dict(hyperparameters), conditions, (statistic,))


def alternating(bench: Bench, steps: int, factor: float = 1.0) -> Confrontation:
    """SGD at lr*wd = 1 under ``sphere``: growth of |w|^2 over two steps and of the variance of its logarithm.

    ``steps`` is even; ``factor`` multiplies both predictions, in controls.
    """
    freedom = bench.dim - 1
    simulation = simulate(
        update_for("sgd", {"lr": 1.0, "wd": 1.0}),
        law="sphere",
        dim=bench.dim,
        replicas=bench.replicas,
        steps=steps,
        seed=bench.seed,
        device=bench.device,
    )
    growth = jackknife(simulation.squared_norm[2] / simulation.squared_norm[0], lambda m: m[..., 0])
    logs = np.log(simulation.squared_norm[-1] / simulation.squared_norm[0])
    spread = jackknife(np.stack([logs, logs**2], axis=1), lambda m: m[..., 1] - m[..., 0] ** 2)
    statistics = (
        Statistic("growth of |w|^2 in two steps", factor * freedom / (freedom - 2), growth, ROUNDING),
        Statistic("variance of log |w|^2", factor * steps * float(mpmath.psi(1, freedom / 2)), spread, ROUNDING),
    )
    return Confrontation("sgd-at-one", "run on the border", {"lr": 1.0, "wd": 1.0}, bench.conditions(), statistics)
