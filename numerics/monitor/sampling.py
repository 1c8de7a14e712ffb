"""One sampled step: what the weights did, what the gradient was, and the vectors whose correlations are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.lagged import KINDS
from numerics.monitor.sketch import DIMENSION, GROUPS, Sketch
from numerics.monitor.sums import SUMS, row_sums
from numerics.monitor.tensors import Tracked, buckets
from numerics.seeding import generator

Array = np.ndarray
FOLLOWED_STREAM = 1 << 20


@dataclass(frozen=True)
class Sample:
    """Series of the tensors [P, series] and of their rows [R, series], and what is correlated.

    ``silent`` [R] are rows without gradient, ``followed`` [2, F] values, ``vectors`` [2, M] the tensors' vectors end
    to end as the sampler's ``parts`` say, of norms ``norms`` [2, P]; ``lengths`` [2, P] are those of the updates, which
    are the vectors over lr, and of the gradients.
    """

    tensors: Array
    rows: Array
    silent: Array
    followed: Array
    vectors: Tensor
    norms: Array
    lengths: Array


class Sampler:
    """Looks at the tensors before and after a step; tensors of up to ``exact`` entries are kept as they are."""

    def __init__(self, tensors: Sequence[Tracked], exact: int, coordinates: int, seed: int) -> None:
        self.tensors = list(tensors)
        self.sizes = np.array([t.parameter.numel() for t in tensors])
        self.exact = self.sizes <= exact
        self.buckets = buckets(self.tensors, (~self.exact).tolist())
        self.starts = np.cumsum([0, *(t.rows for t in tensors)])
        self.followed = [
            np.sort(torch.randperm(n, generator=generator(seed, FOLLOWED_STREAM + i))[:coordinates].numpy())
            for i, n in enumerate(self.sizes.tolist())
        ]
        self.follows = np.cumsum([0, *map(len, self.followed)])
        self._sketches: list[Sketch | None] = []
        self._index: list[Tensor] = []
        self.parts: dict[int, slice] = {}
        """Where in the vectors each tensor's own is."""
        at = 0
        for bucket in self.buckets:
            alone = not self.exact[bucket.places[0]]
            like = torch.empty(0, dtype=bucket.dtype, device=bucket.device)
            self._sketches.append(
                Sketch(int(self.sizes[bucket.places[0]]), seed, bucket.places[0], like) if alone else None
            )
            offsets = np.cumsum([0, *self.sizes[bucket.places]])
            index = [self.followed[i] + offset for i, offset in zip(bucket.places, offsets, strict=False)]
            self._index.append(torch.from_numpy(np.concatenate(index)).to(bucket.device))
            for place in bucket.places:
                width = DIMENSION if alone else int(self.sizes[place])
                self.parts[place] = slice(at, at + width)
                at += width
        order = [i for bucket in self.buckets for i in bucket.places]
        self._rows_of = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in order])
        self._followed_of = np.concatenate([np.arange(self.follows[i], self.follows[i + 1]) for i in order])
        self._owner = np.repeat(np.arange(len(self.tensors)), np.diff(self.follows))
        self._weights: list[Tensor] = []
        self._gradients: list[tuple[Tensor, list[bool]]] = []

    def groups(self, place: int) -> int:
        """Groups of coordinates whose inner products are kept apart."""
        return 1 if self.exact[place] else GROUPS

    def before(self, gradients: bool, scale: Tensor | None) -> None:
        """Take the weights, and the gradients unless the step itself computes them."""
        self._weights = [bucket.weights for bucket in self.buckets]
        self._gradients = [bucket.gradients(scale) for bucket in self.buckets] if gradients else []

    def after(self, shares: Sequence[float], lr: Sequence[float], scale: Tensor | None) -> Sample:
        """The sample; ``shares`` and ``lr`` are the tensors' own [P], a share what decay takes off w in this step."""
        gradients = self._gradients or [bucket.gradients(scale) for bucket in self.buckets]
        found, followed, vectors = [], ([], []), ([], [])  # type: ignore[var-annotated]
        present = np.ones(len(self.tensors), bool)
        for bucket, w, (g, has), sketch, index in zip(
            self.buckets, self._weights, gradients, self._sketches, self._index, strict=True
        ):
            step = bucket.weights.sub_(w)
            found.append(row_sums(w, step, g, bucket.ends, bucket.columns).cpu().numpy())
            update = bucket.free_of(shares, step, w)
            present[bucket.places] = has
            for kind, flat in enumerate((update, g)):
                followed[kind].append(flat[index].cpu())
                vectors[kind].append((flat if sketch is None else sketch(flat)).float())
        self._weights, self._gradients = [], []
        sums = np.empty((int(self.starts[-1]), len(SUMS)))
        sums[self._rows_of] = np.concatenate(found)
        whole = np.add.reduceat(sums, self.starts[:-1], axis=0)
        if not present.all():
            sums[~np.repeat(present, np.diff(self.starts)), 3:] = np.nan
            whole[~present, 3:] = np.nan
        rate = np.where(np.asarray(lr, float) == 0, np.nan, lr)
        motion = _motion(np.concatenate([sums, whole]))
        more, norms, lengths = self._series(whole, np.asarray(shares), rate)
        series = np.concatenate([motion[len(sums) :], more], axis=1)
        values = np.empty((KINDS, len(self._owner)), np.float32)
        values[:, self._followed_of] = np.stack([torch.cat(parts).numpy() for parts in followed])
        values[0] /= -rate[self._owner]
        values[1, ~present[self._owner]] = np.nan
        one = vectors[0][0].device
        joined = torch.cat([part.to(one) for parts in vectors for part in parts]).view(KINDS, -1)
        return Sample(series, motion[: len(sums)], sums[:, 3] == 0, values, joined, norms, lengths)

    def _series(self, sums: Array, shares: Array, rate: Array) -> tuple[Array, Array, Array]:
        ww, across, dd, gg, _, fourth, filled = sums.T
        with np.errstate(all="ignore"):
            moved = np.maximum(dd + 2 * shares * across + shares**2 * ww, 0)
            norms = np.sqrt(np.stack([moved, gg]))
            lengths = np.stack([norms[0] / np.abs(rate), norms[1]])
            radial = np.where(ww > 0, -(across + shares * ww) / rate / ww, np.nan)
            more = np.stack([radial, lengths[0], 1 - filled / self.sizes, fourth / self.sizes], axis=1)
        return more, norms, lengths


def _motion(sums: Array) -> Array:
    """Norm, angle, update ratio, gradient norm and radial gradient [n, 5] from the sums of rows [n, 7].

    With p, q the weights over their norms a, b: |p - q|^2 = (|step|^2 - (b - a)^2)/(ab), |p + q|^2 = 4 - |p - q|^2,
    and b - a = (2 <w, step> + |step|^2)/(a + b), none of which cancels where the angle is small.
    A step along w alone seems to turn by up to 1e-8 of its relative length, the root of the rounding.
    """
    ww, across, dd, gg, gw, _, _ = sums.T
    with np.errstate(all="ignore"):
        before, after = np.sqrt(ww), np.sqrt(np.maximum(ww + 2 * across + dd, 0))
        longer = (2 * across + dd) / (before + after)
        chord = np.where(before * after > 0, np.maximum(dd - longer**2, 0) / (before * after), np.nan)
        angle = 2 * np.arctan2(np.sqrt(chord), np.sqrt(np.maximum(4 - chord, 0)))
        ratio, gradient = np.sqrt(dd) / before, np.sqrt(gg)
        found = np.stack([before, angle, ratio, gradient, gw / (gradient * before)], axis=1)
    found[~np.isfinite(found)] = np.nan
    return found
