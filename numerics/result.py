"""What a simulation measured: trajectories, estimates with errors, histograms, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from numerics import container, estimates
from numerics.accumulate import BIN_SHIFT, COUNTED, QUANTITIES, TRACKED
from numerics.errors import BadSimulation
from numerics.provenance import Provenance
from numerics.recording import Recorder
from numerics.statistics import Estimate, block_autocorrelation_time
from numerics.updates import Start

Array = np.ndarray
KIND = "spherical-motion result"
VERSION = 1


@dataclass(frozen=True)
class Histogram:
    """``count`` [n] numbers in the bins [``lower``, ``upper``) [n], in order; bins that hold none are left out.

    Every octave has 256 bins of equal width. The first bin of all begins at 0; infinite numbers and NaN come last,
    in bins that begin with inf and NaN.
    """

    lower: Array
    upper: Array
    count: Array

    def quantile(self, share: float) -> float:
        """The number below which ``share`` of all lie, to within its bin: the bin's upper end."""
        reached = np.searchsorted(np.cumsum(self.count), share * self.count.sum())
        return float(self.upper[min(int(reached), len(self.upper) - 1)])


@dataclass(frozen=True, eq=False)
class Result:
    """What a run measured, for one configuration or, with an axis of N configurations, for several.

    ``squared_norm`` [records + 1, (N,) replicas] is |w_t|^2 at t = 0, r, 2r, ... for r = ``record``; ``lost_overlap``
    <w_t, w_t - w_{t+1}> and ``angle`` (radians) [records, (N,) replicas] belong to the steps that leave there. They
    are empty where nothing was recorded. ``mean`` and ``variance`` [5, (N,) replicas] of the QUANTITIES,
    ``block_variances`` [2, (N,) levels], and ``bins`` [n, 3] (configuration, quantity, bin) with their ``counts`` run
    over all steps from ``burn_in`` on, recorded or not. ``last`` has the same leading axes; it holds tensors, or arrays
    by name, of which ``end`` makes tensors. Estimates are of one configuration, ``result[k]``; their errors come from
    its replicas.
    """

    squared_norm: Array
    lost_overlap: Array
    angle: Array
    record: int
    steps: int
    burn_in: int
    mean: Array
    variance: Array
    block_counts: Array
    block_variances: Array
    bins: Array
    counts: Array
    last: Start | Mapping[str, Array] | None = None
    provenance: Provenance | None = None

    @classmethod
    def of(
        cls,
        recorder: Recorder,
        *,
        several: bool = False,
        end: Start | Mapping[str, Array] | None = None,
        provenance: Provenance | None = None,
    ) -> Result:
        """What a recorder holds; ``several`` keeps the axis of configurations even where there is one."""
        if not recorder.measured:
            raise BadSimulation(f"burn_in = {recorder.burn_in} leaves none of the {recorder.step} steps")
        if recorder.configurations > 1 and not several:
            raise ValueError(f"{recorder.configurations} configurations need their axis")
        shape = (recorder.configurations, recorder.replicas) if several else (recorder.replicas,)
        norms, losts, angles, mean, variance = (
            x.reshape(len(x), *shape) for x in (*recorder.trajectories, *recorder.moments)
        )
        counts, variances = recorder.block_variances
        bins = recorder.histogram
        blocks = variances if several else variances[:, 0]
        found = (norms, losts, angles, recorder.record, recorder.step, recorder.burn_in, mean, variance)
        return cls(*found, counts, blocks, *bins, end, provenance)

    @property
    def end(self) -> Start:
        """Weights and state at the end; raises BadSimulation where the engine kept none."""
        if self.last is None:
            raise BadSimulation("this run has no weights at its end; engine = numba or torch keeps them")
        if isinstance(self.last, Start):
            return self.last
        from numerics.ending import start_of

        return start_of(self.last)

    @property
    def _end(self) -> Mapping[str, Array]:
        """Weights and state at the end by name, none where the engine kept none."""
        if not isinstance(self.last, Start):
            return self.last or {}
        from numerics.ending import arrays_of

        return arrays_of(self.last)

    @property
    def replicas(self) -> int:
        """Independent replicas of each configuration."""
        return int(self.mean.shape[-1])

    @property
    def configurations(self) -> int | None:
        """Number of configurations; None where the result has no axis of them."""
        return int(self.mean.shape[1]) if self.mean.ndim == 3 else None

    def __len__(self) -> int:
        return self._several()

    def __iter__(self) -> Iterator[Result]:
        return (self[k] for k in range(self._several()))

    def __getitem__(self, k: int) -> Result:
        """The result of configuration ``k``."""
        count = self._several()
        if not -count <= k < count:
            raise IndexError(f"configuration {k} is outside the {count} that there are")
        k %= count
        mine = self.bins[:, 0] == k
        part: dict[str, Any] = {"bins": self.bins[mine] * [0, 1, 1], "counts": self.counts[mine]}
        for name in ("squared_norm", "lost_overlap", "angle", "mean", "variance", "block_variances"):
            part[name] = getattr(self, name)[:, k]
        part["last"] = {name: array[k] if array.ndim else array for name, array in self._end.items()} or None
        if self.provenance is not None and not isinstance(self.provenance.hyperparameters, Mapping):
            part["provenance"] = replace(self.provenance, hyperparameters=self.provenance.hyperparameters[k])
        return replace(self, **part)

    def _several(self) -> int:
        if self.configurations is None:
            raise TypeError("this result is of one configuration")
        return self.configurations

    def _one(self) -> None:
        if self.configurations is not None:
            raise BadSimulation(f"the result holds {self.configurations} configurations; take one, as result[0]")

    def estimate(self, quantity: str) -> Estimate:
        """One of ``estimates.ESTIMATES`` by name, by the jackknife over replicas."""
        self._one()
        return estimates.estimate(quantity, self.mean, self.variance)

    def difference(self, k: int, j: int, quantity: str, *, ratio: bool = False) -> Estimate:
        """``quantity`` of configuration k minus that of j, or over it, paired by replica.

        Replica r of every configuration sees the same noise where noise is shared. Leaving r out of both at once
        keeps what they have in common out of the error; where noise is not shared the error is the usual one.
        """
        ours, theirs = ((one.mean, one.variance) for one in (self[k], self[j]))
        return estimates.compare(quantity, ours, theirs, ratio)

    @property
    def equilibrium_norm(self) -> Estimate:
        """sqrt(E|w|^2)."""
        return self.estimate("equilibrium_norm")

    @property
    def squared_norm_variance(self) -> Estimate:
        """Var |w|^2 over steps and replicas."""
        return self.estimate("squared_norm_variance")

    @property
    def one_minus_cosine(self) -> Estimate:
        """1 - E<w, w'>/E|w|^2."""
        return self.estimate("one_minus_cosine")

    @property
    def cos_angular_update(self) -> Estimate:
        """E<w, w'>/E|w|^2."""
        return self.estimate("cos_angular_update")

    @property
    def angular_update(self) -> Estimate:
        """arccos of ``cos_angular_update``, radians."""
        return self.estimate("angular_update")

    @property
    def mean_angle(self) -> Estimate:
        """Mean of the angle itself, radians."""
        return self.estimate("mean_angle")

    @property
    def rms_angle(self) -> Estimate:
        """sqrt(E angle^2), radians."""
        return self.estimate("rms_angle")

    @property
    def mean_cosine(self) -> Estimate:
        """Mean of the cosine of each step's own angle."""
        return self.estimate("mean_cosine")

    @property
    def mean_chord(self) -> Estimate:
        """Mean length of the step between the directions, 2 sin(angle / 2)."""
        return self.estimate("mean_chord")

    def autocorrelation_time(self, quantity: str = "squared_norm") -> float:
        """tau = 1 + 2 sum rho_k of ``squared_norm`` or ``angle`` in steps, pooled over replicas.

        Raises ShortChain where the run is too short for it, BadSimulation where it was not asked for.
        """
        self._one()
        place = _place(quantity, TRACKED)
        self._kept("autocorrelation", len(self.block_variances))
        return block_autocorrelation_time(self.block_counts, self.block_variances[place])

    def histogram(self, quantity: str) -> Histogram:
        """Of ``squared_norm``, ``angle``, ``cosine`` (as 1 - cosine) or ``chord`` over steps and replicas."""
        self._one()
        place = _place(quantity, COUNTED)
        self._kept("histogram", len(self.counts))
        mine = self.bins[:, 1] == place
        edges = self.bins[mine, 2].astype(np.int64)
        lower, upper = ((edges + shift << BIN_SHIFT).view(np.float64) for shift in (0, 1))
        return Histogram(lower, upper, self.counts[mine])

    def _kept(self, statistic: str, entries: int) -> None:
        if not entries:
            raise BadSimulation(f"statistics: {statistic} was not among them, so the run did not keep it")

    def save(self, path: str | Path) -> None:
        """Write everything into one file, whole or not at all; BadSimulation where that fails."""
        header: dict[str, Any] = {name: getattr(self, name) for name in COUNTS}
        header["provenance"] = None if self.provenance is None else self.provenance.as_dict()
        arrays = {name: getattr(self, name) for name in ARRAYS}
        container.write(path, KIND, VERSION, header, arrays | {f"end.{k}": v for k, v in self._end.items()})

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """What ``save`` wrote; BadSimulation for any other file, a damaged one, or one of a later version."""
        header, arrays = container.read(path, KIND, VERSION)
        origin = header["provenance"]
        end = {name.removeprefix("end."): array for name, array in arrays.items() if name.startswith("end.")}
        found: dict[str, Any] = {name: header[name] for name in COUNTS} | {name: arrays[name] for name in ARRAYS}
        return cls(**found, last=end or None, provenance=None if origin is None else Provenance(**origin))


COUNTS = ("record", "steps", "burn_in")
ARRAYS = tuple(field.name for field in fields(Result) if field.name not in (*COUNTS, "last", "provenance"))


def _place(quantity: str, among: tuple[int, ...]) -> int:
    names = [QUANTITIES[x] for x in among]
    if quantity not in names:
        raise BadSimulation(f"quantity = {quantity} is unknown; known are {', '.join(names)}")
    return names.index(quantity)
