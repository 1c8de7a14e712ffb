"""Sums over the entries of a tensor's rows, in double precision, by torch; ``sums_numba`` compiles the same."""

from __future__ import annotations

import torch
from torch import Tensor

try:
    from numerics.monitor import sums_numba
except ImportError:  # numba is an extra; without it torch sums, which takes longer
    sums_numba = None  # type: ignore[assignment]

SUMS = ("|w|^2", "<w, step>", "|step|^2", "|g|^2", "<g, w>", "sum g^4", "entries of g that are not zero")
PIECE = 1 << 18
"""Entries that are in double precision at once."""


def row_sums(w: Tensor, step: Tensor, g: Tensor, ends: Tensor, columns: int | None) -> Tensor:
    """The SUMS of each row [R, 7] of flat tensors [n]; ``ends`` [R + 1] is where rows begin, and the end.

    ``columns`` is the rows' length where all have one.
    """
    if sums_numba is not None and w.device.type == "cpu":
        return torch.from_numpy(sums_numba.row_sums(w.numpy(), step.numpy(), g.numpy(), ends.numpy()))
    return row_sums_by_torch(w, step, g, ends, columns)


def row_sums_by_torch(w: Tensor, step: Tensor, g: Tensor, ends: Tensor, columns: int | None) -> Tensor:
    """``row_sums`` where numba is not installed, and on a GPU."""
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
