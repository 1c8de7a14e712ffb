"""What folded chains do at every step: a few numbers of noise in place of the whole, and the gradient that it makes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from numerics.compilation import compiled
from numerics.engines.steps import COMPILED, GRAD_NORM, GROUP, NORMALISED, ORTHOGONAL, nonzero
from numerics.philox.compiled import normal_pair32, philox4x32, uniform, widest
from numerics.philox.kinds import Stream

LENGTH, INVERSE, SQUARE, INSIDE, ACROSS, SCALE, GRADIENT, MEAN, FACTOR, LOST, TURNED, CONSTANTS = range(12)
"""Where a folded chain's numbers stand in the array of its group, those of its rule last: loops over one array
vectorise without asking whether arrays overlap."""

FIRST, SECOND, REST, TRIED, CHANCE, DRAWN = range(6)
"""Where its noise stands: along w, across, the length of the rest; and of the rest's first try a normal and a uniform.
"""

PLACE, STEP, STREAM = range(3)
"""Of a rest that the first try left open: step * GROUP + lane among those drawn at once, its step and its stream."""

FOLD = int(Stream.FOLD)

SIDE_BY_SIDE = 16
"""Second tries that are made at once."""


@compiled(**COMPILED)
def gradient_folded(law: Any, dim: int, z: Any, of: Any, asked: bool) -> None:
    """The scale of each folded chain's gradient z scale, and if ``asked`` its norm and the mean square given w.

    As ``gradient_of``, from noise that has nothing along w if orthogonal.
    """
    widest()
    orthogonal, normalised = law[ORTHOGONAL] != 0.0, law[NORMALISED] != 0.0
    length = law[GRAD_NORM]
    if not normalised:
        length /= math.sqrt(dim - 1.0 if orthogonal else float(dim))
    for lane in range(GROUP):
        of[SCALE, lane] = length * of[FACTOR, lane] * (of[INVERSE, lane] if orthogonal else 1.0)
    if not normalised and not asked:
        return
    for lane in range(GROUP):
        along, across, rest = np.float64(z[FIRST, lane]), np.float64(z[SECOND, lane]), np.float64(z[REST, lane])
        whole = math.sqrt(along * along + (across * across + rest * rest))
        scale = of[SCALE, lane] / nonzero(whole) if normalised else of[SCALE, lane]
        size = law[GRAD_NORM] * (of[INVERSE, lane] if orthogonal else 1.0)
        of[SCALE, lane], of[GRADIENT, lane], of[MEAN, lane] = scale, scale * whole, size * size / dim


@njit(inline="always")
def seen_folded(z: Any, of: Any, lane: int, decay: float) -> Any:
    """``seen`` of a folded chain."""
    along = np.float64(z[FIRST, lane]) * of[SCALE, lane] + decay * of[LENGTH, lane]
    across, rest = np.float64(z[SECOND, lane]) * of[SCALE, lane], np.float64(z[REST, lane]) * of[SCALE, lane]
    return along * along + (across * across + rest * rest)


@njit(inline="always")
def passes(x: Any, u: Any, d: Any, c: Any) -> Any:
    """Whether u < exp(-d h) for h = v^3 - 1 - 3 log v - 9 y^2/2, v = 1 + y, y = c x: mostly by bounds, without logs.

    For y >= 0 h lies between 3 y^4/4 - 3 y^5/5 and 3 y^4/4, below 0 between that and 3 y^4/(4 v); exp(-t) lies between
    1 - t and 1 - t + t^2/2.
    """
    y = c * x
    v, quartic = 1.0 + y, 0.75 * d * (y * y) * (y * y)
    least = quartic * (1.0 - 0.8 * max(y, 0.0))
    if v <= 0.0 or u > 1.0 - least + 0.5 * least * least:
        return False
    if u < 1.0 - quartic / min(v, 1.0):
        return True
    return math.log(u) < 0.5 * x * x + d * (1.0 - v * v * v + 3.0 * math.log(v))


@njit(inline="always")
def attempt(block: Any, step: Any, stream: Any, low: Any, high: Any) -> Any:
    """A normal and a uniform of a further try."""
    w0, w1, w2, _ = philox4x32(block, step, stream, np.uint32(FOLD), low, high)
    return normal_pair32(w0, w1)[0], np.float32(uniform(w2))


@njit(inline="always")
def clearly(u: Any, y: Any, d: Any) -> Any:
    """Whether a try passes by the bound alone, in single precision."""
    v = np.float32(1.0) + y
    most = np.float32(0.75) * d * (y * y) * (y * y) / max(min(v, np.float32(1.0)), np.float32(1e-9))
    return u < np.float32(1.0) - most


@njit(inline="always")
def length(v: Any, root: Any) -> Any:
    """The root of 2 d v^3, with ``root`` that of 2 d."""
    return root * (v * np.float32(math.sqrt(v)))


@compiled(**COMPILED)
def collect(z: Any, step: int, at: Any, found: int, more: int) -> None:
    """Append the ``more`` lanes of a step without a rest to the ``found`` places that ``at`` holds, and mark them."""
    widest()
    for j in range(found, found + more):
        lane = np.int32(GROUP)
        for other in range(GROUP):
            lane = min(lane, np.int32(other) if z[REST, other] < np.float32(0.0) else np.int32(GROUP))
        at[PLACE, j], z[REST, lane] = step * GROUP + lane, np.float32(0.0)


@compiled(**COMPILED)
def second_tries(at: Any, second: Any, count: int, low: Any, high: Any) -> None:
    """Normals and uniforms [2, count] of the tries from block 2."""
    widest()
    for i in range(count):
        second[0, i], second[1, i] = attempt(np.uint32(2), at[STEP, i], at[STREAM, i], low, high)


@compiled(**COMPILED)
def draw_again(
    z: Any, at: Any, second: Any, found: int, streams: Any, d: float, c: Any, step: int, k0: int, k1: int
) -> None:
    """Rests [TILE, DRAWN, GROUP] whose first try the bound leaves open: the exact test, then further tries.

    The second tries of all are made side by side.
    """
    widest()
    narrow, root, low, high = np.float32(d), np.float32(math.sqrt(2.0 * d)), np.uint32(k0), np.uint32(k1)
    for j in range(found):
        at[STEP, j], at[STREAM, j] = step + at[PLACE, j] // GROUP, streams[at[PLACE, j] % GROUP]
    second_tries(at, second, (found + SIDE_BY_SIDE - 1) // SIDE_BY_SIDE * SIDE_BY_SIDE, low, high)
    for j in range(found):
        k, lane, block = at[PLACE, j] // GROUP, at[PLACE, j] % GROUP, np.uint32(1)
        x, u = z[k, TRIED, lane], z[k, CHANCE, lane]
        while not (clearly(u, c * x, narrow) or passes(np.float64(x), np.float64(u), d, np.float64(c))):
            block = np.uint32(block + np.uint32(1))
            if block == 2:
                x, u = second[0, j], second[1, j]
            else:
                x, u = attempt(block, np.uint32(step + k), streams[lane], low, high)
        z[k, REST, lane] = length(np.float32(1.0) + c * x, root)


@compiled(**COMPILED)
def draw_folded(
    z: Any, at: Any, second: Any, streams: Any, dim: int, orthogonal: bool, step: int, count: int, k0: int, k1: int
) -> None:
    """Noise of ``dim`` entries of ``count`` steps as z [TILE, DRAWN, GROUP]: normals along w and across, and the rest.

    The rest is the length of what remains. Its square is chi-square with dim - 2 degrees of freedom (Marsaglia and
    Tsang, 2000), 0 at dim 2; a try that is refused takes the next block. Orthogonal gradients have no use for the
    normal along w. ``at`` [3, TILE * GROUP], whole, and ``second`` [2, TILE * GROUP] are space for further tries.
    """
    widest()
    low, high, fold = np.uint32(k0), np.uint32(k1), np.uint32(FOLD)
    d = 0.5 * dim - 4.0 / 3.0
    narrow, c = np.float32(d), np.float32(1.0 / math.sqrt(9.0 * max(d, 0.1)))
    root, found = np.float32(math.sqrt(2.0 * max(d, 0.0))), 0
    for k in range(count):
        t, row, refused = np.uint32(step + k), z[k], np.float32(0.0)
        if not orthogonal:
            for lane in range(GROUP):
                w0, w1, _, _ = philox4x32(np.uint32(0), t, streams[lane], fold, low, high)
                row[FIRST, lane], _ = normal_pair32(w0, w1)
        if dim <= 3:
            for lane in range(GROUP):
                w0, w1, _, _ = philox4x32(np.uint32(1), t, streams[lane], fold, low, high)
                row[SECOND, lane], x = normal_pair32(w0, w1)
                row[REST, lane] = abs(x) if dim == 3 else np.float32(0.0)
            continue
        for lane in range(GROUP):
            w0, w1, w2, _ = philox4x32(np.uint32(1), t, streams[lane], fold, low, high)
            row[SECOND, lane], x = normal_pair32(w0, w1)
            chance, y = np.float32(uniform(w2)), c * x
            accepted = clearly(chance, y, narrow)
            row[REST, lane] = length(np.float32(1.0) + y, root) if accepted else np.float32(-1.0)
            row[TRIED, lane], row[CHANCE, lane] = x, chance
            refused += np.float32(0.0) if accepted else np.float32(1.0)
        if refused > np.float32(0.0):
            collect(row, k, at, found, int(refused))
            found += int(refused)
    if found > 0:
        draw_again(z, at, second, found, streams, d, c, step, k0, k1)
