"""Residual networks for small images: ResNet-20 (He et al., 2016, for CIFAR) and ResNet-18 with a 3 x 3 stem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from numerics.errors import BadTraining
from numerics.networks.normalisation import EPS, Head, Layer


class Block(nn.Module):
    """relu(shortcut(x) + scale N(W2 * relu(N(W1 * x)))), with 3 x 3 convolutions, the first of the given stride.

    Where the shape changes the shortcut takes every ``stride``-th pixel, and has zeros for new channels
    (``projected`` False) or is a 1 x 1 convolution with its normalisation.
    """

    def __init__(
        self,
        inputs: int,
        rows: int,
        stride: int,
        normalisation: str,
        *,
        projected: bool,
        scale: float,
        **options: Any,
    ) -> None:
        super().__init__()
        self.first = Layer(inputs, rows, normalisation, kernel=3, stride=stride, **options)
        self.second = Layer(rows, rows, normalisation, kernel=3, **options)
        self.stride, self.more, self.scale = stride, rows - inputs, scale
        changes = stride > 1 or rows != inputs
        self.shortcut: nn.Module | None = None
        if changes and projected:
            self.shortcut = Layer(inputs, rows, normalisation, kernel=1, stride=stride, gain=1.0, **options)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, rows, height / stride, width / stride]."""
        inner = self.second(functional.relu(self.first(x)))
        if self.shortcut is not None:
            x = self.shortcut(x)
        elif self.stride > 1 or self.more:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return functional.relu(x + self.scale * inner)


class ResNet(nn.Module):
    """A 3 x 3 stem, ``stages`` of ``blocks`` blocks whose width doubles and image halves, the mean over pixels, a head.

    ``inputs`` is (channels, height, width); ``width`` that of the first stage. Without a normalisation each branch is
    scaled by 1/sqrt(number of blocks), else the activations would double with every block; nothing else differs.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        classes: int,
        *,
        stages: int,
        blocks: int,
        width: int,
        projected: bool,
        normalisation: str = "batch",
        affine: bool = True,
        eps: float = EPS,
        frozen_head: bool = False,
        head_scale: float = 1.0,
    ) -> None:
        super().__init__()
        if len(inputs) != 3:
            raise BadTraining(f"inputs = {tuple(inputs)} is not channels, height and width, which a ResNet takes")
        scale = 1 / math.sqrt(stages * blocks) if normalisation == "none" else 1.0
        self.stem = Layer(inputs[0], width, normalisation, kernel=3, affine=affine, eps=eps)
        self.blocks = nn.ModuleList()
        before = width
        for stage in range(stages):
            for place in range(blocks):
                after, stride = width << stage, 2 if stage and not place else 1
                self.blocks.append(
                    Block(
                        before, after, stride, normalisation, projected=projected, scale=scale, affine=affine, eps=eps
                    )
                )
                before = after
        self.head = Head(before, classes, frozen=frozen_head, scale=head_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [batch, classes] of x [batch, channels, height, width]."""
        x = functional.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


def resnet20(inputs: Sequence[int], classes: int, *, width: int = 16, **options: Any) -> ResNet:
    """Three stages of three blocks, shortcuts without parameters: 20 layers with weights, 0.27 M at width 16."""
    return ResNet(inputs, classes, stages=3, blocks=3, width=width, projected=False, **options)


def resnet18(inputs: Sequence[int], classes: int, *, width: int = 64, **options: Any) -> ResNet:
    """Four stages of two blocks, shortcuts with 1 x 1 convolutions: 11.2 M weights at width 64."""
    return ResNet(inputs, classes, stages=4, blocks=2, width=width, projected=True, **options)
