"""``look`` compiled by numba."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics.compilation import compiled


@compiled(fastmath={"contract", "reassoc", "nsz"})
def look(
    w: Any, new: Any, g: Any, decay: Any, sizes: Any, ends: Any, index: Any, signs: Any, sketched: Any, dimension: int,
    rows: Any, followed: Any, vectors: Any,
) -> None:  # fmt: skip
    """Fill ``rows`` [R, 7], ``followed`` [2, F] and ``vectors`` [2, M] from flat arrays [n] of P tensors end to end.

    ``decay`` and ``sizes`` are the tensors' [P]; ``ends`` [R + 1] is where rows begin, and the end; ``index`` [F] are
    the places that are followed. Where ``sketched`` [P] an entry is added, times its sign, to its place modulo
    ``dimension``; ``signs`` are those of the tensors that are sketched, end to end.
    """
    for row in range(len(ends) - 1):
        # Places in a slice count from 0; those of the whole may be negative to the compiler, which takes them singly.
        own = slice(ends[row], ends[row + 1])
        xs, ns, ys = w[own], new[own], g[own]
        ww = across = dd = gg = gw = fourth = 0.0
        filled = 0
        for i in range(len(xs)):
            x, y = np.float64(xs[i]), np.float64(ys[i])
            d = np.float64(ns[i]) - x
            square = y * y
            ww += x * x
            across += x * d
            dd += d * d
            gg += square
            gw += y * x
            fourth += square * square
            filled += y != 0
        rows[row, 0], rows[row, 1], rows[row, 2] = ww, across, dd
        rows[row, 3], rows[row, 4], rows[row, 5], rows[row, 6] = gg, gw, fourth, filled

    update = np.empty_like(w)
    begin = 0
    for tensor in range(len(sizes)):
        own = slice(begin, begin + sizes[tensor])
        xs, ns, us = w[own], new[own], update[own]
        share = decay[tensor]
        for i in range(len(xs)):
            x = np.float64(xs[i])
            us[i] = np.float64(ns[i]) - x + share * x
        begin += sizes[tensor]

    for kind in range(2):
        flat = update if kind == 0 else g
        for i in range(len(index)):
            followed[kind, i] = flat[index[i]]
        begin = sign = place = 0
        for tensor in range(len(sizes)):
            entries = flat[begin : begin + sizes[tensor]]
            begin += sizes[tensor]
            if sketched[tensor]:
                sums = vectors[kind, place : place + dimension]
                sums[:] = 0
                for low in range(0, len(entries), dimension):
                    part, flips = entries[low : low + dimension], signs[sign + low : sign + low + dimension]
                    for i in range(len(part)):
                        sums[i] += part[i] * flips[i]
                sign += len(entries)
                place += dimension
            else:
                vectors[kind, place : place + len(entries)] = entries
                place += len(entries)
