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
        self.lags, self.parts, self.groups = lags, list(parts), list(groups)
        self._owner = np.repeat(np.arange(len(parts)), groups)
        self._old = torch.zeros(KINDS, 0, max(part.stop for part in parts))
        self._old_lengths = np.zeros((0, KINDS, len(parts)))
        self._old_energy = np.zeros((len(self._owner), KINDS, 0))

    def close(
        self, vectors: Sequence[Tensor], norms: Array, lengths: Array, pairs: Pairs
    ) -> tuple[Array, Array, Array]:
        """Take the window's samples [S] and sum over its pairs.

        ``vectors`` S of [2, M] with norms [S, 2, P], and the norms [S, 2, P] that what they stand for has. Gives cross
        and own [groups of all tensors, 2, lags] and counts [tensors, 2, lags]; a sample that is not finite counts for
        nothing.
        """
        new = torch.stack(list(vectors), dim=1)
        self._scale(new, norms)
        every, old = torch.cat([self._old.to(new), new], dim=1), self._old.shape[1]
        every_length = np.concatenate([self._old_lengths, lengths])
        gram = self._gram(every, old)
        energy = np.concatenate([self._old_energy, np.diagonal(gram, old, 2, 3)], axis=2)
        # An index in brackets would copy entry by entry.
        self._old = every.index_select(1, torch.from_numpy(pairs.kept).to(every.device))
        self._old_lengths, self._old_energy = every_length[pairs.kept], energy[:, :, pairs.kept]
        return self._sums(gram, energy, every_length.transpose(2, 1, 0), old, pairs)

    def _scale(self, new: Tensor, norms: Array) -> None:
        """Bring each tensor's vectors [2, S, M] to length one, or to zero where their norm is zero or not finite."""
        with np.errstate(all="ignore"):
            factors = torch.from_numpy(np.where(np.isfinite(norms) & (norms > 0), 1 / norms, 0.0)).to(new)
        for place, part in enumerate(self.parts):
            new[:, :, part] *= factors[:, :, place : place + 1].transpose(0, 1)
        if not np.isfinite(norms).all() or not bool(torch.isfinite(factors).all()):
            new.nan_to_num_(0.0, 0.0, 0.0)

    def _gram(self, every: Tensor, old: int) -> Array:
        """Inner products of the new samples with all [groups of all tensors, 2, new, all], of vectors [2, all, M]."""
        # On a GPU single precision may mean a mantissa of ten bits.
        exact = every.double() if every.is_cuda else every
        split = [
            group
            for part, groups in zip(self.parts, self.groups, strict=True)
            for group in exact[:, :, part].tensor_split(groups, dim=2)
        ]
        return torch.stack([x[:, old:] @ x.transpose(1, 2) for x in split]).double().cpu().numpy()

    def _sums(self, gram: Array, energy: Array, lengths: Array, old: int, pairs: Pairs) -> tuple[Array, Array, Array]:
        cross, own = np.zeros((2, len(self._owner), KINDS, self.lags))
        counts = np.zeros((len(self.parts), KINDS, self.lags), np.int64)
        if not len(pairs.later):
            return cross, own, counts
        good = np.isfinite(lengths)
        good = good[:, :, pairs.later] & good[:, :, pairs.earlier]
        counts[:, :, pairs.present] = np.add.reduceat(good.astype(np.int64), pairs.starts, axis=2)
        length, valid = lengths[self._owner], good[self._owner]
        squares = energy * length**2
        products = (
            gram[:, :, pairs.later - old, pairs.earlier] * length[:, :, pairs.later] * length[:, :, pairs.earlier]
        )
        halves = (squares[:, :, pairs.later] + squares[:, :, pairs.earlier]) / 2
        for sums, terms in ((cross, products), (own, halves)):
            sums[:, :, pairs.present] = np.add.reduceat(np.where(valid, terms, 0.0), pairs.starts, axis=2)
        return cross, own, counts
