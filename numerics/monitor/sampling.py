"""Sampled steps: what the weights did, what the gradient was, and the vectors whose correlations are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.look import Look, Seen, compiled
from numerics.monitor.sketch import GROUPS
from numerics.monitor.tensors import Tracked, buckets
from numerics.seeding import generator

Array = np.ndarray
FOLLOWED_STREAM = 1 << 20


@dataclass
class Sample:
    """The SUMS of the rows [R, 7] and of the tensors [P, 7], what the step was told, and what is correlated.

    ``present`` [P] are the tensors that have a gradient; a gradient's sums are NaN where there is none. ``shares`` [P]
    is what decay takes off w, ``lr`` [P] the learning rates. ``followed`` [2, F] are values of the updates times -lr
    and of the gradients, and ``vectors`` [2, M] the tensors' vectors of the same, end to end as ``parts`` says.
    """

    rows: Array
    tensors: Array
    present: Sequence[bool]
    shares: Sequence[float]
    lr: Sequence[float]
    followed: Tensor
    vectors: Tensor


@dataclass(frozen=True)
class Series:
    """Of samples [S]: the tensors' series [S, P, series], followed updates and gradients [S, 2, F].

    ``norms`` [S, 2, P] are those of the samples' vectors, ``lengths`` [S, 2, P] those of the updates, which are the
    vectors over lr, and of the gradients.
    """

    tensors: Array
    followed: Array
    norms: Array
    lengths: Array


class Sampler:
    """Looks at the tensors before and after a step; tensors of up to ``exact`` entries are kept as they are."""

    def __init__(self, tensors: Sequence[Tracked], exact: int, coordinates: int, seed: int) -> None:
        self.tensors = list(tensors)
        self.sizes = np.array([t.parameter.numel() for t in tensors])
        self.exact = self.sizes <= exact
        # Numba looks at all of them in one pass, torch at rows of one length at once.
        apart = [not exact and not compiled(t.parameter.device) for exact, t in zip(self.exact, tensors, strict=True)]
        self.buckets = buckets(self.tensors, apart)
        self.starts = np.cumsum([0, *(t.rows for t in tensors)])
        self.followed = [
            np.sort(torch.randperm(n, generator=generator(seed, FOLLOWED_STREAM + i))[:coordinates].numpy())
            for i, n in enumerate(self.sizes.tolist())
        ]
        self.follows = np.cumsum([0, *map(len, self.followed)])
        self._looks = [
            Look(bucket, self.exact[bucket.places].tolist(), [self.followed[i] for i in bucket.places], seed)
            for bucket in self.buckets
        ]
        self.parts: dict[int, slice] = {}
        """Where in the vectors each tensor's own is."""
        at = 0
        for bucket, look in zip(self.buckets, self._looks, strict=True):
            for place, width in zip(bucket.places, look.widths, strict=True):
                self.parts[place] = slice(at, at + width)
                at += width
        self._rows_of, self._followed_of = self._places(self.starts), self._places(self.follows)
        self._owner = np.repeat(np.arange(len(self.tensors)), np.diff(self.follows))
        self._before: list[tuple[Tensor, Tensor | None, list[bool]]] = []

    def _places(self, starts: Array) -> Array | slice:
        """Where each tensor's entries, which begin at ``starts``, are in those of the buckets."""
        order = [i for bucket in self.buckets for i in bucket.places]
        if order == sorted(order):
            return slice(None)
        return np.argsort(np.concatenate([np.arange(starts[i], starts[i + 1]) for i in order]))

    def groups(self, place: int) -> int:
        """Groups of coordinates whose inner products are kept apart."""
        return 1 if self.exact[place] else GROUPS

    def before(self, gradients: bool, scale: Tensor | None) -> None:
        """Take the weights, and the gradients unless the step itself computes them."""
        self._before = [bucket.both(scale) if gradients else (bucket.weights, None, []) for bucket in self.buckets]

    def after(self, shares: Sequence[float], lr: Sequence[float], scale: Tensor | None) -> Sample:
        """The sample; ``shares`` and ``lr`` are the tensors' own [P], a share what decay takes off w in this step."""
        seen: list[Seen] = []
        present = [True] * len(self.tensors)
        for bucket, look, (w, g, has) in zip(self.buckets, self._looks, self._before, strict=True):
            if g is None:
                g, has = bucket.gradients(scale)
            seen.append(look(w, bucket.weights, g, [shares[i] for i in bucket.places]))
            if not all(has):
                for place, one in zip(bucket.places, has, strict=True):
                    present[place] = one
        self._before = []
        found, followed, vectors = zip(*seen, strict=True)
        sums = (found[0] if len(found) == 1 else np.concatenate(found))[self._rows_of]
        whole = np.add.reduceat(sums, self.starts[:-1], axis=0)
        if not all(present):
            absent = ~np.array(present)
            sums[np.repeat(absent, np.diff(self.starts)), 3:] = np.nan
            whole[absent, 3:] = np.nan
        return Sample(sums, whole, present, shares, lr, _joined(followed), _joined(vectors))

    def series(self, samples: Sequence[Sample]) -> Series:
        """What the samples [S] say, all at once."""
        sums, present, shares, lr = (
            np.array([getattr(s, name) for s in samples]) for name in ("tensors", "present", "shares", "lr")
        )
        rate = np.where(lr == 0, np.nan, lr)
        ww, across, dd, gg, _, fourth, filled = np.moveaxis(sums, -1, 0)
        with np.errstate(all="ignore"):
            moved = np.maximum(dd + 2 * shares * across + shares**2 * ww, 0)
            norms = np.sqrt(np.stack([moved, gg], axis=1))
            lengths = np.stack([norms[:, 0] / np.abs(rate), norms[:, 1]], axis=1)
            radial = np.where(ww > 0, -(across + shares * ww) / rate / ww, np.nan)
            more = np.stack([radial, lengths[:, 0], 1 - filled / self.sizes, fourth / self.sizes], axis=-1)
        followed = torch.stack([s.followed for s in samples]).float().cpu().numpy()[:, :, self._followed_of]
        followed[:, 0] /= -rate[:, self._owner]
        followed[:, 1][~present[:, self._owner]] = np.nan
        return Series(np.concatenate([motion(sums), more], axis=-1), followed, norms, lengths)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Parts [2, n] end to end, on the first one's device."""
    return parts[0] if len(parts) == 1 else torch.cat([part.to(parts[0].device) for part in parts], dim=1)


def motion(sums: Array) -> Array:
    """Norm, angle, update ratio, gradient norm and radial gradient [..., 5] from SUMS [..., 7].

    With p, q the weights over their norms a, b: |p - q|^2 = (|step|^2 - (b - a)^2)/(ab), |p + q|^2 = 4 - |p - q|^2,
    and b - a = (2 <w, step> + |step|^2)/(a + b), none of which cancels where the angle is small.
    A step along w alone seems to turn by up to 1e-8 of its relative length, the root of the rounding.
    """
    ww, across, dd, gg, gw, _, _ = np.moveaxis(sums, -1, 0)
    with np.errstate(all="ignore"):
        before, after = np.sqrt(ww), np.sqrt(np.maximum(ww + 2 * across + dd, 0))
        longer = (2 * across + dd) / (before + after)
        chord = np.where(before * after > 0, np.maximum(dd - longer**2, 0) / (before * after), np.nan)
        angle = 2 * np.arctan2(np.sqrt(chord), np.sqrt(np.maximum(4 - chord, 0)))
        ratio, gradient = np.sqrt(dd) / before, np.sqrt(gg)
        found = np.stack([before, angle, ratio, gradient, gw / (gradient * before)], axis=-1)
    found[~np.isfinite(found)] = np.nan
    return found
