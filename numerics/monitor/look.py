"""One look at tensors before and after a step: sums over their rows, in double precision, and what is correlated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from numerics.monitor.sketch import DIMENSION, Sketch
from numerics.monitor.tensors import Bucket

try:
    from numerics.monitor import look_numba
except ImportError:  # numba is an extra; without it torch looks, which takes longer
    look_numba = None  # type: ignore[assignment]

Array = np.ndarray
SUMS = ("|w|^2", "<w, step>", "|step|^2", "|g|^2", "<g, w>", "sum g^4", "entries of g that are not zero")
PIECE = 1 << 18
"""Entries that are in double precision at once."""


class Seen(NamedTuple):
    """The SUMS of the rows [R, 7]; of the update, free of decay, and of the gradient, what is correlated.

    These are the entries that are followed [2, F] and the tensors' vectors end to end [2, M].
    """

    rows: Array
    followed: Tensor
    vectors: Tensor


class Look:
    """Looks at the tensors of a bucket; those that are ``exact`` are their own vectors, others are sketched.

    ``followed`` are the places of each tensor's entries that are followed. By numba on the CPU, else by torch.
    """

    def __init__(self, bucket: Bucket, exact: Sequence[bool], followed: Sequence[Array], seed: int) -> None:
        self.bucket = bucket
        self.sketches = [
            None if whole else Sketch(size, seed, place, bucket.device)
            for size, whole, place in zip(bucket.sizes, exact, bucket.places, strict=True)
        ]
        self.widths = [
            s if sketch is None else DIMENSION for s, sketch in zip(bucket.sizes, self.sketches, strict=True)
        ]
        self._rows, self._follows, self._width = len(bucket.ends) - 1, sum(map(len, followed)), sum(self.widths)
        offsets = np.cumsum([0, *bucket.sizes[:-1]])
        self._index = torch.from_numpy(np.concatenate([i + o for i, o in zip(followed, offsets, strict=True)]))
        self._index = self._index.to(bucket.device)
        self.compiled = compiled(bucket.device)
        if self.compiled:
            signs = [np.zeros(0, np.int8), *(s.signs.numpy() for s in self.sketches if s is not None)]
            sketched = np.array([s is not None for s in self.sketches])
            index, ends = self._index.numpy(), bucket.ends.numpy()
            self._given = (np.array(bucket.sizes), ends, index, np.concatenate(signs), sketched, DIMENSION)

    def __call__(self, w: Tensor, new: Tensor, g: Tensor, decay: Sequence[float]) -> Seen:
        """Look at flat tensors [n]: the weights before the step and after it, and the gradient.

        ``decay`` is the share of each tensor's w that decay took off. Those after the step may be overwritten.
        """
        return (self.by_numba if self.compiled else self.by_torch)(w, new, g, decay)

    def by_numba(self, w: Tensor, new: Tensor, g: Tensor, decay: Sequence[float]) -> Seen:
        """One pass over the entries."""
        before = w.numpy()
        rows = np.empty((self._rows, len(SUMS)))
        followed, vectors = np.empty((2, self._follows), before.dtype), np.empty((2, self._width), before.dtype)
        shares = np.array(decay, float)
        look_numba.look(before, new.numpy(), g.numpy(), shares, *self._given, rows, followed, vectors)
        if before.dtype != np.float32:
            followed, vectors = followed.astype(np.float32), vectors.astype(np.float32)
        return Seen(rows, torch.from_numpy(followed), torch.from_numpy(vectors))

    def by_torch(self, w: Tensor, new: Tensor, g: Tensor, decay: Sequence[float]) -> Seen:
        """Where numba is not installed, and on a GPU."""
        step = new.sub_(w)
        rows = row_sums(w, step, g, self.bucket.ends, self.bucket.columns).cpu().numpy()
        if len(set(decay)) == 1:
            update = torch.add(step, w, alpha=decay[0]) if decay[0] else step
        else:
            update = torch.addcmul(step, w, torch.from_numpy(np.repeat(decay, self.bucket.sizes)).to(w))
        both = torch.stack([update, g])
        parts = [
            part if sketch is None else torch.stack([sketch(x) for x in part])
            for part, sketch in zip(both.split(self.bucket.sizes, dim=1), self.sketches, strict=True)
        ]
        return Seen(rows, both[:, self._index].float(), torch.cat(parts, dim=1).float())


def compiled(device: torch.device) -> bool:
    """Whether numba looks at tensors on this device."""
    return look_numba is not None and device.type == "cpu"


def row_sums(w: Tensor, step: Tensor, g: Tensor, ends: Tensor, columns: int | None) -> Tensor:
    """The SUMS of each row [R, 7] of flat tensors [n]; ``ends`` [R + 1] is where rows begin, and the end.

    ``columns`` is the rows' length where all have one.
    """
    if columns is None:
        lengths = ends.diff()
        return torch.segment_reduce(torch.stack(_terms(w, step, g), dim=-1), "sum", lengths=lengths, axis=0)
    rows = max(PIECE // columns, 1) * columns
    found = []
    for low in range(0, len(w), rows):
        parts = (x[low : low + rows].view(-1, columns) for x in (w, step, g))
        found.append(torch.stack([term.sum(-1) for term in _terms(*parts)], dim=-1))
    return torch.cat(found)


def _terms(w: Tensor, step: Tensor, g: Tensor) -> tuple[Tensor, ...]:
    x, d, y = w.double(), step.double(), g.double()
    squares = y * y
    return x * x, x * d, d * d, squares, y * x, squares * squares, (y != 0).double()
