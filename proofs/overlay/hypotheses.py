"""What a level supposes of a run, and what the run's own statistics say to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from proofs.overlay.measured import Array, Measured
from proofs.overlay.optimizers import ADAMS, SIGNS

ORTHOGONAL = 0.02
"""Largest RMS of <g, w>/(|g||w|) that counts as none: single precision leaves about 1e-3."""
WHITE = 0.1
"""Largest |2 sum_k a^(k-1) R_k| that counts as white: it is the relative change of a slow average's squared size."""
GAUSSIAN = 1.0
"""Largest |kurtosis - 3| that counts as Gaussian."""
STEADY = 1.5
"""Largest E x^2 / (E x)^2 of x = |g|^2 over time that counts as steady; 1 is constant."""
REST = 0.05
"""Largest relative change of the norm over the second half that counts as rest."""
STILL = 0.01
"""Largest share of |w|^2 in neurons without gradient, which decay and never turn, at the start."""
REACH = 2.0
"""Lags must reach this many times 1/p."""


@dataclass(frozen=True)
class Hypothesis:
    """What is supposed, the number that was measured of it, its bounds, and whether it holds."""

    supposes: str
    measured: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the number lies within its bounds."""
        return self.low <= self.measured <= self.high

    def as_json(self) -> dict[str, Any]:
        """For ``smd overlay --json``."""
        value = self.measured if math.isfinite(self.measured) else None
        return {"supposes": self.supposes, "measured": value, "holds": self.holds}


def hypotheses(measured: Measured, level: str) -> tuple[Hypothesis, ...]:
    """Those of the level and the optimizer for which the run has a number."""
    found: list[Hypothesis] = []
    if measured.radial.size:
        found.append(_at_most("<g, w> = 0", _rms(measured.radial), ORTHOGONAL))
    found.append(_at_most("every neuron has a gradient (share of |w|^2 in those without)", measured.dead, STILL))
    if level == "white":
        if measured.gradients is not None:
            found.append(Hypothesis("gradients are white in time", whiteness(measured), -WHITE, WHITE))
        if measured.optimizer in SIGNS and measured.entries is not None:
            found.append(
                Hypothesis("entries are Gaussian (kurtosis)", kurtosis(measured.entries), 3 - GAUSSIAN, 3 + GAUSSIAN)
            )
    if measured.optimizer in ADAMS and level != "updates":
        found.append(_at_most("|g|^2 is steady, so that v is its mean", bursts(measured), STEADY))
    if level != "white":
        found.append(_at_most("the norm is at rest", drift(measured), REST))
        reach = reached(measured, level)
        if math.isfinite(reach):
            found.append(Hypothesis("the lags reach the weights' memory (in 1/p)", reach, REACH, math.inf))
    return tuple(found)


def whiteness(measured: Measured) -> float:
    """2 sum_{k>=1} a^(k-1) R_k of the gradients."""
    if measured.gradients is None:
        return math.nan
    known = measured.gradients.upto(measured.lags)
    decay = float(np.median(measured.schedule.decay)) * (measured.gain or 1.0)
    return 2 * float(known @ (1 - decay) ** np.arange(known.size))


def kurtosis(entries: Array) -> float:
    """E g^4 / (E g^2)^2 of each coordinate over time, the median over those that are not always zero."""
    live = entries[:, entries.any(axis=0)].astype(float)
    if not live.size:
        return math.nan
    live = live / np.abs(live).max(axis=0)
    return float(np.median(np.mean(live**4, axis=0) / np.mean(live**2, axis=0) ** 2))


def bursts(measured: Measured) -> float:
    """E x^2 / (E x)^2 of x = |g|^2 |w|^2 over the samples of the second half."""
    x = measured.unit_energy[measured.steps >= measured.schedule.steps / 2]
    x = x[np.isfinite(x)]
    return float(np.mean(x**2) / np.mean(x) ** 2) if x.size and x.any() else math.nan


def drift(measured: Measured) -> float:
    """|norm at the end / norm in the middle - 1|, each over a tenth of the run."""
    at, length = measured.steps, measured.schedule.steps
    early = measured.norm[(at >= 0.5 * length) & (at < 0.6 * length)]
    late = measured.norm[at >= 0.9 * length]
    if not (early.size and late.size):
        return math.nan
    return float(abs(np.nanmean(late) / np.nanmean(early) - 1))


def reached(measured: Measured, level: str) -> float:
    """The longest measured lag times the decay per step."""
    found = measured.updates if level == "updates" else measured.gradients
    if found is None:
        return math.nan
    return float(found.values.size * np.median(measured.schedule.decay) * (measured.gain or 1.0))


def _at_most(supposes: str, value: float, high: float) -> Hypothesis:
    return Hypothesis(supposes, value, -math.inf, high)


def _rms(x: Array) -> float:
    return float(np.sqrt(np.nanmean(np.square(x))))
