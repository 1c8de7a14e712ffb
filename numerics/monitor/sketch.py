"""A random projection that keeps inner products on average, at one multiplication and one addition an entry."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.seeding import generator

DIMENSION = 1028
"""4 x 257: it shares few factors with the widths of layers, so that a row's entries fall into ever other buckets."""
GROUPS = 4


class Sketch:
    """x [size] to y [DIMENSION], y_j = sum of s_i x_i over i = j modulo DIMENSION, with fair random signs s_i.

    E<Sx, Sy> = <x, y>, and Var<Sx, Sy> = sum over i != i' in one bucket of x_i^2 y_i'^2 + x_i y_i x_i' y_i', which is
    (|x|^2 |y|^2 + <x, y>^2)/DIMENSION where the energy is spread evenly over the buckets. The signs are a function of
    the seed, the stream and the size alone.
    """

    def __init__(self, size: int, seed: int, stream: int, device: torch.device | None = None) -> None:
        drawn = torch.randint(0, 2, (size,), generator=generator(seed, stream), dtype=torch.int8)
        self.signs = (2 * drawn - 1).to(device)
        self.whole = size // DIMENSION * DIMENSION

    def __call__(self, x: Tensor) -> Tensor:
        """The projection of a flat tensor [size]."""
        signed = x * self.signs
        found = signed[: self.whole].view(-1, DIMENSION).sum(0)
        rest = signed[self.whole :]
        found[: len(rest)] += rest
        return found
