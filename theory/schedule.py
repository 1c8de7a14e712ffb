"""Learning rate and weight decay of every step: constant, linear, cosine, WSD and step schedules with warmup.

Step t = 0, 1, ..., T - 1 uses lr_t and wd_t. Warmup over W steps is (t + 1) / W of the peak, as far as the decay that
follows it starts: s = (t - W) / (T - W) runs from 0 to just below 1. Numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theory.catalogue import DECAYS
from theory.domain import OutOfDomain
from theory.summation import Array

SHAPES = ("constant", "linear", "cosine", "wsd", "step")
"""The learning-rate schedules by name."""
MOST_STEPS = 10_000_000
COOLDOWN = 0.2
DROPS = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class Schedule:
    """``lr`` and ``wd`` [T] of every step; the decay of step t is lr_t wd_t."""

    lr: Array
    wd: Array

    def __post_init__(self) -> None:
        if self.lr.shape != self.wd.shape or self.lr.ndim != 1 or not self.lr.size:
            raise OutOfDomain(f"schedule = lr {self.lr.shape}, wd {self.wd.shape}: both need one number a step")
        for name, values in (("lr", self.lr), ("wd", self.wd)):
            wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
            if wrong.size:
                raise OutOfDomain(f"{name} = {values[wrong[0]]:g} at step {wrong[0]} is outside its range [0, inf)")

    @property
    def steps(self) -> int:
        """T."""
        return int(self.lr.size)

    @property
    def decay(self) -> Array:
        """p_t = lr_t wd_t."""
        return np.asarray(self.lr * self.wd)


def shape(
    kind: str,
    steps: int,
    *,
    warmup: int = 0,
    final: float = 0.0,
    cooldown: float = COOLDOWN,
    drops: Sequence[float] = DROPS,
    drop_factor: float = 10.0,
) -> Array:
    """lr_t over its peak, [T].

    ``final`` is the fraction that linear, cosine and WSD decay towards; WSD decays linearly over the last
    ``cooldown`` fraction of the steps; a step schedule is divided by ``drop_factor`` at each of ``drops``, fractions
    of the steps. Raises OutOfDomain for what has no meaning.
    """
    _check(kind, steps, warmup, final, cooldown, drops, drop_factor)
    t = np.arange(steps, dtype=float)
    progress = (t - warmup) / max(steps - warmup, 1)
    if kind == "linear":
        factor = 1 - (1 - final) * progress
    elif kind == "cosine":
        factor = final + (1 - final) * (1 + np.cos(np.pi * progress)) / 2
    elif kind == "wsd":
        length = wsd_length(steps, warmup, cooldown)
        factor = 1 - (1 - final) * np.clip((t - (steps - length)) / length, 0, None)
    elif kind == "step":
        fallen = sum(((t >= drop_step(steps, at)).astype(float) for at in drops), np.zeros(steps))
        factor = np.power(drop_factor, -fallen)
    else:
        factor = np.ones(steps)
    return np.where(t < warmup, (t + 1) / max(warmup, 1), factor)


def drop_step(steps: int, fraction: float) -> int:
    """The first step of a drop at a fraction of the steps."""
    return round(fraction * steps)


def wsd_length(steps: int, warmup: int, cooldown: float) -> int:
    """The steps of WSD's decay: at least one, none inside the warmup."""
    return max(1, min(round(cooldown * steps), steps - warmup))


def scheduled(kind: str, *, lr: float, wd: float, steps: int, decay: str = "decoupled", **options: object) -> Schedule:
    """The schedule of peak ``lr`` and weight decay ``wd``; ``options`` are those of ``shape``.

    ``decay`` as in ``catalogue``: coupled and decoupled, wd_t = wd; corrected, wd_t = wd lr_t / lr (AdamC, key
    ``defazio2025``); independent, wd_t = wd / lr_t, so that the decay per step is ``wd`` at every learning rate.
    """
    for name, value in (("lr", lr), ("wd", wd)):
        if not (math.isfinite(value) and value > 0):
            raise OutOfDomain(f"{name} = {value:g} is outside its range (0, inf)")
    if decay not in DECAYS:
        raise OutOfDomain(f"decay = {decay} is unknown; known are {', '.join(DECAYS)}")
    factor = shape(kind, steps, **options)  # type: ignore[arg-type]
    if decay == "independent":
        if not factor.all():
            raise OutOfDomain("decay = independent needs a learning rate above 0 at every step")
        return Schedule(lr * factor, wd / (lr * factor))
    return Schedule(lr * factor, wd * factor if decay == "corrected" else np.full(steps, wd))


def _check(
    kind: str, steps: int, warmup: int, final: float, cooldown: float, drops: Sequence[float], drop_factor: float
) -> None:
    if kind not in SHAPES:
        raise OutOfDomain(f"schedule = {kind} is unknown; known are {', '.join(SHAPES)}")
    if not 1 <= steps <= MOST_STEPS:
        raise OutOfDomain(f"steps = {steps} is outside its range [1, {MOST_STEPS}]")
    if not 0 <= warmup <= steps:
        raise OutOfDomain(f"warmup = {warmup} is outside its range [0, {steps}], the number of steps")
    if not 0 <= final <= 1:
        raise OutOfDomain(f"final = {final:g} is outside its range [0, 1]")
    if not 0 < cooldown <= 1:
        raise OutOfDomain(f"cooldown = {cooldown:g} is outside its range (0, 1]")
    for at in drops:
        if not 0 <= at <= 1:
            raise OutOfDomain(f"drops = {at:g} is outside its range [0, 1], a fraction of the steps")
    if not (math.isfinite(drop_factor) and drop_factor > 0):
        raise OutOfDomain(f"drop_factor = {drop_factor:g} is outside its range (0, inf)")
