"""Norm and change of every neuron at every step of a short run, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray


class Watch:
    """For ``on_step`` of a training: made before it, it looks at ``weights`` [rows, ..] after every step."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.weights = dict(weights)
        self._last = {name: _rows(weight) for name, weight in self.weights.items()}
        self._norms = {name: [_lengths(rows)] for name, rows in self._last.items()}
        self._changes: dict[str, list[Tensor]] = {name: [] for name in self.weights}

    def __call__(self, done: int) -> None:
        """Take the step."""
        for name, weight in self.weights.items():
            rows = _rows(weight)
            self._norms[name].append(_lengths(rows))
            self._changes[name].append(_lengths(rows - self._last[name]))
            self._last[name] = rows

    def norms(self, name: str, *, whole: bool = False) -> Array:
        """|w_t| [steps + 1, rows], or of the ``whole`` tensor [steps + 1]."""
        return _joined(self._norms[name], whole)

    def changes(self, name: str, *, whole: bool = False) -> Array:
        """|w_{t+1} - w_t| [steps, rows], or of the ``whole`` tensor [steps]."""
        return _joined(self._changes[name], whole)

    def angles(self, name: str, *, whole: bool = False) -> Array:
        """The angle of every step in radians, [steps, rows], or of the ``whole`` tensor [steps]."""
        norms = self.norms(name, whole=whole)
        return angle_between(norms[:-1], norms[1:], self.changes(name, whole=whole))


def angle_between(before: Array, after: Array, change: Array) -> Array:
    """The angle in radians between vectors of these lengths whose difference has length ``change``."""
    square = (change**2 - (after - before) ** 2) / (4 * before * after)
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(square, 0, 1))))


def change_between(before: Array, after: Array, angle: Array) -> Array:
    """The length of the difference of vectors of these lengths at this angle in radians."""
    return np.asarray(np.sqrt((after - before) ** 2 + 4 * before * after * np.sin(angle / 2) ** 2))


def rms(values: Array, axis: int | None = None) -> Array:
    """Root of the mean square."""
    return np.asarray(np.sqrt(np.mean(np.square(values), axis=axis)))


def _rows(weight: Tensor) -> Tensor:
    return weight.detach().flatten(1).to(torch.float64, copy=True)


def _lengths(rows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(rows, dim=1)


def _joined(taken: list[Tensor], whole: bool) -> Array:
    found = torch.stack(taken).cpu().numpy()
    return np.asarray(np.linalg.norm(found, axis=1) if whole else found)
