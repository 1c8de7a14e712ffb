"""Which steps are sampled: a sparse ruler, so that short and long lags are measured though few steps are touched.

A block of steps begins with an anchor; the other samples stand at geometrically growing offsets behind it, and their
differences are the short lags. Blocks follow one another, and the distances of anchors are the long lags. A period of
the data that divides the block's length is seen at one phase only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.monitor.errors import BadMonitor

Array = np.ndarray
BLOCK = 100
FEWEST = 10
"""Samples in a block, at least."""
LONG = (1, 2, 3, 5, 8, 13, 20, 32)
"""Long lags, in blocks."""


@dataclass(frozen=True)
class Pattern:
    """One step in ``every`` on average; with 1 all steps, and then all lags below a block."""

    every: int

    def __post_init__(self) -> None:
        if not isinstance(self.every, int) or self.every < 1:
            raise BadMonitor(f"every = {self.every} is no whole number from 1 on")

    @cached_property
    def block(self) -> int:
        """Steps in a block."""
        return max(BLOCK, FEWEST * self.every)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Places of the samples in a block, the anchor's first: 0, then geometric, but never twice the same."""
        count = self.block // self.every
        found = [0]
        for place in range(count - 1):
            wished = round((self.block / 2) ** (place / max(count - 2, 1)))
            latest = self.block - (count - 1 - place)
            found.append(min(max(found[-1] + 1, wished), latest))
        return tuple(found)

    @cached_property
    def lags(self) -> Array:
        """All differences within a block, and anchors' distances, in steps [K]."""
        places = np.array(self.offsets)
        short = np.unique(places[:, None] - places[None, :])
        return np.concatenate([short[short > 0], self.block * np.array(LONG)])

    def samples(self, step: int) -> bool:
        """Whether the step is sampled."""
        return step % self.block in self._places

    def is_anchor(self, steps: Array) -> Array:
        """Whether steps [S] begin a block."""
        return steps % self.block == 0

    def kept(self, steps: Array, now: int) -> Array:
        """Which samples at ``steps`` [S] some sample from ``now`` on may still be paired with."""
        age = now - steps
        return (age < self.block) | (self.is_anchor(steps) & (age <= self.lags[-1]))

    def pairs(self, new: Array, every: Array) -> tuple[Array, Array, Array]:
        """Places in ``new`` [n] and in ``every`` [m], and the lag's place, of all pairs whose lag is measured."""
        lag = new[:, None] - every[None, :]
        place = np.searchsorted(self.lags, lag)
        found = self.lags[np.minimum(place, len(self.lags) - 1)] == lag
        found &= (lag < self.block) | self.is_anchor(every)[None, :]
        later, earlier = np.nonzero(found)
        return later, earlier, place[later, earlier]

    @cached_property
    def _places(self) -> frozenset[int]:
        return frozenset(self.offsets)
