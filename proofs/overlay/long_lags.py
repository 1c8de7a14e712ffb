"""Autocorrelation at lags beyond a record's own, from the coordinates that it follows."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from theory.measured_update import interpolated

Array = np.ndarray
GROUPS = 16
"""Groups of coordinates whose spread is the standard error."""
BINS = 8
"""Bins of lags to a factor of e."""
FEW = 8
"""Pairs at a lag that are enough for updates, whose correlation lasts; gradients' is too small to be told from them."""
JUMP = 1.5
ANCHORED = 10
"""A lag JUMP times the one before, and more than ANCHORED steps beyond it, is a distance of a record's anchors."""
TOLD = 2.0
"""Standard errors from zero at which a mean over a bin of long lags is told from zero; else it counts as zero."""


def dense(found: Any, last: int, even: bool = False, lasting: bool = False) -> Array:
    """R_1, ..., R_last of a ``numerics.monitor.Correlations``.

    Those with many pairs are the record's (``by_coordinate`` if ``even``), linear in the logarithm of the lag between
    them. Longer ones are means over bins of lags over the followed coordinates:
    of all pairs that were sampled, not only those that the record keeps. What is ``lasting``, as updates are, has few
    pairs of all coordinates instead of many of some: there a bin that is not told from zero is not zero.
    """
    values = found.by_coordinate if even else found.values
    many = found.pairs.max() / 20
    good = np.isfinite(values) & (found.pairs >= (min(many, FEW) if lasting else many))
    if not lasting:
        good &= found.lags <= _longest_near(found.lags)
    lags, values = found.lags[good], np.clip(values[good], -1, 1)
    near = interpolated(lags, values, int(min(last, lags.max())))
    if lags.max() >= last:
        return near
    whole = np.zeros(last)
    whole[: near.size] = near
    cross, own, pairs = _sums(found.followed.finite, last, even)
    edges = np.unique(np.round(np.geomspace(near.size + 1, last + 1, 2 + math.ceil(BINS * math.log(last / near.size)))))
    for low, high in pairwise(edges.astype(int)):
        inside = slice(low, high)
        if not (pairs[inside] > 0).any():
            continue
        parts = cross[:, inside].sum(axis=1), own[:, inside].sum(axis=1)
        centre = parts[0].sum() / parts[1].sum()
        left = (parts[0].sum() - parts[0]) / (parts[1].sum() - parts[1])
        error = math.sqrt((GROUPS - 1) / GROUPS * float(np.square(left - left.mean()).sum()))
        if abs(centre) > TOLD * error:
            whole[low - 1 : high - 1] = np.clip(centre, -1, 1)
    return whole


def of_directions(found: Any) -> Any:
    """``numerics.monitor.Correlations`` of x_t/|x_t|, by the coordinates followed alone.

    Sums over all coordinates were taken before |x_t| could divide them.
    """
    finite = found.followed.finite
    size = np.sqrt(found.energy[np.searchsorted(found.steps, finite.steps)])
    followed = replace(finite, values=finite.values / np.where(size > 0, size, 1.0)[:, None])
    cross, own, pairs = _sums(followed, int(found.all_lags.max()), even=False)
    return replace(
        found,
        windows=np.array([[finite.steps[0], finite.steps[-1] + 1]]),
        cross=cross[None, :, found.all_lags],
        own=own[None, :, found.all_lags],
        counts=pairs[None, found.all_lags].astype(int),
        exact=False,
        followed=followed,
    )


def _longest_near(lags: Array) -> int:
    """The last lag before those of anchors alone."""
    jumps = (lags[1:] >= JUMP * lags[:-1]) & (np.diff(lags) > ANCHORED)
    return int(lags[np.argmax(jumps)] if jumps.any() else lags[-1])


def _sums(followed: Any, last: int, even: bool) -> tuple[Array, Array, Array]:
    """(sum of x_t x_{t+k}, of (x_t^2 + x_{t+k}^2)/2) [GROUPS, last + 1] over the sampled pairs, and their number."""
    values = followed.values.astype(float)
    values = values[:, values.any(axis=0)]
    if even:
        values = values / np.sqrt(np.mean(values**2, axis=0))
    at = (followed.steps - followed.steps[0]).astype(int)
    length = 1 << math.ceil(math.log2(at[-1] + last + 2))
    there = np.zeros(length)
    there[at] = 1
    mask = np.fft.rfft(there)
    pairs = np.round(np.fft.irfft(np.abs(mask) ** 2, length)[: last + 1])
    cross, own = np.zeros((GROUPS, last + 1)), np.zeros((GROUPS, last + 1))
    for group, part in enumerate(np.array_split(values, GROUPS, axis=1)):
        if not part.size:
            continue
        spread = np.zeros((length, part.shape[1]))
        spread[at] = part
        power = np.square(np.abs(np.fft.rfft(spread, axis=0))).sum(axis=1)
        squares = np.fft.rfft(np.square(spread).sum(axis=1))
        cross[group] = np.fft.irfft(power, length)[: last + 1]
        both = np.fft.irfft(squares * np.conj(mask), length) + np.fft.irfft(np.conj(squares) * mask, length)
        own[group] = both[: last + 1] / 2
    return cross, own, pairs
