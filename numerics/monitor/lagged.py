"""Sums over pairs of samples of inner products at given lags, window by window, from the vectors themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.pattern import Pattern

Array = np.ndarray
KINDS = 2
"""Updates and gradients, in this order."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of one window, ordered by lag: places among all samples, the lags present, and where each begins."""

    later: Array
    earlier: Array
    present: Array
    starts: Array
    kept: Array

    @classmethod
    def of(cls, pattern: Pattern, old: Array, new: Array, now: int) -> Pairs:
        """Of the ``new`` samples with all, the ``old`` ones first; ``kept`` are those to be held from ``now`` on."""
        every = np.concatenate([old, new])
        later, earlier, lag = pattern.pairs(new, every)
        order = np.argsort(lag, kind="stable")
        present, starts = np.unique(lag[order], return_index=True)
        kept = np.flatnonzero(pattern.kept(every, now))
        return cls(later[order] + len(old), earlier[order], present, starts, kept)


class Lagged:
    """The updates and gradients, of all tensors, that later ones are still to be paired with.

    ``parts`` says where in a sample's vectors [2, M] each tensor is, ``groups`` in how many groups of coordinates each
    is summed. Vectors are held at unit length in single precision and their lengths in double: no energy is too small
    or too large for the products.
    """

    def __init__(self, lags: int, parts: Sequence[slice], groups: Sequence[int]) -> None:
        self.lags, self.parts, self.groups = lags, parts, groups
        self._new: list[tuple[Tensor, Array, Array]] = []
        self._old: list[Tensor] = []
        self._old_lengths = np.zeros((0, KINDS, len(parts)))

    def add(self, vectors: Tensor, norms: Array, lengths: Array) -> None:
        """One more sample: vectors [2, M] of norms [2, P], and the norms [2, P] that what they stand for has."""
        self._new.append((vectors, norms, lengths))

    def close(self, pairs: Pairs) -> tuple[Array, Array, Array]:
        """Sums over the window's pairs: cross and own [groups of all tensors, 2, lags], counts [tensors, 2, lags].

        A sample that is not finite counts for nothing.
        """
        vectors, norms, lengths = zip(*self._new, strict=True)
        new, norm = torch.stack(vectors), np.stack(norms)
        every_length = np.concatenate([self._old_lengths, np.stack(lengths)])
        found, held = [], []
        with np.errstate(all="ignore"):
            factor = np.where(np.isfinite(norm) & (norm > 0), 1 / norm, np.nan)
        for place, (part, groups) in enumerate(zip(self.parts, self.groups, strict=True)):
            factors = torch.from_numpy(factor[:, :, place : place + 1]).to(new)
            unit = torch.where(torch.isfinite(factors), new[:, :, part] * factors, 0.0)
            every = torch.cat([self._old[place], unit]) if self._old else unit
            found.append(self._sums(every, every_length[:, :, place].T, len(unit), groups, pairs))
            held.append(every[torch.from_numpy(pairs.kept).to(every.device)])
        self._old, self._old_lengths = held, every_length[pairs.kept]
        self._new = []
        cross, own, counts = zip(*found, strict=True)
        return np.concatenate(cross), np.concatenate(own), np.stack(counts)

    def _sums(self, every: Tensor, lengths: Array, new: int, groups: int, pairs: Pairs) -> tuple[Array, Array, Array]:
        cross, own = np.zeros((2, groups, KINDS, self.lags))
        counts = np.zeros((KINDS, self.lags), np.int64)
        if not len(pairs.later):
            return cross, own, counts
        # On a GPU single precision may mean a mantissa of ten bits.
        exact = every.double() if every.is_cuda else every
        split = exact.view(len(exact), KINDS, groups, -1).permute(2, 1, 0, 3)
        old = len(every) - new
        gram = (split[:, :, old:] @ split.transpose(2, 3)).double().cpu().numpy()
        energy = split.square().sum(-1).double().cpu().numpy() * lengths**2
        good = np.isfinite(lengths)
        good = good[:, pairs.later] & good[:, pairs.earlier]
        products = gram[:, :, pairs.later - old, pairs.earlier] * lengths[:, pairs.later] * lengths[:, pairs.earlier]
        halves = (energy[:, :, pairs.later] + energy[:, :, pairs.earlier]) / 2
        for sums, terms in ((cross, products), (own, halves)):
            sums[:, :, pairs.present] = np.add.reduceat(np.where(good, terms, 0.0), pairs.starts, axis=2)
        counts[:, pairs.present] = np.add.reduceat(good.astype(np.int64), pairs.starts, axis=1)
        return cross, own, counts
