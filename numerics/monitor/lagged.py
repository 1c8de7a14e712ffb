"""Sums over pairs of samples of inner products at given lags, window by window, from the vectors themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.pattern import Pattern

Array = np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Pairs of one window, ordered by lag: places among the new and among all samples, and where each lag begins."""

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
        return cls(later[order], earlier[order], present, starts, np.flatnonzero(pattern.kept(every, now)))


class Lagged:
    """The vectors of one tensor's updates or gradients that later ones are still to be paired with.

    Vectors are kept at unit length in single precision, their lengths in double: no energy is too small or too large.
    """

    def __init__(self, lags: int, groups: int) -> None:
        self.lags, self.groups = lags, groups
        self._new: list[Tensor] = []
        self._lengths: list[float] = []
        self._old: Tensor | None = None
        self._old_lengths = np.zeros(0)

    def add(self, vector: Tensor, length: float) -> None:
        """One more sample [m], not normalised; one that is zero or not finite counts for nothing."""
        usable = np.isfinite(length) and length > 0
        self._new.append((vector / length if usable else torch.zeros_like(vector)).float())
        self._lengths.append(length if usable else float("nan"))

    def close(self, pairs: Pairs) -> tuple[Array, Array, Array]:
        """Sums over the window's pairs: cross and own [groups, lags], and counts [lags]."""
        new = torch.stack(self._new)
        every = new if self._old is None else torch.cat([self._old, new])
        lengths = np.concatenate([self._old_lengths, self._lengths])
        cross, own = np.zeros((self.groups, self.lags)), np.zeros((self.groups, self.lags))
        counts = np.zeros(self.lags, np.int64)
        if len(pairs.later):
            # On a GPU single precision may mean a mantissa of ten bits.
            exact = every.double() if every.is_cuda else every
            split = exact.view(len(exact), self.groups, -1).transpose(0, 1)
            gram = torch.bmm(split[:, len(every) - len(new) :], split.transpose(1, 2)).double().cpu().numpy()
            energy = split.square().sum(-1).double().cpu().numpy() * lengths**2
            later = pairs.later + len(every) - len(new)
            good = np.isfinite(lengths[later] * lengths[pairs.earlier])
            products = gram[:, pairs.later, pairs.earlier] * lengths[later] * lengths[pairs.earlier]
            halves = (energy[:, later] + energy[:, pairs.earlier]) / 2
            cross[:, pairs.present] = np.add.reduceat(np.where(good, products, 0.0), pairs.starts, axis=1)
            own[:, pairs.present] = np.add.reduceat(np.where(good, halves, 0.0), pairs.starts, axis=1)
            counts[pairs.present] = np.add.reduceat(good.astype(np.int64), pairs.starts)
        self._old = every[torch.from_numpy(pairs.kept).to(every.device)]
        self._old_lengths = lengths[pairs.kept]
        self._new, self._lengths = [], []
        return cross, own, counts
