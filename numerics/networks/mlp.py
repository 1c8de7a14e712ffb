"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from numerics.networks.normalisation import EPS, Head, Layer


class MLP(nn.Module):
    """``depth`` hidden layers of ``width`` neurons, relu(N(W x)) each, then the head.

    ``inputs`` is the shape of one input, which is flattened.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        classes: int,
        *,
        width: int = 128,
        depth: int = 2,
        normalisation: str = "batch",
        affine: bool = True,
        eps: float = EPS,
        frozen_head: bool = False,
        head_scale: float = 1.0,
    ) -> None:
        super().__init__()
        sizes = [math.prod(inputs), *[width] * depth]
        self.layers = nn.ModuleList(
            Layer(before, after, normalisation, affine=affine, eps=eps) for before, after in pairwise(sizes)
        )
        self.head = Head(sizes[-1], classes, frozen=frozen_head, scale=head_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [batch, classes] of x [batch, *inputs]."""
        x = x.flatten(1)
        for layer in self.layers:
            x = functional.relu(layer(x))
        return self.head(x)
