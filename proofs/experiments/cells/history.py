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


def autocorrelation(x: Array, first: int, last: int, *, by_lengths: bool = False) -> Array:
    """R_1, ..., R_last of x [T, d]: mean <x_t, x_{t-k}> over mean (|x_t|^2 + |x_{t-k}|^2)/2, t = first, first + 1, ...

    ``by_lengths`` divides by the mean of |x_t| |x_{t-k}| instead, to be used with the energy of each step.

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
    earlier = [energy[last - k : last - k + count] for k in range(1, last + 1)]
    if by_lengths:
        own = np.array([np.sqrt(energy[last:] * then).sum() for then in earlier])
    else:
        own = np.array([(energy[last:].sum() + then.sum()) / 2 for then in earlier])
    return np.asarray(cross / np.maximum(own, TINY))


def over_root(x: Array, beta2: float) -> Array:
    """x [T, ..] with each coordinate over the root of the running mean of its squares, as Adam's v without its bias.

    It is 0 as long as the coordinate is.
    """
    flat = x.reshape(len(x), -1)
    found, v = np.zeros_like(flat), np.zeros(flat.shape[1])
    for t, now in enumerate(flat):
        v += (1 - beta2) * (np.square(now, dtype=float) - v)
        np.divide(now, np.sqrt(v / (1 - beta2 ** (t + 1))), out=found[t], where=v > 0, casting="same_kind")
    return found


def even(x: Array, first: int) -> Array:
    """x [T, ..] with each coordinate over its own root mean square from ``first`` on; those always zero left out."""
    flat = x.reshape(len(x), -1)
    scale = np.sqrt(np.mean(np.square(flat[first:], dtype=float), axis=0))
    live = scale > 0
    return np.asarray(flat[:, live] / scale[live].astype(np.float32))
