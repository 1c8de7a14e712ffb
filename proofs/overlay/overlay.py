"""Measured against predicted: norm and angle of one tensor, with what the prediction supposes and whether it holds.

The angle is compared as a root mean square over blocks of time of one half-life each, from the first half-life on, or
from where the correlations are taken that the line is told of; the error of a block is |predicted / measured - 1|.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from proofs.overlay.hypotheses import Hypothesis, hypotheses
from proofs.overlay.levels import LEVELS, predicted
from proofs.overlay.measured import INVARIANT, WINDOW, Array, Measured, of_record
from theory.domain import NoEquilibrium, OutOfDomain

FEWEST = 4
"""Samples in a block, at least."""


@dataclass(frozen=True)
class Overlay:
    """The theory's line over one tensor's motion.

    ``steps`` [S] are those sampled, ``measured_norm`` and ``measured_angle`` (radians) [S] what was found there,
    ``predicted_norm`` and ``predicted_angle`` [S] what is expected, ``half_life`` is in steps; both are compared from
    step ``since`` on. Where nothing is predicted, ``withheld`` says why and the predictions are NaN.
    """

    tensor: str
    optimizer: str
    level: str
    label: str
    half_life: float
    steps: Array
    measured_norm: Array
    measured_angle: Array
    predicted_norm: Array
    predicted_angle: Array
    hypotheses: tuple[Hypothesis, ...] = ()
    withheld: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    since: float = 0.0

    @cached_property
    def blocks(self) -> Array:
        """Middle step, measured and predicted RMS angle of each block from ``since`` on, [B, 3]."""
        good = np.isfinite(self.measured_angle) & np.isfinite(self.predicted_angle)
        good &= self.steps >= self.since
        steps = self.steps[good]
        if not steps.size:
            return np.zeros((0, 3))
        place = ((steps - steps[0]) // max(self.half_life, 1.0)).astype(int)
        rows = []
        for block in np.unique(place):
            inside = place == block
            if inside.sum() >= FEWEST:
                both = (_rms(x[good][inside]) for x in (self.measured_angle, self.predicted_angle))
                rows.append((float(steps[inside].mean()), *both))
        return np.array(rows).reshape(-1, 3)

    @property
    def errors(self) -> Array:
        """|predicted / measured - 1| of each block's RMS angle, [B]; blocks in which nothing turned are left out."""
        turned = self.blocks[self.blocks[:, 1] > 0]
        return np.asarray(np.abs(turned[:, 2] / turned[:, 1] - 1))

    @property
    def median_error(self) -> float:
        """Median of the errors over time; NaN where there is no block."""
        return float(np.median(self.errors)) if self.errors.size else math.nan

    @property
    def ratio(self) -> float:
        """Measured over predicted RMS angle of all blocks together; NaN where there is none."""
        if not self.blocks.size:
            return math.nan
        return _rms(self.blocks[:, 1]) / _rms(self.blocks[:, 2])

    @property
    def norm_ratio(self) -> float:
        """Measured over predicted norm, median from ``since`` on."""
        later = self.steps >= self.since
        found = self.measured_norm[later] / self.predicted_norm[later]
        return float(np.median(found[np.isfinite(found)])) if np.isfinite(found).any() else math.nan

    @property
    def failing(self) -> tuple[Hypothesis, ...]:
        """The hypotheses that do not hold in this run."""
        return tuple(one for one in self.hypotheses if not one.holds)

    def as_json(self) -> dict[str, Any]:
        """The keys of ``smd overlay --json``, NaN as null."""
        return {
            "tensor": self.tensor,
            "optimizer": self.optimizer,
            "level": self.level,
            "label": self.label,
            "withheld": self.withheld or None,
            "half_life": _plain(self.half_life),
            "since": _plain(self.since),
            "median_error": _plain(self.median_error),
            "ratio": _plain(self.ratio),
            "norm_ratio": _plain(self.norm_ratio),
            "settings": self.settings,
            "hypotheses": [one.as_json() for one in self.hypotheses],
            "step": self.steps.tolist(),
            **{
                name: [_plain(x) for x in getattr(self, name)]
                for name in ("measured_norm", "predicted_norm", "measured_angle", "predicted_angle")
            },
        }


def overlay(measured: Measured, level: str = "white", *, window: int | None = None, seed: int = 0) -> Overlay:
    """The line of one tensor at one of LEVELS; raises OutOfDomain for a level that is none.

    ``window`` is the number of steps over which the measured unit gradient's energy is averaged, by default half the
    norm's half-life, WINDOW at most, and one for LARS, which divides by |g| as it is. Only tensors labelled
    scale-invariant get a line; for others, and where the level says nothing, it is withheld.
    """
    if level not in LEVELS:
        raise OutOfDomain(f"level = {level} is unknown; known are {', '.join(LEVELS)}")
    line, why = None, ""
    if window is None:
        steady = min(WINDOW, round(half_life(measured, memory=False) / 2))
        window = 1 if measured.optimizer == "lars" else max(1, steady)
    if window < 1:
        raise OutOfDomain(f"window = {window} is outside its range [1, inf)")
    if measured.label != INVARIANT:
        why = (
            f"the tensor is {measured.label or 'not labelled'}, not {INVARIANT}: no line is drawn where none is claimed"
        )
    else:
        try:
            line = predicted(measured, level, window, seed)
        except (OutOfDomain, NoEquilibrium) as refused:
            why = str(refused)
    at = measured.steps.astype(int)
    nothing = np.full(at.size, np.nan)
    settling = half_life(measured)
    return Overlay(
        tensor=measured.name,
        optimizer=measured.optimizer,
        level=level,
        label=measured.label,
        half_life=settling,
        since=settling if level == "white" else max(settling, measured.since),
        steps=at,
        measured_norm=measured.norm,
        measured_angle=measured.angle,
        predicted_norm=nothing if line is None else line.norm[at],
        predicted_angle=nothing if line is None else line.angle[at],
        hypotheses=() if line is None else hypotheses(measured, level),
        withheld=why,
        settings={"window": window, "seed": seed, **measured.hyperparameters},
    )


def refused(name: str, label: str, steps: Array, norm: Array, angle: Array, why: str) -> Overlay:
    """What was measured of a tensor of which no level says anything."""
    nothing = np.full(len(steps), np.nan)
    return Overlay(name, "", "", label, math.nan, steps, norm, angle, nothing, nothing, withheld=why)


def overlay_record(
    record: Any,
    tensor: str,
    level: str = "white",
    *,
    window: int | None = None,
    since: int | None = None,
    seed: int = 0,
) -> Overlay:
    """``overlay`` of one tensor of a ``numerics.monitor.Record``, its correlations of the steps from ``since`` on.

    By default that is the second half of the run. Raises OutOfDomain for a tensor or a step that it does not hold.
    """
    if level not in LEVELS:
        raise OutOfDomain(f"level = {level} is unknown; known are {', '.join(LEVELS)}")
    if tensor not in record.tensors:
        raise OutOfDomain(f"tensor = {tensor} is not in the record; there are {', '.join(record.tensors)}")
    if since is not None and not 0 <= since < record.steps:
        raise OutOfDomain(f"since = {since} is outside the run, whose steps are 0 to {record.steps - 1}")
    one = record.tensors[tensor]
    try:
        return overlay(of_record(record, tensor, since), level, window=window, seed=seed)
    except OutOfDomain as unknown:
        return refused(tensor, one.label, one.steps, one.norm, one.angle, str(unknown))


def half_life(measured: Measured, memory: bool = True) -> float:
    """Steps in which a deviation of the norm halves, by the theory's equilibrium at the step of the median decay.

    The unit gradient's energy is the mean of the measured one. Or the half-life of AdamW's v, where that is slower and
    ``memory`` counts. All steps where there is no decay or no equilibrium.
    """
    from theory.prediction import predict

    plan, given = measured.schedule, measured.hyperparameters
    decayed = np.flatnonzero(plan.decay > 0)
    if not decayed.size:
        return float(plan.steps)
    middle = decayed[np.argsort(plan.decay[decayed])[decayed.size // 2]]
    # Muon's update, and one that is taken as measured, is as long whatever |w| is, so that decay alone moves |w|^2.
    if measured.optimizer == "muon" or measured.ruleless:
        found: float | None = math.log(2) / (-2 * math.log1p(-plan.decay[middle]))
    else:
        from theory.compiled import load

        seen = {"lr": float(plan.lr[middle]), "wd": float(plan.wd[middle])}
        more = {"grad_norm": math.sqrt(float(np.nanmean(measured.unit_energy))), "dim": measured.size * measured.live}
        known = {p.name for p in load(measured.optimizer).parameters}
        try:
            found = predict(
                measured.optimizer, **{name: x for name, x in (given | seen | more).items() if name in known}
            ).half_life
        except (OutOfDomain, NoEquilibrium):
            found = None
    slow = float(given.get("beta2", 0.0)) if memory and measured.optimizer == "adamw" else 0.0
    kept = math.log(2) / -math.log(slow) if 0 < slow < 1 else 1.0
    return float(plan.steps) if found is None else max(1.0, found, kept)


def _rms(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


def _plain(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None
