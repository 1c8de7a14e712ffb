"""Layers with their normalisation: the one place where scale invariance is made.

``normalisation`` of a layer W with ``rows`` outputs, x -> N(W x), and the blocks of W that it makes invariant:

- "batch"               each row (neuron, channel), in training mode
- "standardised layer"  each row: weight standardisation, then layer normalisation
- "standardised group"  each row: weight standardisation, then group normalisation
- "layer"               the whole tensor, not its rows
- "group"               the rows of each group of channels, not single rows
- "none"                nothing: the scale-sensitive twin, of the same shapes

There is no bias before a normalisation: it would have to be scaled with the weights. Gain and bias after it are its
``affine`` parameters, which are sensitive to their scale.

The eps of a normalisation breaks the invariance: the radial part of the gradient is eps / (variance + eps) of what it
would be without. EPS = 1e-12 keeps that below the rounding of float32 as long as outputs have a standard deviation
above 4e-3, and in float64 at 1e-12 where their variance is 1; an output without variance is then 0 and not nan.
Weight standardisation has no eps but a least norm, above which it is exact.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import Parameter, functional

from numerics.errors import BadTraining
from numerics.networks.grouping import Grouping

EPS = 1e-12
NORMALISATIONS = ("batch", "standardised layer", "standardised group", "layer", "group", "none")
MOST_GROUPS, LEAST_CHANNELS = 32, 8
"""Groups of a group normalisation, and channels in one: two numbers, normalised, are +-1 and have no gradient."""


def standardised(weight: Tensor) -> Tensor:
    """Weight standardisation (Qiao et al., 2019): every row less its mean, over its norm. Rows are axis 0.

    Rows have norm 1 here, not standard deviation 1 (the convention of Brock et al., 2021); what is normalised
    afterwards does not see this factor sqrt(entries of a row). A row of equal entries becomes 0.
    """
    rows = weight.flatten(1)
    return functional.normalize(rows - rows.mean(1, keepdim=True), dim=1, eps=1e-30).view_as(weight)


def groups_of(channels: int) -> int:
    """How many groups a group normalisation of these channels has: as many as divide them within the limits, or 1."""
    most = max(1, min(MOST_GROUPS, channels // LEAST_CHANNELS))
    return max(number for number in range(1, most + 1) if channels % number == 0)


class Layer(nn.Module):
    """A linear map or convolution without bias, and its normalisation.

    ``weight`` is [rows, inputs] or [rows, channels, height, width]; ``kernel`` None is a linear map. Weights are drawn
    with standard deviation sqrt(gain / inputs of a row) (He et al., 2015, at gain 2). Raises BadTraining for an
    unknown normalisation.
    """

    def __init__(
        self,
        inputs: int,
        rows: int,
        normalisation: str,
        *,
        kernel: int | None = None,
        stride: int = 1,
        affine: bool = True,
        eps: float = EPS,
        gain: float = 2.0,
    ) -> None:
        super().__init__()
        if normalisation not in NORMALISATIONS:
            raise BadTraining(f"normalisation = {normalisation} is unknown; known are {', '.join(NORMALISATIONS)}")
        shape = (rows, inputs) if kernel is None else (rows, inputs, kernel, kernel)
        self.weight = Parameter(torch.empty(shape))
        self.kernel, self.stride, self.gain = kernel, stride, gain
        self.standardise = normalisation.startswith("standardised")
        self.norm, self.grouping = _norm(normalisation, rows, kernel, affine, eps)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised outputs of x, [batch, inputs] or [batch, inputs, height, width]."""
        weight = standardised(self.weight) if self.standardise else self.weight
        if self.kernel is None:
            return self.norm(functional.linear(x, weight))
        return self.norm(functional.conv2d(x, weight, stride=self.stride, padding=self.kernel // 2))

    def draw(self, generator: Generator) -> None:
        """Draw the weights, in float64, so that they are the same numbers in every precision."""
        normal(self.weight, math.sqrt(self.gain / self.weight[0].numel()), generator)


def _norm(
    normalisation: str, rows: int, kernel: int | None, affine: bool, eps: float
) -> tuple[nn.Module, Grouping | None]:
    if normalisation == "none":
        return nn.Identity(), None
    neurons = Grouping(rows, "neuron")
    if normalisation == "batch":
        batch = nn.BatchNorm1d if kernel is None else nn.BatchNorm2d
        return batch(rows, eps=eps, affine=affine), neurons
    groups = groups_of(rows) if normalisation.endswith("group") else 1
    norm = nn.GroupNorm(groups, rows, eps=eps, affine=affine)
    if normalisation.startswith("standardised"):
        return norm, neurons
    return norm, Grouping(groups, "channels" if groups > 1 else "tensor")


class Head(nn.Module):
    """The last layer, x -> W x + b: sensitive to its scale, or ``frozen`` (Kodryan et al., 2022), which is not trained.

    Weights have standard deviation scale / sqrt(inputs), biases start at 0; a frozen head with a larger scale can
    still fit what it is shown, as the features before it are normalised.
    """

    def __init__(self, inputs: int, classes: int, *, frozen: bool = False, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.weight = Parameter(torch.empty(classes, inputs), requires_grad=not frozen)
        self.bias = Parameter(torch.zeros(classes), requires_grad=not frozen)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [.., classes]."""
        return functional.linear(x, self.weight, self.bias)

    def draw(self, generator: Generator) -> None:
        """Draw the weights."""
        normal(self.weight, self.scale / math.sqrt(self.weight.shape[1]), generator)


def normal(weight: Parameter, deviation: float, generator: Generator) -> None:
    """Fill with normal numbers of this standard deviation, drawn in float64."""
    with torch.no_grad():
        weight.copy_(deviation * torch.randn(weight.shape, generator=generator, dtype=torch.float64))
