"""``sums``'s function compiled by numba: one pass over the entries."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics.compilation import compiled


@compiled(fastmath={"contract", "reassoc", "nsz"})
def row_sums(w: Any, step: Any, g: Any, ends: Any) -> Any:
    """The SUMS of each row [R, 7], rows beginning at ``ends`` [R + 1] of flat arrays [n]."""
    found = np.zeros((len(ends) - 1, 7))
    for row in range(len(ends) - 1):
        # Places in a slice count from 0; those of the whole may be negative to the compiler, which takes them singly.
        own = slice(ends[row], ends[row + 1])
        xs, ds, ys = w[own], step[own], g[own]
        ww = across = dd = gg = gw = fourth = 0.0
        filled = 0
        for i in range(len(xs)):
            x, d, y = np.float64(xs[i]), np.float64(ds[i]), np.float64(ys[i])
            square = y * y
            ww += x * x
            across += x * d
            dd += d * d
            gg += square
            gw += y * x
            fourth += square * square
            filled += y != 0
        found[row, 0], found[row, 1], found[row, 2] = ww, across, dd
        found[row, 3], found[row, 4], found[row, 5], found[row, 6] = gg, gw, fourth, filled
    return found
