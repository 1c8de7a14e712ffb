"""Entries with torch's own random numbers."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from numerics.philox.kinds import Entries, Kind


def draw_entries(entries: Entries, like: Tensor, generator: Generator) -> Tensor:
    """Independent entries in the shape of a tensor, with torch's own random numbers."""

    def drawn(sample: object) -> Tensor:
        return sample(like.shape, generator=generator, device=like.device, dtype=like.dtype)  # type: ignore[operator]

    if entries.kind is Kind.LAPLACE:
        centred = drawn(torch.rand) - 0.5
        return -torch.sign(centred) * torch.log1p(-2 * centred.abs()) / math.sqrt(2)
    if entries.kind is Kind.MIXTURE:
        share, large, small = entries.parameters
        scales = torch.where(drawn(torch.rand) < share, like.new_tensor(large), like.new_tensor(small))
        return scales * drawn(torch.randn)
    if entries.kind is Kind.STUDENT:
        (freedom,) = entries.parameters
        squares = sum(drawn(torch.randn).square() for _ in range(int(freedom)))
        return drawn(torch.randn) * ((freedom - 2) / squares) ** 0.5
    return drawn(torch.randn)
