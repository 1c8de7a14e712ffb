"""What every compiled chain does at every step, whatever its rule: draw the noise, measure it, make it a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

from numerics.compilation import compiled
from numerics.gradients import GradientLaw
from numerics.philox.compiled import fill, fill_normal, normal_pair, philox4x32, widest
from numerics.philox.kinds import Stream

FAST = {"contract", "nsz", "reassoc", "arcp"}
"""Sums may be reordered, the same way in every run: the order depends on the code and the dimension alone."""

COMPILED = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}

BLOCK = 1024
"""Entries that are summed in the precision of the weights; sums of blocks are in double precision."""

LANES = 16
"""Chains that are advanced side by side where there are few entries."""

CANCELS = 0.1
"""The part of |z|^2 below which what remains beside w is summed entry by entry."""

GROUP = 64
"""Folded chains that are advanced side by side."""

TILE = 8
"""Steps of chains side by side that are written at once: a cache line of each chain."""

KIND, PERSISTENCE, SNR, ORTHOGONAL, NORMALISED, SPREAD, GRAD_NORM, PARAMETERS = range(8)
"""Where a gradient law's numbers stand in the array that a kernel takes; the last begin the parameters of the kind."""

NOISE, SIZE = int(Stream.NOISE), int(Stream.SIZE)


def law_numbers(law: GradientLaw, grad_norm: float) -> np.ndarray:
    """A gradient law as that array."""
    found = [law.entries.kind, law.persistence, law.snr, law.orthogonal, law.normalised, law.spread, grad_norm]
    return np.array([*found, *law.entries.parameters, *[0.0] * (3 - len(law.entries.parameters))], dtype=np.float64)


def cast(x: Any, like: Any) -> Any:
    """x in the precision of an array; inside compiled code only."""
    raise NotImplementedError


@overload(cast, inline="always", strict=False)
def _cast(x: Any, like: Any) -> Any:
    if like.dtype == types.float32:
        return lambda x, like: np.float32(x)
    return lambda x, like: np.float64(x)


def _borrowed(context: Any, arrays: Any) -> Any:
    """A tuple of arrays as they are, but that nobody counts references to them and to what is taken from them.

    Each count is an atomic operation, and a step of few entries takes no longer than twenty. Whoever calls the kernel
    holds the arrays meanwhile.
    """

    def uncounted(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (kinds,), found = signature.args, []
        for place, kind in enumerate(kinds):
            array = context.make_array(kind)(context, builder, builder.extract_value(arguments[0], place))
            array.meminfo = context.get_constant_null(types.MemInfoPointer(types.voidptr))
            found.append(array._getvalue())
        return context.make_tuple(builder, kinds, found)

    return arrays(arrays), uncounted


borrowed: Any = intrinsic(_borrowed)


@njit(inline="always")
def nonzero(x: Any) -> Any:
    """x, or 1 where x is 0."""
    return 1.0 if x == 0.0 else x


@compiled(**COMPILED)
def overlap(x: Any, y: Any, dim: int) -> float:
    """<x, y> of the first entries."""
    widest()
    total = 0.0
    for start in range(0, dim, BLOCK):
        count = min(BLOCK, dim - start)
        left, right, part = x[start : start + count], y[start : start + count], cast(0.0, x)
        for i in range(count):
            part += left[i] * right[i]
        total += part
    return total


@compiled(**COMPILED)
def remember(z: Any, memory: Any, law: Any, dim: int) -> None:
    """Replace fresh entries by those of a noise with memory over a constant mean."""
    widest()
    kept, fresh = cast(law[PERSISTENCE], z), cast(math.sqrt(1 - law[PERSISTENCE] ** 2), z)
    mean, scale = cast(math.sqrt(law[SNR]), z), cast(1 / math.sqrt(1 + law[SNR]), z)
    for i in range(dim):
        memory[i] = kept * memory[i] + fresh * z[i]
        z[i] = (mean + memory[i]) * scale


@compiled(forceinline=True, **COMPILED)
def draw(z: Any, memory: Any, law: Any, dim: int, step: int, stream: int, k0: int, k1: int) -> None:
    """The noise of one step, before it is made a gradient."""
    widest()
    fill(z, (dim + 3) // 4, step, stream, NOISE, k0, k1, int(law[KIND]), law[PARAMETERS:])
    if law[PERSISTENCE] != 0.0 or law[SNR] != 0.0:
        remember(z, memory, law, dim)


@compiled(**COMPILED)
def draw_lanes(z: Any, streams: Any, step: int, k0: int, k1: int) -> None:
    """White normal noise of one step [entries, LANES] for a stream in each lane."""
    widest()
    blocks = z.shape[0] // 4
    t, low, high = np.uint32(step), np.uint32(k0), np.uint32(k1)
    for j in range(blocks):
        for lane in range(LANES):
            w0, w1, w2, w3 = philox4x32(np.uint32(j), t, streams[lane], np.uint32(NOISE), low, high)
            z[j, lane], z[blocks + j, lane] = normal_pair(z, w0, w1)
            z[2 * blocks + j, lane], z[3 * blocks + j, lane] = normal_pair(z, w2, w3)


@compiled(**COMPILED)
def measure_lanes(z: Any, w: Any, squares: Any, orthogonal: bool, dots: Any, along: Any, rests: Any) -> None:
    """<z, w> and |z - along w|^2 in each lane; along is <z, w>/|w|^2 for ``orthogonal`` gradients, else 0."""
    widest()
    for lane in range(LANES):
        dots[lane], rests[lane] = 0.0, 0.0
    for i in range(w.shape[0]):
        for lane in range(LANES):
            dots[lane] += z[i, lane] * w[i, lane]
    for lane in range(LANES):
        along[lane] = dots[lane] / squares[lane] if orthogonal else 0.0
    for i in range(w.shape[0]):
        for lane in range(LANES):
            left = z[i, lane] - along[lane] * w[i, lane]
            rests[lane] += left * left


@compiled(**COMPILED)
def gradient_size(law: Any, step: int, stream: int, k0: int, k1: int) -> float:
    """The factor of this step's gradient, log-normal of unit mean square."""
    widest()
    if law[SPREAD] == 0.0:
        return 1.0
    one = np.empty(4)
    fill_normal(one, 1, step, stream, SIZE, k0, k1)
    return math.exp(law[SPREAD] * one[0] - law[SPREAD] ** 2)


@compiled(**COMPILED)
def remaining(z: Any, w: Any, dim: int, noise: float, dot: float, square: float) -> float:
    """|z - along w|^2 for along = <z, w>/|w|^2: as a difference, or entry by entry where that would cancel."""
    widest()
    rest = noise - dot * dot / square
    if rest > CANCELS * noise:
        return rest
    along, rest = cast(dot / square, z), 0.0
    for i in range(dim):
        left = z[i] - along * w[i]
        rest += left * left
    return rest


@njit(inline="always")
def gradient_of(law: Any, dim: Any, square: Any, dot: Any, rest: Any, factor: Any) -> Any:
    """What makes noise a gradient (z - along w) scale, its norm, and the mean square of its entries given w.

    ``square`` = |w|^2, ``dot`` = <z, w>, ``rest`` = |z - along w|^2; noise that is all along w makes no gradient.
    """
    along, size = 0.0, law[GRAD_NORM]
    if law[ORTHOGONAL] != 0.0:
        along, size = dot / square, size / math.sqrt(square)
    scale = size * factor
    if law[NORMALISED] != 0.0:
        scale /= math.sqrt(nonzero(rest))
    elif law[ORTHOGONAL] != 0.0:
        scale /= math.sqrt(dim - 1.0)
    else:
        scale /= math.sqrt(dim)
    return along, scale, scale * math.sqrt(rest), size * size / dim


@compiled(**COMPILED)
def gradient_lanes(
    law: Any,
    dim: int,
    squares: Any,
    dots: Any,
    rests: Any,
    factors: Any,
    along: Any,
    scale: Any,
    norms: Any,
    means: Any,
) -> None:
    """``gradient_of`` in each lane."""
    widest()
    for lane in range(squares.shape[0]):
        a, s, norms[lane], means[lane] = gradient_of(
            law, dim, squares[lane], np.float64(dots[lane]), np.float64(rests[lane]), factors[lane]
        )
        along[lane], scale[lane] = a, s


@compiled(**COMPILED)
def seen(z: Any, w: Any, along: float, scale: float, decay: float, dim: int) -> float:
    """|g + decay w|^2 for g = (z - along w) scale, summed entry by entry: its parts may cancel."""
    widest()
    along_w, scale_g, wd, total = cast(along, z), cast(scale, z), cast(decay, z), 0.0
    for start in range(0, dim, BLOCK):
        part = cast(0.0, z)
        for i in range(start, min(start + BLOCK, dim)):
            g = (z[i] - along_w * w[i]) * scale_g + wd * w[i]
            part += g * g
        total += part
    return total


@njit(inline="always")
def write_eight(column: Any, row: Any) -> None:
    """Copy TILE = 8 numbers that stand apart; a loop would be compiled to a slower gathering load."""
    row[0], row[1], row[2], row[3] = column[0], column[1], column[2], column[3]
    row[4], row[5], row[6], row[7] = column[4], column[5], column[6], column[7]


@compiled(**COMPILED)
def hand_over(tile: Any, place: int, k: int, norms: Any, lost: Any, turned: Any) -> None:
    """Write what step k completes of a tile [3, TILE, lanes] to the rows [chains, steps] of the ``place``-th group."""
    if (k + 1) % TILE and k + 1 < norms.shape[1]:
        return
    first, count, begin = k - k % TILE, k % TILE + 1, place * tile.shape[2]
    for lane in range(min(tile.shape[2], norms.shape[0] - begin)):
        rows = norms[begin + lane, first:], lost[begin + lane, first:], turned[begin + lane, first:]
        if count == TILE:
            write_eight(tile[0, :, lane], rows[0])
            write_eight(tile[1, :, lane], rows[1])
            write_eight(tile[2, :, lane], rows[2])
        else:
            for i in range(count):
                rows[0][i], rows[1][i], rows[2][i] = tile[0, i, lane], tile[1, i, lane], tile[2, i, lane]
