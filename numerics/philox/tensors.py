"""The random numbers as torch operations, on any device: words equal the reference's bit by bit.

Words live in 64-bit integers, since torch has no full arithmetic on unsigned ones; floats are computed
in double precision and rounded to the wanted one at the end.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from numerics.philox.kinds import Entries, Kind, Stream
from numerics.philox.reference import KEY_STEPS, MULTIPLIERS, ROUNDS, blocks_of

LOW = 0xFFFFFFFF


def words(seed: int, chains: Tensor, step: int, stream: int, blocks: int) -> Tensor:
    """The words [len(chains), blocks, 4] of the chains' blocks at one step, as 64-bit integers on their device."""
    chains = chains.to(torch.int64)
    c0, c1, c2, c3 = (
        torch.arange(blocks, device=chains.device).expand(len(chains), blocks),
        torch.tensor(step, device=chains.device),
        chains[:, None],
        torch.tensor(stream, device=chains.device),
    )
    k0, k1 = seed & LOW, seed >> 32
    for _ in range(ROUNDS):
        # The product wraps around in signed 64 bits, and its bits are those of the unsigned one.
        first, second = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c2 = (second >> 32 & LOW) ^ c1 ^ k0, (first >> 32 & LOW) ^ c3 ^ k1
        c1, c3 = second & LOW, first & LOW
        k0, k1 = k0 + KEY_STEPS[0] & LOW, k1 + KEY_STEPS[1] & LOW
    return torch.stack(torch.broadcast_tensors(c0, c1, c2, c3), dim=-1)


def _arranged(values: Tensor, dim: int) -> Tensor:
    """[chains, blocks, 4] as entries [chains, dim]."""
    return values.mT.flatten(1)[:, :dim]


def _uniforms(x: Tensor, bits: int = 32) -> Tensor:
    """(x + 1/2)/2^bits in double precision."""
    return (x.double() + 0.5) / 2**bits


def _normals(w: Tensor, dim: int) -> Tensor:
    """Standard normals [chains, dim] from words [chains, blocks, 4]."""
    x, y = w[..., 0::2], w[..., 1::2]
    radius = (-2 * _uniforms(x).log()).sqrt()
    radius = torch.where(y >> 30 & 1 == 1, -radius, radius)
    # The lower 30 bits as a signed number in units of 4.
    angle = ((y << 2 & LOW ^ 1 << 31) - (1 << 31)).double() * (math.pi / 2**33)
    turned, cosine, sine = y >> 31 == 1, angle.cos(), angle.sin()
    pair = radius * torch.where(turned, sine, cosine), radius * torch.where(turned, -cosine, sine)
    return _arranged(torch.stack(pair, dim=-1).flatten(-2), dim)


def entries(law: Entries, seed: int, chains: Tensor, step: int, stream: int, dim: int, dtype: torch.dtype) -> Tensor:
    """Entries [len(chains), dim] of a law, on the device of ``chains``."""

    def drawn(stream: int) -> Tensor:
        return words(seed, chains, step, stream, blocks_of(dim))

    if law.kind == Kind.LAPLACE:
        w = _arranged(drawn(stream), dim)
        size = -_uniforms(w & 0x7FFFFFFF, 31).log() / math.sqrt(2)
        return torch.where(w >> 31 == 1, -size, size).to(dtype)
    z = _normals(drawn(stream), dim)
    if law.kind == Kind.MIXTURE:
        share, large, small = law.parameters
        rare = _uniforms(_arranged(drawn(Stream.MASK), dim)) < share
        z = torch.where(rare, large * z, small * z)
    elif law.kind == Kind.STUDENT:
        freedom = int(law.parameters[0])
        chi = sum(_normals(drawn(Stream.CHI + k), dim).square() for k in range(freedom))
        z = z * ((freedom - 2) / chi) ** 0.5
    return z.to(dtype)
