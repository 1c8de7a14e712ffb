"""Confronting Muon: correlations of polar factors, and long runs, against the enclosures of the theory.

What is predicted is an interval where the series is not summed in closed form. A measurement inside it agrees;
outside, it is compared with the nearer end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from numerics.muon import Muon
from numerics.polar import correlated_polar_overlap
from numerics.seeding import generator as generator_of
from numerics.simulation import simulate
from numerics.statistics import Estimate
from proofs.comparison import ROUNDING, Confrontation, Statistic
from theory.muon import predict_muon
from theory.polar import polar_correlation

CORRELATIONS = (0.2, 0.6, 0.9, 0.97)
SAMPLED_ENTRIES = 400_000
REPLICAS = 64
POINTS: tuple[Mapping[str, float], ...] = (
    {"rows": 1, "cols": 24, "momentum": 0.9, "nesterov": 1, "lr": 0.1, "wd": 0.5},
    {"rows": 4, "cols": 4, "momentum": 0.95, "nesterov": 0, "lr": 0.1, "wd": 0.5},
    {"rows": 16, "cols": 8, "momentum": 0.95, "nesterov": 1, "lr": 0.1, "wd": 0.5},
    {"rows": 8, "cols": 16, "momentum": 0.9, "nesterov": 0, "lr": 0.5, "wd": 3.0},
    {"rows": 32, "cols": 32, "momentum": 0.9, "nesterov": 0, "lr": 0.1, "wd": 0.5},
)


def enclosed(name: str, low: float, high: float, measured: Estimate, rounding: float) -> Statistic:
    """A comparison with the point of [low, high] that lies nearest to the measurement."""
    return Statistic(name, min(max(measured.value, low), high), measured, rounding)


def correlation(rows: int, columns: int, *, seed: int = 20, device: str = "cpu") -> Confrontation:
    """<polar X, polar Y>/min(m, n) over independent pairs at a few correlations."""
    law, samples = polar_correlation(rows, columns), SAMPLED_ENTRIES // (rows * columns * REPLICAS)
    statistics = []
    for stream, rho in enumerate(CORRELATIONS):
        generator = generator_of(seed, stream, device)
        sample = correlated_polar_overlap(rows, columns, rho, samples * REPLICAS, generator).cpu().numpy()
        means = sample.reshape(REPLICAS, samples).mean(axis=1)
        low, _, high = law.at(rho)
        statistics.append(enclosed(f"C({rho:g})", low, high, _mean(means), ROUNDING))
    return Confrontation(
        "muon-correlation",
        "correlated pairs",
        {"rows": rows, "cols": columns},
        {"replicas": REPLICAS, "samples": samples, "seed": seed, "device": device},
        tuple(statistics),
    )


def equilibrium(
    point: Mapping[str, float],
    *,
    steps: int = 1200,
    replicas: int = 24,
    seed: int = 20,
    device: str = "cpu",
) -> Confrontation:
    """A long run from the predicted norm: norm and 1 - cos."""
    rows, columns, nesterov = int(point["rows"]), int(point["cols"]), bool(point["nesterov"])
    lr, wd, momentum = point["lr"], point["wd"], point["momentum"]
    found = predict_muon(lr=lr, wd=wd, rows=rows, cols=columns, momentum=momentum, nesterov=nesterov)
    run = simulate(
        Muon(lr=lr, wd=wd, rows=rows, cols=columns, momentum=momentum, nesterov=nesterov),
        law="iid",
        dim=rows * columns,
        replicas=replicas,
        steps=steps,
        burn_in=math.ceil(12 / min(lr * wd, 1 - momentum)),
        seed=seed,
        start_norm=found.equilibrium_norm,
        device=device,
    )
    assert found.norm_bounds is not None
    assert found.angle_bounds is not None
    angles = np.array(found.angle_bounds)
    low, high = 2 * np.sin(angles / 2) ** 2
    statistics = (
        enclosed("norm", *found.norm_bounds, run.equilibrium_norm, ROUNDING * found.equilibrium_norm),
        enclosed("1 - cos", float(low), float(high), run.one_minus_cosine, ROUNDING),
    )
    return Confrontation(
        "muon-norm, muon-angle",
        "long run",
        dict(point),
        {"steps": steps, "replicas": replicas, "seed": seed, "device": device},
        statistics,
    )


def relaxation(
    point: Mapping[str, float], *, steps: int = 6, replicas: int = 256, seed: int = 20, device: str = "cpu"
) -> Confrontation:
    """Two starts in one direction on the same gradients: their squared norms approach by a^2 a step."""
    rows, columns, contraction = int(point["rows"]), int(point["cols"]), 1 - point["lr"] * point["wd"]
    update = Muon(point["lr"], point["wd"], rows, columns, point["momentum"], bool(point["nesterov"]))
    starts = (1.0, 3.0)
    near, far = (
        simulate(
            update, law="iid", dim=rows * columns, replicas=replicas, steps=steps, seed=seed, start_norm=norm,
            device=device,
        ).squared_norm
        for norm in starts
    )  # fmt: skip
    left = (far - near) / (starts[1] ** 2 - starts[0] ** 2)
    statistics = tuple(
        Statistic(f"deviation after {t} steps", contraction ** (2 * t), _mean(left[t]), ROUNDING)
        for t in range(1, steps + 1)
    )
    conditions = {"replicas": replicas, "seed": seed, "device": device}
    return Confrontation("muon-rate", "two starts", dict(point), conditions, statistics)


def _mean(samples: np.ndarray) -> Estimate:
    return Estimate(float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples))), len(samples))
