"""Whether the p-values of a design are uniform under the truth, as a stated false-alarm probability assumes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from proofs.comparison import ROUNDING, Statistic
from proofs.confrontation.catalogue import at, designs
from proofs.confrontation.power import points
from proofs.confrontation.subject import Bench

SEEDS = 400
LEVELS = (0.1, 0.01, 0.001)
ALARM = 1e-9
"""Probability that uniform p-values are called something else."""
BENCHES = {
    "sgd": Bench("sphere"), "sgdm": Bench("sphere"), "nesterov": Bench("sphere"), "adamw": Bench("sphere"),
    "lamb": Bench("iid", dim=1024), "lion": Bench("iid"), "signum": Bench("iid"),
}  # fmt: skip
"""Benches on which one step keeps a spread above rounding: gradients of random length.

LAMB's prediction is a mean field: at 64 coordinates what remains of it shows in the p-values.
"""


@dataclass(frozen=True)
class Calibration:
    """p-values of one comparison over seeds: their largest distance from the uniform law, and shares below levels."""

    optimizer: str
    design: str
    law: str
    statistic: str
    seeds: int
    largest_gap: float
    below: dict[str, float]

    @property
    def allowed(self) -> float:
        """The gap that uniform p-values exceed with probability ALARM: Massart's 2 exp(-2 n x^2)."""
        return math.sqrt(math.log(2 / ALARM) / (2 * self.seeds))

    @property
    def is_uniform(self) -> bool:
        """Whether the gap is one of uniform p-values."""
        return self.largest_gap <= self.allowed


def largest_gap(p_values: np.ndarray) -> float:
    """Kolmogorov's distance between p-values and the uniform law."""
    n, p = len(p_values), np.sort(p_values)
    return float(max(np.max(np.arange(1, n + 1) / n - p), np.max(p - np.arange(n) / n)))


def calibrations(optimizer: str, design: str = "stationarity", seeds: int = SEEDS) -> Iterator[Calibration]:
    """Each comparison of the design at the optimizer's recipe, over seeds, where rounding is no part of its error."""
    bench = BENCHES[optimizer]
    _, chosen = next(points(optimizer))
    full = at(optimizer, chosen, bench.dim)
    run, own_seeds = designs(optimizer)[design], range(seeds * list(BENCHES).index(optimizer), seeds * len(BENCHES))
    found = [run(full, replace(bench, seed=seed)).statistics for seed in own_seeds[:seeds]]
    for own in zip(*found, strict=True):
        if not all(map(_is_random, own)):
            continue
        p = np.array([s.p_value for s in own])
        below = {f"{level:g}": float(np.mean(p < level)) for level in LEVELS}
        yield Calibration(optimizer, design, bench.law, own[0].name, seeds, largest_gap(p), below)


def _is_random(statistic: Statistic) -> bool:
    return statistic.measured.standard_error > 100 * max(statistic.rounding, ROUNDING)
