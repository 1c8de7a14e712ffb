"""Confronting the laws of correlated, heavy-tailed and sparse gradients with torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

import theory
from numerics import GradientLaw, Result, simulate, update_for
from numerics.gradients import correlated as correlated_law
from numerics.philox import Entries, laplace, rare_large, sparse, student
from numerics.seeding import generator as generator_of
from numerics.statistics import jackknife
from numerics.torch_entries import draw_entries
from numerics.updates import Lion
from proofs.comparison import ROUNDING, Confrontation, Statistic
from theory import scale_mixtures, sign_family
from theory.scale_mixtures import ScaleMixture
from theory.symbols import OF_PARAMETER, decay, dim, energy, persistence, snr

SEED = 31
DIM = 64
LENGTH = math.sqrt(DIM)
"""The RMS norm of gradients whose entries have unit mean square."""
REPLICAS = 32

MIXTURES: dict[str, tuple[ScaleMixture, Entries]] = {
    "sparse": (scale_mixtures.sparse(0.1), sparse(0.1)),
    "rare events": (scale_mixtures.sparse(0.02), sparse(0.02)),
    "rare large": (scale_mixtures.rare_large(0.05, 10.0), rare_large(0.05, 10.0)),
    "laplace": (scale_mixtures.LAPLACE, laplace()),
    "student": (scale_mixtures.student(5), student(5)),
}
"""One law of a gradient's entries twice: as theory averages over its scales, and as torch draws it."""


def _compare(
    claim: str, hyper: Mapping[str, float], conditions: Mapping[str, object], run: Result, norm: float, lost: float,
    norm_error: float = 0.0, lost_error: float = 0.0,
) -> Confrontation:  # fmt: skip
    statistics = (
        Statistic(
            "norm", norm, run.equilibrium_norm, math.hypot(ROUNDING * norm / hyper["wd"] / hyper["lr"], norm_error)
        ),
        Statistic("1 - cos", lost, run.one_minus_cosine, math.hypot(ROUNDING, lost_error)),
    )
    return Confrontation(claim, "long run", dict(hyper), conditions, statistics)


def correlated(
    claim: str, optimizer: str, hyper: Mapping[str, float], phi: float, r: float, device: str,
    believed: tuple[float, float] | None = None,
) -> Confrontation:  # fmt: skip
    """Gradients that do not see w, AR(1) over a constant mean: at most one of ``phi`` and ``r`` is positive.

    ``believed`` are the (phi, r) that the theory is told, for controls that must be rejected.
    """
    from theory.optimizers import OPTIMIZERS
    from theory.stationary_input import autoregressive, driven_by, signal_and_noise

    phi_told, r_told = believed or (phi, r)
    law = signal_and_noise() if r else autoregressive()
    found = driven_by(OPTIMIZERS[optimizer], law, energy)
    values = {OF_PARAMETER[n]: v for n, v in hyper.items() if n != "wd"}
    values |= {decay: hyper["lr"] * hyper["wd"], energy: DIM, dim: DIM, persistence: phi_told, snr: r_told}
    values.setdefault(OF_PARAMETER["dampening"], 0.0)
    norm = float(found.norm_at_constant_energy.subs(values))
    lost = float(found.one_minus_cosine.subs(values))
    # Slow modes: a and phi.
    settle = round(12 / min(hyper["lr"] * hyper["wd"], 1 - phi))
    run = simulate(
        update_for(optimizer, hyper), law=correlated_law(phi, r), grad_norm=LENGTH, dim=DIM, replicas=REPLICAS,
        steps=3 * settle,
        burn_in=settle, seed=SEED, start_norm=norm, device=device,
    )  # fmt: skip
    return _compare(claim, hyper, {"persistence": phi, "snr": r, "dim": DIM}, run, norm, lost)


def orthogonal(
    optimizer: str, hyper: Mapping[str, float], phi: float, r: float, device: str, lost: float | None = None
) -> Confrontation:
    """Correlated gradients orthogonal to w: 1 - cos is that of white ones (or ``lost``, for controls)."""
    update = update_for(optimizer, hyper)
    found = theory.predict(optimizer, **hyper)
    run = orthogonal_run(update, hyper, phi, r, device)
    expected = 1 - found.cos_angular_update if lost is None else lost
    return Confrontation(
        "orthogonal-angle",
        "long run",
        dict(hyper),
        {"persistence": phi, "snr": r, "dim": DIM},
        (Statistic("1 - cos", expected, run.one_minus_cosine, ROUNDING),),
    )


def orthogonal_run(update: Any, hyper: Mapping[str, float], phi: float, r: float, device: str = "cpu") -> Result:
    """A long run on gradients of a scale-invariant loss, AR(1) in time over a constant mean."""
    settle = round(12 / min(hyper["lr"] * hyper["wd"], 1 - phi))
    return simulate(
        update, law=correlated_law(phi, r, orthogonal=True), dim=DIM, replicas=REPLICAS, steps=12 * settle,
        burn_in=2 * settle, seed=SEED, device=device,
    )  # fmt: skip


def stationary_signs(phi: float, hyper: Mapping[str, float], device: str, energy_told: float = DIM) -> Confrontation:
    """signSGD on AR(1) Gaussian gradients: R_k = (2/pi) arcsin phi^k, summed from an array by the general law."""
    lags = math.ceil(30 / (1 - phi))
    law = [2 / math.pi * math.asin(phi**k) for k in range(1, lags)]
    found = theory.from_correlations(law, **hyper, energy=energy_told, beyond=phi**lags)
    p = hyper["lr"] * hyper["wd"]
    settle = round(12 / min(p, 1 - phi))
    run = simulate(
        Lion(**hyper, beta1=0.0, beta2=0.5), law=correlated_law(phi), grad_norm=LENGTH, dim=DIM, replicas=REPLICAS,
        steps=3 * settle,
        burn_in=settle, seed=SEED, start_norm=found.equilibrium_norm, device=device,
    )  # fmt: skip
    conditions = {"persistence": phi, "dim": DIM}
    return _compare("stationary-update", hyper, conditions, run, found.equilibrium_norm, found.one_minus_cosine)


def sign_equilibrium(name: str, hyper: Mapping[str, float], device: str, believed: str | None = None) -> Confrontation:
    """Lion or Signum on heavy-tailed or sparse entries; theory's own Monte Carlo error widens the bar.

    ``believed`` names the law that the theory is told, for controls that must be rejected.
    """
    entries = MIXTURES[name][1]
    mixture = MIXTURES[believed or name][0]
    chosen: dict[str, Any] = dict(hyper)
    found = sign_family.sign_law(mixture, **chosen, dim=DIM)
    settle = round(12 / min(hyper["lr"] * hyper["wd"], 1 - hyper["beta2"], mixture.density))
    run = simulate(
        Lion(**hyper), law=GradientLaw(name, entries=entries), grad_norm=LENGTH, dim=DIM, replicas=REPLICAS,
        steps=3 * settle, burn_in=settle, seed=SEED,
        start_norm=found.equilibrium_norm.value, device=device,
    )  # fmt: skip
    norm, lost = found.equilibrium_norm, found.one_minus_cosine
    return _compare(
        "sign-scale-mixture", hyper, {"entries": name, "dim": DIM}, run, norm.value, lost.value,
        norm.standard_error, lost.standard_error,
    )  # fmt: skip


def sign_correlations(
    name: str, beta1: float, beta2: float, device: str, lags: tuple[int, ...] = (1, 3, 10)
) -> Confrontation:
    """The signs' correlation itself, against the average of the arcsine over the scales."""
    mixture, entries = MIXTURES[name]
    found = sign_family.sign_correlations(mixture, lags, beta1, beta2)
    generator = generator_of(SEED, device=device)
    w = torch.zeros(128, 256, dtype=torch.float64, device=device)
    buffer, signs = torch.zeros_like(w), []
    history = round(8 / min(1 - beta2, mixture.density))
    for t in range(history + max(lags) + 1):
        g = draw_entries(entries, w, generator)
        if t >= history:
            signs.append(torch.sign(beta1 * buffer + (1 - beta1) * g))
        buffer = beta2 * buffer + (1 - beta2) * g
    statistics = tuple(
        Statistic(
            f"correlation at lag {k}",
            value.value,
            jackknife((signs[0] * signs[k]).mean(-1).cpu().numpy(), lambda m: m[..., 0]),
            value.standard_error,
        )
        for k, value in zip(lags, found, strict=True)
    )
    hyper = {"beta1": beta1, "beta2": beta2}
    return Confrontation("sign-scale-mixture", "sign correlation", hyper, {"entries": name}, statistics)
