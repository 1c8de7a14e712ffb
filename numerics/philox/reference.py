"""The random numbers by definition, in NumPy: every other form must equal this one.

Philox4x32-10 turns a counter of four 32-bit words under a key of two into four random words. Here the
key is the seed (low word, high word) and the counter (block, step, chain, stream). A vector of ``dim``
entries takes n = ceil(dim/4) blocks: entry i is word i // n of block i % n, and what lies beyond ``dim``
is dropped. Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Floats = NDArray[np.float64]

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
"""The constants of the rounds: the published multipliers, and the fractions of the golden ratio and of sqrt(3)."""

LOW = np.uint64(0xFFFFFFFF)


def philox4x32(counters: NDArray[np.integer], key: tuple[int, int]) -> Words:
    """Ten rounds of Philox4x32 on counters [..., 4] under one key: words [..., 4]."""
    c0, c1, c2, c3 = np.moveaxis(np.asarray(counters, np.uint64), -1, 0)
    k0, k1 = key
    for _ in range(ROUNDS):
        first, second = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c2 = (second >> np.uint64(32)) ^ c1 ^ np.uint64(k0), (first >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = second & LOW, first & LOW
        k0, k1 = (k0 + KEY_STEPS[0]) % 2**32, (k1 + KEY_STEPS[1]) % 2**32
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def blocks_of(dim: int) -> int:
    """How many blocks of four words ``dim`` entries take."""
    return -(-dim // 4)


def words(seed: int, chain: int, step: int, stream: int, blocks: int) -> Words:
    """The words [blocks, 4] of one chain, step and stream."""
    counters = np.empty((blocks, 4), np.uint64)
    counters[:, 0] = np.arange(blocks)
    counters[:, 1:] = step, chain, stream
    return philox4x32(counters, (seed % 2**32, seed >> 32))


def normal_pair(x: Words, y: Words) -> tuple[Floats, Floats]:
    """Two independent standard normals from two words (Box and Muller, 1958).

    The radius is sqrt(-2 log u), u = (x + 1/2)/2^32. Of y the upper two bits choose a quarter turn and
    the other 30 an angle in [-pi/4, pi/4) on a uniform grid.
    """
    radius = np.sqrt(-2 * np.log((x + 0.5) / 2**32))
    angle = (y << np.uint32(2)).view(np.int32) * (np.pi / 2**33)
    sign = np.where(y >> np.uint32(30) & np.uint32(1), -radius, radius)
    turned = y >= np.uint32(1 << 31)
    cosine, sine = np.cos(angle), np.sin(angle)
    return sign * np.where(turned, sine, cosine), sign * np.where(turned, -cosine, sine)


def normals(seed: int, chain: int, step: int, stream: int, dim: int) -> Floats:
    """Standard normal entries [dim]; words 0 and 1 of a block make one pair, words 2 and 3 the other."""
    w = words(seed, chain, step, stream, blocks_of(dim))
    return np.concatenate([*normal_pair(w[:, 0], w[:, 1]), *normal_pair(w[:, 2], w[:, 3])])[:dim]
