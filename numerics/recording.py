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
        norms, losts, acrosses = (
            np.ascontiguousarray(x, np.float64) for x in (squared_norm, lost_overlap, perpendicular)
        )
        chunk = (norms, losts, acrosses)
        expected = (len(self._last), min(CHUNK, self.steps - self.step))
        if first_step != self.step or any(x.shape != expected for x in chunk):
            shapes = ", ".join(str(x.shape) for x in chunk)
            raise ValueError(f"chunk {shapes} at step {first_step}, where {expected} at step {self.step} is due")
        length = expected[1]
        begin = min(max(self.burn_in - first_step, 0), length)
        if begin < length or self.record:
            self._advance(chunk, begin)
        else:
            self._last[:] = chunk[0][:, -1]
        self.step += length

    def _advance(self, chunk: tuple[Floats, Floats, Floats], begin: int) -> None:
        length = chunk[0].shape[1]
        end, measured = self.step + length, length - begin
        fresh, full = self.step <= self.burn_in, self._full_chunks(self.step)
        compiled.advance(
            self._last, *chunk, begin, fresh, self._reference, self._sums, self._blocks, full, self._values
        )
        low, high = np.arange(len(self._counts)) <= CHUNK_LEVEL, np.arange(len(self._counts)) - CHUNK_LEVEL
        self._counts[low] += measured >> np.flatnonzero(low)
        self._counts[~low] = self._full_chunks(end) >> high[~low]
        if self.record:
            self._keep(chunk, length)
        if len(self._table) and measured:
            self._count(begin, length)

    def _keep(self, chunk: tuple[Floats, Floats, Floats], length: int) -> None:
        each, done = self.record, -(-self.step // self.record)
        first = done * each - self.step
        more = max(min(-(-(length - first) // each), self._losts.shape[1] - done), 0)
        leaving, place = slice(first, first + more * each, each), slice(done, done + more)
        self._losts[:, place] = chunk[1][:, leaving]
        self._angles[:, place] = self._values[:, 0, :length][:, leaving]
        done = self.step // each + 1
        first = done * each - self.step - 1
        more = max(-(-(length - first) // each), 0)
        self._norms[:, done : done + more] = chunk[0][:, first : first + more * each : each]

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
