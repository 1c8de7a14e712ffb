"""Every update and gradient of some tensors over a run, kept as they are: correlations at all lags without a sketch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray
TINY = 1e-30


@dataclass(frozen=True)
class Kept:
    """One tensor over T steps: ``rows`` [T, n, 4] are sums over each row of w^2, w dw, dw^2 and g^2, in double.

    ``updates`` and ``gradients`` [T, n, m] are in single precision; u is that of w' = (1 - decay) w - lr u.
    """

    rows: Array
    updates: Array
    gradients: Array

    @property
    def silent(self) -> Array:
        """Rows that had no gradient at any step [n]: they decay and never turn."""
        return np.asarray(~(self.rows[:, :, 3] > 0).any(axis=0))

    def only(self, rows: Array) -> Kept:
        """Without the other rows."""
        return Kept(self.rows[:, rows], self.updates[:, rows], self.gradients[:, rows])

    def motion(self) -> tuple[Array, Array, Array]:
        """Norm, angle in radians to the next step, and the unit gradient's energy |g|^2 |w|^2, each [T]."""
        squares, across, moved, energy = self.rows.sum(axis=1).T
        before, after = np.sqrt(squares), np.sqrt(np.maximum(squares + 2 * across + moved, 0))
        longer = (2 * across + moved) / (before + after)
        chord = np.maximum(moved - longer**2, 0) / (before * after)
        return before, 2 * np.arctan2(np.sqrt(chord), np.sqrt(np.maximum(4 - chord, 0))), energy * squares


class History:
    """Watches ``tensors`` while ``optimizer`` steps; ``decay`` is what a step takes off w beside lr u."""

    def __init__(self, optimizer: Any, tensors: Mapping[str, Tensor], lr: float, decay: float) -> None:
        self.tensors, self.lr, self.decay = dict(tensors), lr, decay
        self._before: dict[str, Tensor] = {}
        self._kept: dict[str, list[tuple[Array, Array, Array]]] = {name: [] for name in self.tensors}
        self._hooks = [
            optimizer.register_step_pre_hook(lambda *_: self._look()),
            optimizer.register_step_post_hook(lambda *_: self._stepped()),
        ]

    def __enter__(self) -> History:
        return self

    def __exit__(self, kind: type | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        for hook in self._hooks:
            hook.remove()

    @torch.no_grad()
    def _look(self) -> None:
        self._before = {name: w.detach().double().flatten(1) for name, w in self.tensors.items()}

    @torch.no_grad()
    def _stepped(self) -> None:
        for name, weight in self.tensors.items():
            before, gradient = self._before[name], weight.grad
            assert gradient is not None
            g = gradient.double().flatten(1)
            step = weight.detach().double().flatten(1) - before
            sums = torch.stack([(x * y).sum(1) for x, y in ((before, before), (before, step), (step, step), (g, g))], 1)
            update = (step + self.decay * before) / -self.lr
            parts = (sums, update.float(), g.float())
            self._kept[name].append(tuple(part.cpu().numpy() for part in parts))  # type: ignore[arg-type]

    def of(self, name: str) -> Kept:
        """What was kept of a tensor; it is let go of here."""
        rows, updates, gradients = zip(*self._kept.pop(name), strict=True)
        return Kept(np.stack(rows), np.stack(updates), np.stack(gradients))


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
