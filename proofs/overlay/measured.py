"""What a run's record says of one tensor, in the terms in which the theory asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from proofs.overlay.long_lags import dense, of_directions
from proofs.overlay.optimizers import DIRECTIONS, TRUST, meaning
from theory.domain import OutOfDomain
from theory.schedule import Schedule

Array = np.ndarray
WINDOW = 200
"""Most steps over which |g|^2 |w|^2 is averaged to be the law's L, as key ``wan2021spherical`` did."""
MOST_LAGS = 4000
HORIZON = 4.0
"""Lags go to this many times 1/p, beyond which the weights have forgotten all but exp(-HORIZON)."""
INVARIANT = "scale-invariant"


@dataclass(frozen=True)
class Correlated:
    """Autocorrelation ``values`` R_1, R_2, ... [K], with |x|^2 ``energy`` [S] at ``steps`` [S]."""

    values: Array
    steps: Array
    energy: Array

    def upto(self, last: int) -> Array:
        """R_1, ..., R_last, 0 beyond those there are."""
        found = np.zeros(last)
        found[: min(last, self.values.size)] = self.values[:last]
        return found


@dataclass(frozen=True)
class Measured:
    """One tensor of a run, sampled at ``steps`` [S].

    ``norm``, ``angle`` in radians, ``unit_energy`` |g|^2 |w|^2 and ``radial`` <g, w>/(|g||w|) are of each sample.
    ``optimizer`` and ``hyperparameters`` are the theory's; where it has none ``ruleless`` says so, ``optimizer`` is the
    class, and its updates are all that a line can follow. ``updates`` are the u of w' = (1 - gain p) w - lr u at decay
    p [T]; ``gradients`` weigh each coordinate by its energy, ``even_gradients`` give each the same weight, ``entries``
    [S', F] are gradients of F coordinates, g/|g| for all three where that is what enters the rule (DIRECTIONS); all of
    these from step ``since`` on. ``dead`` is the share of |w_0|^2 in neurons that never have a gradient.
    """

    name: str
    optimizer: str
    hyperparameters: dict[str, Any]
    schedule: Schedule
    shape: tuple[int, ...]
    steps: Array
    norm: Array
    angle: Array
    unit_energy: Array
    radial: Array = field(default_factory=lambda: np.zeros(0))
    start: float = 0.0
    dead: float = 0.0
    label: str = INVARIANT
    gain: float = 1.0
    updates: Correlated | None = None
    gradients: Correlated | None = None
    even_gradients: Correlated | None = None
    entries: Array | None = None
    since: int = 0
    ruleless: str = ""

    def __post_init__(self) -> None:
        good = np.isfinite(self.norm) & np.isfinite(self.angle) & (self.norm > 0)
        if not good.any():
            raise OutOfDomain(f"tensor = {self.name}: no sample has a norm above zero and an angle")

    def lacks(self, what: str) -> OutOfDomain:
        """To be raised where correlations are needed that there are none of."""
        return OutOfDomain(
            f"tensor = {self.name}: no correlations of its {what} were recorded from step {self.since} on"
        )

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def live(self) -> float:
        """Share of the followed entries that ever have a gradient; 1 where none is followed."""
        return float(self.entries.any(axis=0).mean()) if self.entries is not None and self.entries.size else 1.0

    @property
    def lags(self) -> int:
        """How many lags of a correlation the weights can see."""
        return lags_seen(self.schedule, self.gain, self.optimizer)

    @property
    def squared_start(self) -> float:
        """|w_0|^2, by the first sample unless it is given."""
        return self.start or float(self.norm[np.isfinite(self.norm)][0] ** 2)

    def smoothed_energy(self, window: int = WINDOW) -> Array:
        """L_t [T]: mean |g|^2 |w|^2 of the samples within half a ``window`` of each step, else the nearest."""
        return smoothed(self.steps, self.unit_energy, self.schedule.steps, window)


def lags_seen(schedule: Schedule, gain: float, optimizer: str) -> int:
    """HORIZON times 1/p at the median decay p of a step, at most MOST_LAGS and half the run.

    Under a trust ratio p is not lr wd, and the lags are as many as they may be.
    """
    decay = 0.0 if optimizer in TRUST else float(np.median(schedule.decay)) * (gain or 1.0)
    wanted = math.ceil(HORIZON / decay) if decay > 0 else MOST_LAGS
    return max(1, min(wanted, MOST_LAGS, schedule.steps // 2))


def smoothed(steps: Array, values: Array, length: int, window: int) -> Array:
    """Mean of the samples within half a window of each of ``length`` steps, else the nearest sample.

    The window is at least twice the longest gap between samples, unless every step is one.
    """
    good = np.isfinite(values)
    at, known = np.asarray(steps)[good], np.asarray(values, dtype=float)[good]
    if not known.size:
        raise OutOfDomain("no sample is finite")
    t = np.arange(length)
    # A window that a gap could empty would let one sample, heavy-tailed as energies are, stand for the whole gap.
    gap = int(np.diff(at).max(initial=0))
    window = max(window, 2 * gap) if gap > 1 else window
    low, high = np.searchsorted(at, t - window / 2), np.searchsorted(at, t + window / 2, side="right")
    total = np.concatenate([[0.0], np.cumsum(known)])
    after = np.minimum(np.searchsorted(at, t), at.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(at[after] - t) <= np.abs(at[before] - t), after, before)
    with np.errstate(invalid="ignore"):
        mean = (total[high] - total[low]) / (high - low)
    return np.asarray(np.where(high > low, mean, known[nearest]))


def of_record(record: Any, tensor: str, since: int | None = None) -> Measured:
    """One tensor of a ``numerics.monitor.Record``, its correlations from step ``since`` on: of the second half.

    Unless ``since`` is given they are of the whole run where none were recorded for the second half.
    """
    if tensor not in record.tensors:
        raise OutOfDomain(f"tensor = {tensor} is not in the record; there are {', '.join(record.tensors)}")
    one = record.tensors[tensor]
    group = record.header["options"][one.group]
    optimizer, ruleless = str(record.header["optimizer"]), ""
    hyperparameters: dict[str, Any] = {}
    try:
        optimizer, hyperparameters = meaning(optimizer, group, one.decay)
    except OutOfDomain as unknown:
        if one.decay == "unknown":
            raise
        ruleless = str(unknown)
    lr, wd = (_whole(values[:, one.group], name) for name, values in (("lr", record.lr), ("wd", record.wd)))
    start = record.steps // 2 if since is None else since
    later = one.between(start, record.steps)
    if since is None and (later.gradients is None or not later.gradients.counts.any()):
        later, start = one, 0
    plan = Schedule(lr, _per_lr(one.decay, lr, wd, group))
    last = lags_seen(plan, one.decay_gain, optimizer)
    gradients = later.gradients
    if gradients is not None and optimizer in DIRECTIONS:
        gradients = of_directions(gradients)
    return Measured(
        name=tensor,
        optimizer=optimizer,
        hyperparameters=hyperparameters,
        schedule=plan,
        shape=one.shape,
        steps=one.steps,
        norm=one.norm,
        angle=one.angle,
        unit_energy=one.unit_gradient**2,
        radial=one.radial_gradient,
        dead=_dead(one),
        label=one.label,
        gain=one.decay_gain,
        updates=_correlated(later.updates, last, lasting=True),
        gradients=_correlated(gradients, last),
        even_gradients=_correlated(gradients, last, even=True),
        entries=None if gradients is None else gradients.followed.finite.values,
        since=start,
        ruleless=ruleless,
    )


def _whole(values: Array, name: str) -> Array:
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values))[0])
        raise OutOfDomain(f"{name} is not known from step {at} on: the record has a gap, which no trajectory spans")
    return np.asarray(values, dtype=float)


def _per_lr(decay: str, lr: Array, wd: Array, group: dict[str, Any]) -> Array:
    """wd_t such that lr_t wd_t is the decay of step t under the convention."""
    if decay == "independent":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(lr > 0, wd / lr, 0.0)
    if decay == "corrected":
        return np.asarray(wd * lr / float(group.get("lr_max") or lr.max()))
    return wd


def _dead(one: Any) -> float:
    if one.neurons is None or not one.neurons.dead.any():
        return 0.0
    squares = np.square(one.neurons.norm[0])
    return float(squares[one.neurons.dead].sum() / squares.sum())


def _correlated(found: Any, last: int, even: bool = False, lasting: bool = False) -> Correlated | None:
    if found is None or not found.counts.any():
        return None
    return Correlated(dense(found, last, even, lasting), found.steps, found.energy)
