"""Every update and gradient of some tensors over a run, kept as they are: correlations at all lags without a sketch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from proofs.experiments.cells.watching import Steps, Watch

Array = np.ndarray
TINY = 1e-30


@dataclass(frozen=True)
class Kept(Steps):
    """The steps of one tensor by rows, with all of its ``updates`` and ``gradients`` [T, n, m] in single precision.

    An update is the u of w' = (1 - decay) w - lr u.
    """

    updates: Array
    gradients: Array

    @property
    def silent(self) -> Array:
        """Rows that had no gradient at any step [n]: they decay and never turn."""
        return np.asarray(~(self.sums[:, :, 3] > 0).any(axis=0))

    def only(self, rows: Array) -> Kept:
        """Without the other rows."""
        return Kept(self.sums[:, rows], self.updates[:, rows], self.gradients[:, rows])


class History(Watch):
    """A watch over rows that keeps all; ``decay`` is what a step takes off w beside lr u."""

    def __init__(self, optimizer: Any, tensors: Mapping[str, Tensor], lr: float, decay: float) -> None:
        super().__init__(optimizer, tensors)
        self.lr, self.decay = lr, decay
        self._kept: dict[str, list[tuple[Array, Array]]] = {name: [] for name in self.tensors}

    def keep(self, name: str, w: Tensor, step: Tensor, g: Tensor) -> None:
        """The updates and the gradients."""
        update = (step + self.decay * w) / -self.lr
        self._kept[name].append((update.float().cpu().numpy(), g.float().cpu().numpy()))

    def of(self, name: str) -> Kept:
        """What was kept of a tensor; it is let go of here."""
        sums = super().of(name).sums
        updates, gradients = zip(*self._kept.pop(name), strict=True)
        return Kept(sums, np.concatenate(updates), np.concatenate(gradients))


def autocorrelation(x: Array, first: int, last: int) -> Array:
    """R_1, ..., R_last of x [T, d]: mean <x_t, x_{t-k}> over mean (|x_t|^2 + |x_{t-k}|^2)/2, t = first, first + 1, ...

    ``first`` must be ``last`` at least, so that all lags are means over the same t: what the weights then hold.
    """
    if first < last:
        raise ValueError(f"first = {first} is below the longest lag, {last}")
    held = torch.from_numpy(x[first - last :].reshape(len(x) - first + last, -1))
    gram = (held[last:] @ held.T).double().numpy()
    energy = held.double().square().sum(1).numpy()
    count = len(gram)
    at = np.arange(count)
    cross = np.array([gram[at, at + last - k].sum() for k in range(1, last + 1)])
    own = np.array([(energy[last:].sum() + energy[last - k : last - k + count].sum()) / 2 for k in range(1, last + 1)])
    return np.asarray(cross / np.maximum(own, TINY))


def even(x: Array, first: int) -> Array:
    """x [T, ..] with each coordinate over its own root mean square from ``first`` on; those always zero left out."""
    flat = x.reshape(len(x), -1)
    scale = np.sqrt(np.mean(np.square(flat[first:], dtype=float), axis=0))
    live = scale > 0
    return np.asarray(flat[:, live] / scale[live].astype(np.float32))
