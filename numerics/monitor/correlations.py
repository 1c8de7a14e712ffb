"""Autocorrelation of updates and gradients, from what a monitor recorded in windows of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Followed:
    """Some of a tensor's coordinates, drawn at random and followed exactly: ``values`` [S, F] at ``steps`` [S].

    ``index`` [F] are their places in the flattened tensor; all of them where the tensor is small.
    """

    index: Array
    steps: Array
    values: Array

    @property
    def finite(self) -> Followed:
        """Without the samples in which some value is not finite."""
        good = np.isfinite(self.values).all(axis=1)
        return replace(self, steps=self.steps[good], values=self.values[good])

    def autocorrelation(self, lag: int, centred: bool = False, sign: bool = False) -> Array:
        """mean x_t x_{t+lag} / mean (x_t^2 + x_{t+lag}^2)/2 of each coordinate [F], over the pairs sampled.

        ``centred`` takes the coordinate's mean off first, ``sign`` takes the signs of the values. NaN where a
        coordinate is zero throughout, or no pair has this lag.
        """
        finite = self.finite
        values = finite.values.astype(float)
        if centred:
            values = values - values.mean(axis=0)
        if sign:
            values = np.sign(values)
        place = np.minimum(np.searchsorted(finite.steps, finite.steps + lag), max(len(finite.steps) - 1, 0))
        first = np.flatnonzero(finite.steps[place] == finite.steps + lag)
        x, y = values[first], values[place[first]]
        with np.errstate(all="ignore"):
            return np.sum(x * y, axis=0) / np.sum((x * x + y * y) / 2, axis=0)

    def between(self, start: float, stop: float) -> Followed:
        """The samples at steps in [start, stop)."""
        inside = (self.steps >= start) & (self.steps < stop)
        return replace(self, steps=self.steps[inside], values=self.values[inside])


@dataclass(frozen=True)
class Correlations:
    """Autocorrelation of one tensor's updates or gradients x_t, not centred.

    values[k] = mean <x_t, x_{t+lag}> / mean (|x_t|^2 + |x_{t+lag}|^2)/2 over the pairs sampled at that lag: each
    coordinate weighs as its energy. ``by_coordinate`` gives each coordinate the same weight instead. Where the tensor
    is larger than what is kept exactly, inner products are those of a random projection, ``exact`` is False, and the
    errors include the projection's, by the spread over its ``groups`` of coordinates.

    Kept by window of time: ``windows`` [V, 2] first step and the step after the last of the later sample of a pair,
    ``cross`` and ``own`` [V, G, K] sums over pairs, ``counts`` [V, K] pairs. ``energy`` [S] is |x_t|^2 of every sample.
    """

    all_lags: Array
    windows: Array
    cross: Array
    own: Array
    counts: Array
    steps: Array
    energy: Array
    exact: bool
    followed: Followed

    @cached_property
    def _seen(self) -> Array:
        return self.counts.sum(axis=0) > 0

    @property
    def lags(self) -> Array:
        """Lags that at least one pair has, in steps [K]."""
        return self.all_lags[self._seen]

    @property
    def pairs(self) -> Array:
        """Pairs at each lag [K]."""
        return self.counts.sum(axis=0)[self._seen]

    @cached_property
    def values(self) -> Array:
        """The autocorrelation at each lag [K]."""
        with np.errstate(all="ignore"):
            return (self.cross.sum(axis=(0, 1)) / self.own.sum(axis=(0, 1)))[self._seen]

    @cached_property
    def standard_error(self) -> Array:
        """Standard error of the values [K]: a jackknife over windows of time, and over the projection's groups.

        NaN with fewer than two windows. It is too small where the correlation lasts longer than a window.
        """
        time = _jackknife(self.cross.sum(axis=1), self.own.sum(axis=1), self.counts)
        whole = np.ones((self.cross.shape[1], self.cross.shape[2]))
        groups = 0.0 if self.exact else _jackknife(self.cross.sum(axis=0), self.own.sum(axis=0), whole)
        return np.hypot(time, groups)[self._seen]

    @cached_property
    def by_coordinate(self) -> Array:
        """Mean over followed coordinates of each one's own autocorrelation [K]; those always zero are left out."""
        return np.array([_mean(self.followed.autocorrelation(int(lag))) for lag in self.lags])

    @cached_property
    def spread(self) -> Array:
        """Standard deviation over followed coordinates of each one's own autocorrelation [K], its noise included."""
        found = (self.followed.autocorrelation(int(lag)) for lag in self.lags)
        return np.array([np.nanstd(x) if np.isfinite(x).any() else np.nan for x in found])

    def between(self, start: float, stop: float) -> Correlations:
        """Of the windows that lie in [start, stop) as a whole."""
        inside = (self.windows[:, 0] >= start) & (self.windows[:, 1] <= stop)
        samples = (self.steps >= start) & (self.steps < stop)
        return replace(
            self,
            windows=self.windows[inside],
            cross=self.cross[inside],
            own=self.own[inside],
            counts=self.counts[inside],
            steps=self.steps[samples],
            energy=self.energy[samples],
            followed=self.followed.between(start, stop),
        )


def _mean(x: Array) -> float:
    good = x[np.isfinite(x)]
    return float(good.mean()) if good.size else float("nan")


def _jackknife(cross: Array, own: Array, counts: Array) -> Array:
    """Standard error [K] of sum cross / sum own over the n rows that hold something, one left out at a time."""
    held = (counts > 0).sum(axis=0)
    with np.errstate(all="ignore"):
        left = (cross.sum(axis=0) - cross) / (own.sum(axis=0) - own)
        left = np.where(counts > 0, left, np.nan)
        centre = np.nansum(left, axis=0) / held
        return np.where(held > 1, np.sqrt((held - 1) / held * np.nansum((left - centre) ** 2, axis=0)), np.nan)
