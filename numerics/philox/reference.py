"""The random numbers by definition, in NumPy: every other form must equal this one.

Philox4x32-10 turns a counter of four 32-bit words under a key of two into four random words. Here the
key is the seed (low word, high word) and the counter (block, step, chain, stream). A vector of ``dim``
entries takes n = ceil(dim/4) blocks: entry i is word i // n of block i % n, and what lies beyond ``dim``
is dropped. Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.philox.kinds import Entries, Kind, Stream

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


def arranged(values: NDArray[Any], dim: int) -> NDArray[Any]:
    """Values [blocks, 4] as entries [dim]: the first of every block, then the second of every block, and so on."""
    return values.T.reshape(-1)[:dim]


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


def uniforms(seed: int, chain: int, step: int, stream: int, dim: int) -> Floats:
    """(x + 1/2)/2^32 for the word x of every entry: [dim]."""
    return (arranged(words(seed, chain, step, stream, blocks_of(dim)), dim) + 0.5) / 2**32


def normals(seed: int, chain: int, step: int, stream: int, dim: int) -> Floats:
    """Standard normals [dim]; words 0 and 1 of a block make one pair, words 2 and 3 the other."""
    w = words(seed, chain, step, stream, blocks_of(dim))
    return arranged(np.stack([*normal_pair(w[:, 0], w[:, 1]), *normal_pair(w[:, 2], w[:, 3])], axis=1), dim)


def laplaces(seed: int, chain: int, step: int, stream: int, dim: int) -> Floats:
    """Laplace entries [dim] of unit mean square: -log(u)/sqrt(2), u from the lower 31 bits, negative by the top bit."""
    w = arranged(words(seed, chain, step, stream, blocks_of(dim)), dim)
    size = -np.log(((w & np.uint32(0x7FFFFFFF)) + 0.5) / 2**31) / np.sqrt(2)
    return np.where(w >> np.uint32(31), -size, size)


def entries(law: Entries, seed: int, chain: int, step: int, stream: int, dim: int) -> Floats:
    """Entries [dim] of a law for one chain and step."""
    if law.kind == Kind.LAPLACE:
        return laplaces(seed, chain, step, stream, dim)
    z = normals(seed, chain, step, stream, dim)
    if law.kind == Kind.MIXTURE:
        share, large, small = law.parameters
        z *= np.where(uniforms(seed, chain, step, Stream.MASK, dim) < share, large, small)
    elif law.kind == Kind.STUDENT:
        freedom = int(law.parameters[0])
        chi = sum(normals(seed, chain, step, Stream.CHI + k, dim) ** 2 for k in range(freedom))
        z *= np.sqrt((freedom - 2) / chi)
    return z
