"""One sampled step: what the weights did, what the gradient was, and the vectors whose correlations are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.sketch import DIMENSION, GROUPS, Sketch
from numerics.monitor.tensors import Bucket, Tracked, buckets, gradient_sums, motion_sums
from numerics.seeding import generator

Array = np.ndarray
FOLLOWED_STREAM = 1 << 20
KINDS = 2
"""Updates and gradients, in this order."""


@dataclass(frozen=True)
class Sample:
    """Series of the tensors [P, series] and their rows [R, series], followed values [2, F], vectors and their lengths.

    ``vectors`` are the updates' and the gradients', each [P]; they are not normalised, ``lengths`` [2, P] are those of
    the tensors that they stand for.
    """

    tensors: Array
    rows: Array
    silent: Array
    followed: Array
    vectors: tuple[list[Tensor], list[Tensor]]
    lengths: Array


class Sampler:
    """Looks at the tensors before and after a step; tensors of up to ``exact`` entries are kept as they are."""

    def __init__(self, tensors: Sequence[Tracked], exact: int, coordinates: int, seed: int) -> None:
        self.tensors = list(tensors)
        self.buckets = buckets(self.tensors)
        self.exact = np.array([t.parameter.numel() <= exact for t in tensors])
        self.sizes = np.array([t.parameter.numel() for t in tensors])
        self.starts = np.cumsum([0, *(t.rows for t in tensors)])
        self.sketches: list[Sketch | None] = [None] * len(self.tensors)
        for bucket in self.buckets:
            for place, one in zip(bucket.places, bucket.tensors, strict=True):
                if not self.exact[place]:
                    like = torch.empty(0, dtype=bucket.dtype, device=bucket.device)
                    self.sketches[place] = Sketch(one.parameter.numel(), seed, place, like)
        self.followed = [
            np.sort(torch.randperm(n, generator=generator(seed, FOLLOWED_STREAM + i))[:coordinates].numpy())
            for i, n in enumerate(self.sizes.tolist())
        ]
        self.follows = np.cumsum([0, *map(len, self.followed)])
        self._order = np.concatenate(
            [np.arange(self.starts[i], self.starts[i + 1]) for bucket in self.buckets for i in bucket.places]
        )
        self._weights: list[Tensor] = []
        self._gradients: list[tuple[Tensor, Tensor, list[bool]]] | None = None

    def groups(self, place: int) -> int:
        """Groups of coordinates whose inner products are kept apart."""
        return 1 if self.exact[place] else GROUPS

    def before(self, gradients: bool, scale: Tensor | None) -> None:
        """Take the weights, and the gradients unless the step itself computes them."""
        self._weights = [bucket.weights for bucket in self.buckets]
        self._gradients = [self._gradient(*pair, scale) for pair in self._pairs()] if gradients else None

    def _pairs(self) -> list[tuple[Bucket, Tensor]]:
        return list(zip(self.buckets, self._weights, strict=True))

    @staticmethod
    def _gradient(bucket: Bucket, w: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor, list[bool]]:
        g, present = bucket.gradients(scale)
        return g, gradient_sums(w, g), present

    def after(self, shares: Sequence[float], lr: Sequence[float], scale: Tensor | None) -> Sample:
        """The sample; ``shares`` and ``lr`` are the tensors' own [P], a share what decay takes off w in this step."""
        if self._gradients is None:
            self._gradients = [self._gradient(*pair, scale) for pair in self._pairs()]
        count, rows = len(self.tensors), int(self.starts[-1])
        sums = np.zeros((rows, 8))
        followed = np.full((KINDS, int(self.follows[-1])), np.nan, np.float32)
        vectors: tuple[list[Tensor], list[Tensor]] = ([torch.empty(0)] * count, [torch.empty(0)] * count)
        present = np.ones(count, bool)
        found = []
        for (bucket, w), (g, of_gradient, has) in zip(self._pairs(), self._gradients, strict=True):
            step = bucket.weights.sub_(w)
            decay = torch.cat(
                [w.new_full((t.rows, 1), shares[i]) for i, t in zip(bucket.places, bucket.tensors, strict=True)]
            )
            update = torch.addcmul(step, w, decay)
            found.append(torch.cat([motion_sums(w, step, update), of_gradient], dim=1).cpu().numpy())
            for place, span, there in zip(bucket.places, bucket.spans, has, strict=True):
                present[place] = there
                index = torch.from_numpy(self.followed[place]).to(w.device)
                where = slice(self.follows[place], self.follows[place + 1])
                for kind, matrix in enumerate((update, g)):
                    flat = matrix[span].reshape(-1)
                    followed[kind, where] = flat[index].cpu().numpy()
                    sketch = self.sketches[place]
                    vectors[kind][place] = flat.clone() if sketch is None else sketch(flat)
                followed[0, where] /= -lr[place] or np.nan
        self._weights, self._gradients = [], None
        sums[self._order] = np.concatenate(found)
        whole = np.add.reduceat(sums, self.starts[:-1], axis=0)
        sums[~np.repeat(present, np.diff(self.starts)), 4:] = np.nan
        whole[~present, 4:] = np.nan
        tensors, lengths = self._series(whole, np.asarray(shares), np.asarray(lr, float))
        return Sample(tensors, _motion(sums), sums[:, 4] == 0, followed, vectors, lengths)

    def _series(self, sums: Array, shares: Array, lr: Array) -> tuple[Array, Array]:
        ww, across, _, uu, gg, _, fourth, zeros = sums.T
        rate = np.where(lr == 0, np.nan, lr)
        with np.errstate(all="ignore"):
            lengths = np.stack([np.sqrt(uu) / np.abs(rate), np.sqrt(gg)])
            radial = np.where(ww > 0, -(across + shares * ww) / rate / ww, np.nan)
            more = np.stack([radial, lengths[0], zeros / self.sizes, fourth / self.sizes], axis=1)
        return np.concatenate([_motion(sums), more], axis=1), lengths


def _motion(sums: Array) -> Array:
    """Norm, angle, update ratio, gradient norm and radial gradient [n, 5] from the sums of rows [n, 8].

    With p, q the weights over their norms a, b: |p - q|^2 = (|step|^2 - (b - a)^2)/(ab), |p + q|^2 = 4 - |p - q|^2,
    and b - a = (2 <w, step> + |step|^2)/(a + b), none of which cancels where the angle is small.
    """
    ww, across, dd, _, gg, gw, _, _ = sums.T
    with np.errstate(all="ignore"):
        before, after = np.sqrt(ww), np.sqrt(np.maximum(ww + 2 * across + dd, 0))
        longer = (2 * across + dd) / (before + after)
        chord = np.maximum(dd - longer**2, 0) / (before * after)
        angle = 2 * np.arctan2(np.sqrt(chord), np.sqrt(np.maximum(4 - chord, 0)))
        ratio, gradient = np.sqrt(dd) / before, np.sqrt(gg)
        found = np.stack([before, angle, ratio, gradient, gw / (gradient * before)], axis=1)
    found[~np.isfinite(found)] = np.nan
    return found
