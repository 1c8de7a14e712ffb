"""What one chunk of steps adds to a recording, in numpy; ``accumulate_numba`` is the same, compiled.

A chunk is ``squared_norm`` |w_{t+1}|^2, ``lost`` <w_t, w_t - w_{t+1}> and ``perpendicular``, the squared length of the
part of w_{t+1} orthogonal to w_t, each float64 [chains, K]. A step's numbers are its QUANTITIES, in this order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CHUNK = 256
"""Steps that an engine hands over at once."""
CHUNK_LEVEL = 8
"""2^CHUNK_LEVEL steps are one chunk."""
QUANTITIES = ("squared_norm", "lost_overlap", "angle", "cosine", "chord")
"""|w_t|^2, <w_t, w_t - w_{t+1}>, the angle between w_t and w_{t+1}, 1 - its cosine, 2 sin(angle / 2)."""
TRACKED = (0, 2)
"""Of the QUANTITIES those with an autocorrelation time."""
COUNTED = (2, 0, 3, 4)
"""Of the QUANTITIES those with a histogram; the angle first, which trajectories keep too."""
OCTAVE_BITS = 8
"""A histogram has 2^OCTAVE_BITS equal bins in every octave [2^e, 2^(e+1))."""
OCTAVES = 2048
"""Exponents of a double: the first holds zero, the last what is not finite."""
BIN_SHIFT = 52 - OCTAVE_BITS
OCTAVE_MASK = OCTAVES - 1
BIN_MASK = (1 << OCTAVE_BITS) - 1


def turn(before: Floats, lost: Floats, perpendicular: Floats) -> tuple[Floats, Floats, Floats]:
    """Angle, 1 - cosine and chord of steps, from |w|^2 and where w' lies along w and across it.

    angle = atan2(sqrt(perpendicular), (|w|^2 - lost) / |w|), in radians, to a few units of the last place at any
    angle. A ``perpendicular`` below zero by rounding counts as zero; where w or w' is zero all three are NaN.
    """
    with np.errstate(all="ignore"):
        along = (before - lost) / np.sqrt(before)
        across = np.where(perpendicular < 0, 0.0, perpendicular)
        length = np.sqrt(along * along + across)
        cosine, sine = along / length, np.sqrt(across) / length
        less = sine * sine / (1 + np.abs(cosine))
        less = np.where(cosine < 0, 2 - less, less)
        return np.arctan2(sine, cosine), less, np.sqrt(2 * less)


def advance(
    last: Floats,
    squared_norm: Floats,
    lost: Floats,
    perpendicular: Floats,
    begin: int,
    fresh: bool,
    reference: Floats,
    sums: Floats,
    blocks: Floats,
    full: int,
    values: Floats,
) -> None:
    """Add the steps from ``begin`` on of one chunk to the sums; all arrays but the chunk's change in place.

    ``last`` [chains] is |w|^2 before the chunk, and after it on return. ``reference`` [chains, 5], set where ``fresh``,
    is subtracted before the ``sums`` [chains, 5, 2] of x and x^2. ``blocks`` [chains, 2, levels, 3] holds, for blocks
    of 2^level steps, the sum and sum of squares of block sums and the block that waits for its neighbour; ``full``
    counts the full chunks in it. ``values`` [chains, 4, CHUNK] receives the COUNTED numbers of each step, or the
    first of them. Either may be empty along its second axis.
    """
    steps = squared_norm.shape[1]
    before = np.concatenate([last[:, None], squared_norm[:, :-1]], axis=1)
    last[:] = squared_norm[:, -1]
    rows = (before, lost, *turn(before, lost, perpendicular))
    for place, quantity in enumerate(COUNTED[: values.shape[1]]):
        values[:, place, :steps] = rows[quantity]
    if begin == steps:
        return
    for quantity, row in enumerate(rows):
        if fresh:
            reference[:, quantity] = row[:, begin]
        with np.errstate(all="ignore"):
            centred = row[:, begin:] - reference[:, quantity, None]
            sums[:, quantity, 0] += centred.sum(axis=1)
            sums[:, quantity, 1] += (centred * centred).sum(axis=1)
            if blocks.shape[1] and quantity in TRACKED:
                _add_blocks(blocks[:, TRACKED.index(quantity)], centred, full)


def _add_blocks(blocks: Floats, centred: Floats, full: int) -> None:
    levels = blocks.shape[1]
    whole = centred.shape[1] == CHUNK
    for level in range(1, min(levels, CHUNK_LEVEL + 1)):
        pairs = centred.shape[1] // 2
        centred = centred[:, 0 : 2 * pairs : 2] + centred[:, 1 : 2 * pairs : 2]
        blocks[:, level, 0] += centred.sum(axis=1)
        blocks[:, level, 1] += (centred * centred).sum(axis=1)
    if not whole:
        return
    block, level = centred[:, 0], CHUNK_LEVEL
    while level + 1 < levels:
        if full & 1 == 0:
            blocks[:, level, 2] = block
            return
        block = blocks[:, level, 2] + block
        level, full = level + 1, full >> 1
        blocks[:, level, 0] += block
        blocks[:, level, 1] += block * block


def count(
    bits: Integers,
    begin: int,
    end: int,
    replicas: int,
    table: NDArray[np.int32],
    pages: Integers,
    missing: NDArray[np.bool_],
) -> int:
    """Count the numbers whose ``bits`` [chains, 4, CHUNK] are doubles seen as int64, between ``begin`` and ``end``.

    ``table`` [configurations, 4, OCTAVES] says which of ``pages`` [pages, 2^OCTAVE_BITS] counts an octave; what falls
    where it says -1 is not counted, but marked in ``missing``, of the table's shape. Returns how many were not.
    """
    bins = bits[:, :, begin:end] >> BIN_SHIFT
    octave = (bins >> OCTAVE_BITS) & OCTAVE_MASK  # a NaN may bear a sign
    where = (np.arange(len(bits))[:, None, None] // replicas, np.arange(bits.shape[1])[None, :, None], octave)
    page = table[where]
    missing[tuple(np.broadcast_to(x, page.shape)[page < 0] for x in where)] = True
    np.add.at(pages, (page[page >= 0], (bins & BIN_MASK)[page >= 0]), 1)
    return int((page < 0).sum())
