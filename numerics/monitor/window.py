"""What a window of steps showed, kept until it is written as one chunk."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics.monitor.lagged import KINDS, Lagged, Pairs
from numerics.monitor.pattern import Pattern
from numerics.monitor.record import NEURON_SERIES, SERIES
from numerics.monitor.sampling import Sample, Sampler, motion

Array = np.ndarray


class Window:
    """Takes samples and, when it is closed, gives the arrays of a chunk; begins at step ``first``."""

    def __init__(self, sampler: Sampler, pattern: Pattern, neurons: int, first: int) -> None:
        self.sampler, self.pattern, self.neurons = sampler, pattern, neurons
        places = range(len(sampler.tensors))
        parts, groups = [sampler.parts[i] for i in places], [sampler.groups(i) for i in places]
        self._lagged = Lagged(len(pattern.lags), parts, groups)
        self._held = np.zeros(0, np.int64)
        self.first = first
        self._taken = 0
        self._clear()

    def _clear(self) -> None:
        self._passed = 0
        # One list for all steps: a list for each would be counted, and looked through, by the collector of garbage.
        self._rates: list[float] = []
        self._decays: list[float] = []
        self._steps: list[int] = []
        self._samples: list[Sample] = []
        self._neuron_steps: list[int] = []
        self._rows: list[Array] = []
        self._silent = np.zeros(int(self.sampler.starts[-1]), np.int64)

    @property
    def empty(self) -> bool:
        """Whether no step has been taken."""
        return not self._passed

    def step(self, lr: list[float], wd: list[float]) -> None:
        """One more step of the run, sampled or not."""
        self._passed += 1
        self._rates += lr
        self._decays += wd

    def add(self, step: int, sample: Sample) -> None:
        """One more sample."""
        self._steps.append(step)
        self._silent += sample.rows[:, 3] == 0
        if self.neurons and self._taken % self.neurons == 0:
            self._neuron_steps.append(step)
            self._rows.append(motion(sample.rows).astype(np.float32))
        self._taken += 1
        # The rows of many samples would take more memory than the model.
        sample.rows = np.empty((0, sample.rows.shape[1]))
        self._samples.append(sample)

    def close(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """First step and the step after the last, and the arrays; the next window begins here."""
        stop = self.first + self._passed
        meta = {"first": self.first, "stop": stop}
        new = np.array(self._steps, np.int64)
        arrays = {
            "lr": np.array(self._rates).reshape(self._passed, -1),
            "wd": np.array(self._decays).reshape(self._passed, -1),
            "steps": new,
            "series": np.zeros((0, len(self.sampler.tensors), len(SERIES))),
            "followed": np.zeros((0, KINDS, int(self.sampler.follows[-1])), np.float32),
            "neuron_steps": np.array(self._neuron_steps, np.int64),
            "neurons": _stacked(self._rows, (len(self._silent), len(NEURON_SERIES)), np.float32),
            "silent": self._silent,
        }
        if len(new):
            pairs = Pairs.of(self.pattern, self._held, new, stop)
            self._held = np.concatenate([self._held, new])[pairs.kept]
            series = self.sampler.series(self._samples)
            arrays |= {"series": series.tensors, "followed": series.followed}
            vectors = [sample.vectors for sample in self._samples]
            sums = self._lagged.close(vectors, series.norms, series.lengths, pairs)
            arrays |= zip(("cross", "own", "counts"), sums, strict=True)
        self.first = stop
        self._clear()
        return meta, arrays


def _stacked(parts: list[Array], shape: tuple[int, ...], dtype: Any) -> Array:
    return np.stack(parts).astype(dtype) if parts else np.zeros((0, *shape), dtype)
