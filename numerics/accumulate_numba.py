"""``accumulate``'s functions compiled by numba; threads may each take some of the chains, which sum in one order.

The angle is twice the arc tangent of the half angle's tangent t. Where t > tan(pi/8) it is pi/4 plus the arc tangent of
(t - 1)/(t + 1), so that one polynomial on [-tan(pi/8), tan(pi/8)] serves: the Chebyshev series
atan(y tan(2a)) = 2 sum_k (-1)^k tan(a)^(2k+1) T_{2k+1}(y) / (2k+1) at a = pi/16, whose last term here is below 1e-16.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from numerics.accumulate import (
    BIN_MASK,
    BIN_SHIFT,
    CHUNK,
    CHUNK_LEVEL,
    COUNTED,
    OCTAVE_BITS,
    OCTAVE_MASK,
    Floats,
    Integers,
)
from numerics.compilation import compiled
from numerics.philox.compiled import widest

HALF_QUARTER = math.tan(math.pi / 8)
TERMS = 12
FAST = {"contract", "reassoc", "nsz"}
"""Sums may be split over lanes; NaN and infinity keep their meaning."""
QUANTITIES = 5
FIRST_COUNTED, SECOND_COUNTED, THIRD_COUNTED, FOURTH_COUNTED = COUNTED


def _arctangent() -> tuple[float, ...]:
    series = np.zeros(2 * TERMS)
    odd = np.arange(1, 2 * TERMS, 2)
    series[odd] = 2 * (-1.0) ** np.arange(TERMS) * math.tan(math.pi / 16) ** odd / odd
    return tuple((chebyshev.cheb2poly(series) / HALF_QUARTER ** np.arange(2 * TERMS))[odd].tolist())


C = _arctangent()


@compiled(fastmath=FAST, error_model="numpy")
def turn(
    before: Floats, lost: Floats, perpendicular: Floats, steps: int, angle: Floats, less: Floats, chord: Floats
) -> None:
    """Write angle, 1 - cosine and chord of each of ``steps`` steps."""
    widest()
    for k in range(steps):
        # Along and across in units of |w|, and the length of both: the cosine is along/length.
        inverse = 1.0 / before[k]
        along = (before[k] - lost[k]) * inverse
        square = (0.0 if perpendicular[k] < 0.0 else perpendicular[k]) * inverse
        across, length = math.sqrt(square), math.sqrt(along * along + square)
        base = length + abs(along)
        wide = across > HALF_QUARTER * base
        above = across - base if wide else across
        below = across + base if wide else base
        share = 1.0 / (length * base * below)
        t = above * (length * base) * share
        z = t * t
        high = C[6] + z * (C[7] + z * (C[8] + z * (C[9] + z * (C[10] + z * C[11]))))
        half = t * (C[0] + z * (C[1] + z * (C[2] + z * (C[3] + z * (C[4] + z * (C[5] + z * high))))))
        acute = 2.0 * half + (0.5 * math.pi if wide else 0.0)
        lacking = square * below * share
        backward = along < 0.0
        angle[k] = math.pi - acute if backward else acute
        kept = 2.0 - lacking if backward else lacking
        less[k] = kept
        chord[k] = math.sqrt(2.0 * kept)


@compiled(fastmath=FAST, error_model="numpy")
def moments(row: Floats, steps: int, reference: float, sums: Floats) -> None:
    """Add x and x^2 of the first ``steps`` of row - reference to ``sums``; the row is left centred."""
    widest()
    first = 0.0
    second = 0.0
    for k in range(steps):
        centred = row[k] - reference
        row[k] = centred
        first += centred
        second += centred * centred
    sums[0] += first
    sums[1] += second


@compiled()
def copy(source: Floats, target: Floats, steps: int) -> None:
    """Copy the first ``steps`` numbers; a loop compiles in a tenth of an array assignment's time."""
    for k in range(steps):
        target[k] = source[k]


@compiled(fastmath=FAST, error_model="numpy")
def halve(row: Floats, halved: Floats, pairs: int, sums: Floats) -> None:
    """Put the sums of neighbours in ``halved``, and add them and their squares to ``sums``."""
    widest()
    first = 0.0
    second = 0.0
    for k in range(pairs):
        both = row[2 * k] + row[2 * k + 1]
        halved[k] = both
        first += both
        second += both * both
    sums[0] += first
    sums[1] += second


@compiled(error_model="numpy")
def add_blocks(blocks: Floats, row: Floats, spare: Floats, steps: int, full: int) -> None:
    """Add a centred row to the sums of one chain's ``blocks`` [levels, 3]; both rows are lost."""
    levels = blocks.shape[0]
    pairs = steps
    for level in range(1, min(levels, CHUNK_LEVEL + 1)):
        pairs //= 2
        halve(row, spare, pairs, blocks[level])
        row, spare = spare, row
    if steps < CHUNK:
        return
    block = row[0]
    level = CHUNK_LEVEL
    while level + 1 < levels:
        if full & 1 == 0:
            blocks[level, 2] = block
            return
        block = blocks[level, 2] + block
        level += 1
        full >>= 1
        blocks[level, 0] += block
        blocks[level, 1] += block * block


@compiled(error_model="numpy")
def chain(last: float, squared_norm: Floats, lost: Floats, perpendicular: Floats, rows: Floats, values: Floats) -> None:
    """Write one chain's quantities to ``rows`` [5, CHUNK] and the counted ones to ``values``."""
    steps = len(squared_norm)
    rows[0, 0] = last
    copy(squared_norm, rows[0, 1:], steps - 1)
    copy(lost, rows[1], steps)
    turn(rows[0], rows[1], perpendicular, steps, rows[2], rows[3], rows[4])
    if values.shape[0] > 0:
        copy(rows[FIRST_COUNTED], values[0], steps)
    if values.shape[0] > 1:
        copy(rows[SECOND_COUNTED], values[1], steps)
        copy(rows[THIRD_COUNTED], values[2], steps)
        copy(rows[FOURTH_COUNTED], values[3], steps)


@compiled(error_model="numpy")
def measure(
    rows: Floats, begin: int, steps: int, fresh: bool, reference: Floats, sums: Floats, blocks: Floats, full: int
) -> None:
    """Add one chain's ``rows`` from ``begin`` on to its sums and blocks; the rows are lost."""
    for q in range(QUANTITIES):
        measured = rows[q, begin:]
        if fresh:
            reference[q] = measured[0]
        moments(measured, steps - begin, reference[q], sums[q])
    if blocks.shape[0] > 0:
        add_blocks(blocks[0], rows[0, begin:], rows[1], steps - begin, full)
        add_blocks(blocks[1], rows[2, begin:], rows[1], steps - begin, full)


@compiled(nogil=True, error_model="numpy")
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
    """See ``accumulate.advance``."""
    steps = squared_norm.shape[1]
    rows = np.empty((QUANTITIES, CHUNK))
    for n in range(squared_norm.shape[0]):
        chain(last[n], squared_norm[n], lost[n], perpendicular[n], rows, values[n])
        if begin < steps:
            measure(rows, begin, steps, fresh, reference[n], sums[n], blocks[n], full)
        last[n] = squared_norm[n, steps - 1]


@compiled(nogil=True)
def count(
    bits: Integers,
    begin: int,
    end: int,
    replicas: int,
    table: NDArray[np.int32],
    pages: Integers,
    missing: NDArray[np.bool_],
) -> int:
    """See ``accumulate.count``."""
    kinds = bits.shape[1]
    missed = 0
    for task in range(table.shape[0] * kinds):
        configuration, kind = task // kinds, task % kinds
        for n in range(configuration * replicas, (configuration + 1) * replicas):
            for k in range(begin, end):
                place = bits[n, kind, k] >> BIN_SHIFT
                octave = (place >> OCTAVE_BITS) & OCTAVE_MASK
                page = table[configuration, kind, octave]
                if page < 0:
                    missing[configuration, kind, octave] = True
                    missed += 1
                else:
                    pages[page, place & BIN_MASK] += 1
    return missed
