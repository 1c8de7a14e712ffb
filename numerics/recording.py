"""Keeping what a run showed without keeping its steps: thinned trajectories, moments, autocorrelation, histograms.

Every sum is one chain's own, taken chunk by chunk in a fixed order: on one machine it does not depend on the number of
threads nor on the chains beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from numerics import accumulate
from numerics.accumulate import CHUNK, CHUNK_LEVEL, COUNTED, OCTAVE_BITS, OCTAVES, QUANTITIES, TRACKED, Floats, Integers
from numerics.errors import BadSimulation

try:
    from numerics import accumulate_numba as compiled
except ImportError:  # numba is an extra; without it the same sums take about seven times as long
    compiled = accumulate  # type: ignore[misc]

Array = np.ndarray
STATISTICS = ("mean", "autocorrelation", "histogram")
"""Means and variances are always kept, the others where asked for."""


class Recorder:
    """Takes the chunks of ``configurations`` x ``replicas`` chains, ordered configuration-major, for ``steps`` steps.

    ``record`` r keeps |w_t|^2 at t = 0, r, 2r, ... and lost overlap and angle of the steps that leave there; 0 keeps
    none. Everything else runs over the steps from ``burn_in`` on. ``arrays`` is the whole state at the end of a chunk
    and ``restore`` continues from it bit for bit.
    """

    def __init__(
        self,
        configurations: int,
        replicas: int,
        steps: int,
        record: int = 1,
        burn_in: int = 0,
        statistics: Collection[str] = ("mean", "autocorrelation"),
    ) -> None:
        unknown = [name for name in statistics if name not in STATISTICS]
        if unknown:
            raise BadSimulation(f"statistics = {unknown[0]} is unknown; known are {', '.join(STATISTICS)}")
        if record < 0:
            raise BadSimulation(f"record = {record} is outside its range [0, inf)")
        if not 0 <= burn_in < steps:
            raise BadSimulation(f"burn_in = {burn_in} is outside its range [0, {steps}), below the number of steps")
        self.configurations, self.replicas, self.steps = configurations, replicas, steps
        self.record, self.burn_in = record, burn_in
        self.statistics = tuple(name for name in STATISTICS if name in statistics or name == "mean")
        self.step = 0
        """Steps taken so far."""
        chains = configurations * replicas
        records = steps // record if record else 0
        levels = (steps - burn_in).bit_length()
        tracked, counted = "autocorrelation" in self.statistics, "histogram" in self.statistics
        try:
            self._last = np.zeros(chains)
            self._reference = np.zeros((chains, len(QUANTITIES)))
            self._sums = np.zeros((chains, len(QUANTITIES), 2))
            self._blocks = np.zeros((chains, len(TRACKED) if tracked else 0, levels, 3))
            self._counts = np.zeros(levels, np.int64)
            self._table = np.full((configurations if counted else 0, len(COUNTED), OCTAVES), -1, np.int32)
            self._missing = np.zeros(self._table.shape, np.bool_)
            self._pages = np.zeros((0, 1 << OCTAVE_BITS), np.int64)
            kinds = len(COUNTED) if counted else int(record > 0)
            self._values = np.empty((chains, kinds, CHUNK))
            self._norms = np.zeros((chains, records + 1 if record else 0))
            self._losts = np.zeros((chains, records))
            self._angles = np.zeros((chains, records))
        except (MemoryError, ValueError) as wrong:
            raise BadSimulation(f"record = {record}: {records} records of {chains} chains do not fit") from wrong

    def start(self, squared_norm: Array) -> None:
        """Take |w_0|^2 [chains]."""
        self._last[:] = squared_norm
        if self.record:
            self._norms[:, 0] = squared_norm

    def add(self, first_step: int, squared_norm: Array, lost_overlap: Array, perpendicular: Array) -> None:
        """Take the chunk [chains, K] of the steps from ``first_step`` on; K is CHUNK but for the last chunk."""
        expected = (len(self._last), self.due)
        shapes = [x.shape for x in (squared_norm, lost_overlap, perpendicular)]
        if first_step != self.step or any(shape != expected for shape in shapes):
            listed = ", ".join(map(str, shapes))
            raise ValueError(f"chunk {listed} at step {first_step}, where {expected} at step {self.step} is due")
        self.take(0, squared_norm, lost_overlap, perpendicular)
        self.complete()

    @property
    def due(self) -> int:
        """Steps of the next chunk."""
        return min(CHUNK, self.steps - self.step)

    def take(self, low: int, squared_norm: Array, lost_overlap: Array, perpendicular: Array) -> None:
        """Take the next chunk's part [some, K] of the chains from ``low`` on; threads may each take other chains."""
        chunk = tuple(np.ascontiguousarray(x, np.float64) for x in (squared_norm, lost_overlap, perpendicular))
        own = slice(low, low + len(chunk[0]))
        begin, length = self._begin, self.due
        if begin == length and not self.record:
            self._last[own] = chunk[0][:, -1]
            return
        fresh, full = self.step <= self.burn_in, self._full_chunks(self.step)
        reference, sums, blocks = (x[own] for x in (self._reference, self._sums, self._blocks))
        norms, losts, across = chunk
        compiled.advance(
            self._last[own], norms, losts, across, begin, fresh, reference, sums, blocks, full, self._values[own]
        )
        if self.record:
            self._keep(own, norms, losts)

    def complete(self) -> None:
        """Go on to the next chunk, all chains of this one being taken."""
        begin, end = self._begin, self.step + self.due
        if begin < self.due:
            low, high = np.arange(len(self._counts)) <= CHUNK_LEVEL, np.arange(len(self._counts)) - CHUNK_LEVEL
            self._counts[low] += (self.due - begin) >> np.flatnonzero(low)
            self._counts[~low] = self._full_chunks(end) >> high[~low]
            if len(self._table):
                self._count(begin, self.due)
        self.step = end

    @property
    def _begin(self) -> int:
        """The first of the next chunk's steps that is after the burn-in."""
        return min(max(self.burn_in - self.step, 0), self.due)

    def _keep(self, own: slice, norms: Floats, losts: Floats) -> None:
        each, length = self.record, self.due
        done = -(-self.step // each)
        first = done * each - self.step
        more = max(min(-(-(length - first) // each), self._losts.shape[1] - done), 0)
        leaving, place = slice(first, first + more * each, each), slice(done, done + more)
        self._losts[own, place] = losts[:, leaving]
        self._angles[own, place] = self._values[own, 0, :length][:, leaving]
        done = self.step // each + 1
        first = done * each - self.step - 1
        more = max(-(-(length - first) // each), 0)
        self._norms[own, done : done + more] = norms[:, first : first + more * each : each]

    def _full_chunks(self, step: int) -> int:
        """Chunks wholly after the burn-in among the first ``step`` steps."""
        return max(step // CHUNK - -(-self.burn_in // CHUNK), 0)

    def _count(self, begin: int, end: int) -> None:
        chunk, missing = (self._values.view(np.int64), begin, end, self.replicas), self._missing
        if compiled.count(*chunk, self._table, self._pages, missing):
            added, more = np.full_like(self._table, -1), int(missing.sum())
            added[missing] = len(self._pages) + np.arange(more)
            self._pages = np.concatenate([self._pages, np.zeros((more, self._pages.shape[1]), np.int64)])
            compiled.count(*chunk, added, self._pages, missing)
            self._table = np.maximum(self._table, added)
            missing[:] = False

    @property
    def measured(self) -> int:
        """Steps after the burn-in so far."""
        return max(self.step - self.burn_in, 0)

    @property
    def trajectories(self) -> tuple[Floats, Floats, Floats]:
        """Squared norm [records + 1, chains], lost overlap and angle [records, chains] so far."""
        if not self.record:
            return self._norms.T, self._losts.T, self._angles.T
        done = self.step // self.record
        return self._norms[:, : done + 1].T, self._losts[:, :done].T, self._angles[:, :done].T

    @property
    def moments(self) -> tuple[Floats, Floats]:
        """Mean and variance (over the number of steps) of the QUANTITIES, each [5, chains]."""
        with np.errstate(all="ignore"):
            first, second = np.moveaxis(self._sums, 2, 0) / np.float64(self.measured)
            return (self._reference + first).T, np.maximum(second - first * first, 0).T

    @property
    def block_variances(self) -> tuple[Integers, Floats]:
        """Number of blocks of 2^level steps [levels], and the variance of their sums [2, configurations, levels].

        The variance is that about a chain's own mean, averaged over replicas; for the TRACKED quantities.
        """
        sums = self._blocks[..., :2].copy()
        sums[:, :, 0] = self._sums[:, TRACKED[: sums.shape[1]]]
        counts = self._counts.copy()
        with np.errstate(all="ignore"):
            variance = (sums[..., 1] - sums[..., 0] ** 2 / counts) / (counts - 1)
        shape = (self.configurations, self.replicas, *variance.shape[1:])
        return counts, np.moveaxis(np.maximum(variance, 0).reshape(shape).mean(axis=1), 1, 0)

    @property
    def histogram(self) -> tuple[Integers, Integers]:
        """Bins that hold something, [n, 3] of configuration, place in COUNTED and bin, in order; their counts [n]."""
        configuration, kind, octave = np.nonzero(self._table >= 0)
        pages = self._pages[self._table[configuration, kind, octave]]
        page, within = np.nonzero(pages)
        bins = (octave[page] << OCTAVE_BITS) + within
        return np.stack([configuration[page], kind[page], bins], axis=1), pages[page, within]

    def arrays(self) -> dict[str, Array]:
        """The whole state, to be handed to ``restore``."""
        settings = (self.configurations, self.replicas, self.steps, self.record, self.burn_in, self.step)
        state = {name: getattr(self, f"_{name}") for name in STATE}
        left, reached = (-(-self.step // self.record), self.step // self.record + 1) if self.record else (0, 0)
        state |= {"norms": self._norms[:, :reached], "losts": self._losts[:, :left], "angles": self._angles[:, :left]}
        state |= {"settings": np.array(settings, np.int64), "statistics": np.array(self.statistics)}
        return {name: np.array(value, order="C") for name, value in state.items()}

    @classmethod
    def restore(cls, arrays: Mapping[str, Array]) -> Recorder:
        """The recorder whose ``arrays`` these are."""
        configurations, replicas, steps, record, burn_in, step = (int(x) for x in arrays["settings"])
        statistics = tuple(str(x) for x in arrays["statistics"])
        found = cls(configurations, replicas, steps, record, burn_in, statistics)
        found.step = step
        for name in STATE:
            setattr(found, f"_{name}", np.array(arrays[name], order="C"))
        for name in TRAJECTORIES:
            part = arrays[name]
            getattr(found, f"_{name}")[:, : part.shape[1]] = part
        return found


STATE = ("last", "reference", "sums", "blocks", "counts", "table", "pages")
TRAJECTORIES = ("norms", "losts", "angles")
