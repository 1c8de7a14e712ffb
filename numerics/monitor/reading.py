"""Reading a record, whether its run is finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from numerics.monitor.chunks import VERSION, Chunk, chunks
from numerics.monitor.correlations import Correlations, Followed
from numerics.monitor.errors import BadMonitor, BadRecord
from numerics.monitor.labels import label
from numerics.monitor.record import (
    NEURON_SERIES,
    SERIES,
    GradientNoise,
    Neurons,
    Record,
    Representation,
    ScaleCheck,
    TensorRecord,
)

Array = np.ndarray


def read(path: str | Path) -> Record:
    """The record in a file, up to the last whole chunk; raises BadRecord for what is none or is damaged before that."""
    found = list(chunks(path))
    if not found:
        raise BadRecord(f"{path} holds no whole chunk: its run ended before anything was recorded")
    header, windows = found[0], [chunk for chunk in found if chunk.meta["kind"] == "window"]
    if header.meta["version"] > VERSION:
        raise BadRecord(f"{path} has version {header.meta['version']} of the format; {VERSION} is known here")
    lr, wd = (_every_step(windows, name, len(header.meta["options"])) for name in ("lr", "wd"))
    cost: dict[str, float] = {}
    for chunk in found[1:]:
        for name, seconds in chunk.meta.get("cost", {}).items():
            cost[name] = cost.get(name, 0.0) + seconds
    tensors = {}
    if windows:
        joined = _Joined(header, windows)
        tensors = {one["name"]: joined.tensor(place, one) for place, one in enumerate(header.meta["tensors"])}
    for one in header.meta["frozen"]:
        tensors[one["name"]] = _frozen(one)
    noise = None
    if any("noise" in chunk.arrays for chunk in windows):
        whole = _joined(windows, "noise").sum(axis=1)
        noise = GradientNoise(_joined(windows, "noise_steps"), whole[:, 0], whole[:, 1])
    events = [event for chunk in found for event in chunk.meta.get("events", [])]
    return Record(header.meta, lr, wd, tensors, found[-1].meta["kind"] == "end", events, cost, noise)


def end_before(path: str | Path, names: list[str], every: int, step: int | None) -> tuple[int, int]:
    """Where a run of these tensors goes on: the step, and the byte where the chunks of earlier steps end.

    Raises BadMonitor for a record of other tensors or another sampling.
    """
    found = list(chunks(path))
    if not found:
        raise BadMonitor(f"{path} holds no whole chunk to go on from")
    header = found[0].meta
    if [one["name"] for one in header["tensors"]] != names:
        raise BadMonitor(f"{path} records other tensors than this model's")
    if header["every"] != every:
        raise BadMonitor(f"{path} was recorded with every = {header['every']}, not {every}")
    kept = found[0]
    reached = 0
    for chunk in found[1:]:
        if chunk.meta["kind"] == "window" and (step is None or chunk.meta["stop"] <= step):
            kept, reached = chunk, chunk.meta["stop"]
    return (reached if step is None else step), kept.end


def _joined(windows: list[Chunk], name: str) -> Array:
    return np.concatenate([chunk.arrays[name] for chunk in windows if name in chunk.arrays])


def _every_step(windows: list[Chunk], name: str, groups: int) -> Array:
    steps = max((chunk.meta["stop"] for chunk in windows), default=0)
    found = np.full((steps, groups), np.nan)
    for chunk in windows:
        found[chunk.meta["first"] : chunk.meta["stop"]] = chunk.arrays[name]
    return found


class _Joined:
    """All windows' arrays end to end, and the tensors' parts of them."""

    def __init__(self, header: Chunk, windows: list[Chunk]) -> None:
        self.header, self.windows = header, windows
        self.steps = _joined(windows, "steps")
        self.series = _joined(windows, "series")
        self.followed = _joined(windows, "followed")
        self.neuron_steps = _joined(windows, "neuron_steps")
        self.neurons = _joined(windows, "neurons")
        self.silent = np.stack([chunk.arrays["silent"] for chunk in windows]).sum(axis=0) / max(len(self.steps), 1)
        self.index = header.arrays["followed"]
        self.sampled = [chunk for chunk in windows if "cross" in chunk.arrays]
        self.bounds = np.array([(c.meta["first"], c.meta["stop"]) for c in self.sampled]).reshape(-1, 2)
        lags = len(header.arrays["lags"])
        self.sums = {
            name: np.stack([c.arrays[name] for c in self.sampled]) if self.sampled else np.zeros((0, 0, 2, lags))
            for name in ("cross", "own", "counts")
        }
        tensors: list[dict[str, Any]] = header.meta["tensors"]
        self.rows, self.groups, self.follows = (
            np.cumsum([0, *(one[name] for one in tensors)]) for name in ("rows", "groups", "followed")
        )
        good = np.isfinite(self.series[:, :, SERIES.index("gradient_norm")])
        squares = np.where(good, self.series[:, :, SERIES.index("gradient_norm")] ** 2, 0.0).sum(axis=0)
        sizes = np.array([np.prod(one["shape"], dtype=int) for one in tensors])
        with np.errstate(all="ignore"):
            self.rms = np.sqrt(squares / good.sum(axis=0) / sizes)

    def tensor(self, place: int, one: dict[str, Any]) -> TensorRecord:
        """One tensor's record."""
        series: dict[str, Any] = {name: self.series[:, place, column] for column, name in enumerate(SERIES)}
        rows = slice(self.rows[place], self.rows[place + 1])
        kept = {name: self.neurons[:, rows, column] for column, name in enumerate(NEURON_SERIES)}
        neurons = Neurons(self.neuron_steps, **kept, silent=self.silent[rows]) if one["rows"] > 1 else None
        checks = self._extra("scale", place)
        scale = ScaleCheck(checks[0], *checks[1].T) if checks else None
        typical = float(np.nanmedian(self.rms)) if np.isfinite(self.rms).any() else float("nan")
        bare = TensorRecord(
            self.steps,
            **series,
            name=one["name"],
            shape=tuple(one["shape"]),
            group=one["group"],
            unit=one["unit"],
            decay=one["decay"],
            decay_gain=one["decay_gain"],
            neurons=neurons,
            updates=self._correlations(place, one, 0, series["update_norm"]),
            gradients=self._correlations(place, one, 1, series["gradient_norm"]),
            scale=scale,
            representation=self._maybe(Representation, "probe", place),
            gradient_noise=self._maybe(GradientNoise, "noise", place),
        )
        return label(bare, one["dtype"], typical)

    def _correlations(self, place: int, one: dict[str, Any], kind: int, length: Array) -> Correlations:
        groups = slice(self.groups[place], self.groups[place + 1])
        where = slice(self.follows[place], self.follows[place + 1])
        return Correlations(
            self.header.arrays["lags"],
            self.bounds,
            self.sums["cross"][:, groups, kind],
            self.sums["own"][:, groups, kind],
            self.sums["counts"][:, place, kind] if self.sampled else np.zeros((0, len(self.header.arrays["lags"]))),
            self.steps,
            length**2,
            one["exact"],
            Followed(self.index[where], self.steps, self.followed[:, kind, where]),
        )

    def _extra(self, name: str, place: int) -> tuple[Array, Array] | None:
        if not any(name in chunk.arrays for chunk in self.windows):
            return None
        return _joined(self.windows, f"{name}_steps"), _joined(self.windows, name)[:, place]

    def _maybe(self, kind: Any, name: str, place: int) -> Any:
        found = self._extra(name, place)
        return kind(found[0], *found[1].T) if found is not None and np.isfinite(found[1]).any() else None


def _frozen(one: dict[str, Any]) -> TensorRecord:
    still, unknown = np.zeros(1), np.full(1, np.nan)
    return TensorRecord(
        np.zeros(1, int), np.array([one["norm"]]), still, still, unknown, unknown,
        name=one["name"], shape=tuple(one["shape"]), group=-1, label="frozen",
        labelled_by="the optimizer does not move it", radial_update=unknown, update_norm=still, zeros=unknown,
        fourth=unknown,
    )  # fmt: skip
