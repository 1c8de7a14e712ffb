"""Over which parts of a tensor a network's function does not see the scale."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from numerics.errors import BadTraining


@dataclass(frozen=True)
class Grouping:
    """A tensor in ``groups`` equal blocks of consecutive rows (of its first axis), each invariant by itself.

    f(.., c_k W_k, ..) = f(.., W_k, ..) for every block W_k and every c_k > 0, so that <dL/dW_k, W_k> = 0.
    ``unit`` says what a block is: "tensor", "neuron" (one row, a convolution's output channel), "head" (the rows of
    one attention head), "channels" (the rows of one group of a group normalisation), "token" (a row of an embedding).
    """

    groups: int
    unit: str

    def blocks(self, tensor: Tensor) -> Tensor:
        """The tensor as [groups, entries], a view where it is contiguous; BadTraining where its rows do not divide."""
        if tensor.shape[0] % self.groups:
            raise BadTraining(f"groups = {self.groups} does not divide the {tensor.shape[0]} rows of the tensor")
        return tensor.reshape(self.groups, -1)


def scale_invariant(model: nn.Module) -> dict[str, Grouping]:
    """Which parameters' scale the model's function does not depend on, by name, and over which blocks.

    What is not named is sensitive to its scale, or not known to be insensitive. It is asked of every module: one with
    an attribute ``grouping`` (a Grouping, or None) makes the claim for its ``weight``. With a batch normalisation
    the claim holds in training mode alone: in evaluation the statistics of the running averages stay as they are.
    """
    found = {}
    for place, module in model.named_modules():
        grouping = getattr(module, "grouping", None)
        if isinstance(grouping, Grouping):
            found[f"{place}.weight" if place else "weight"] = grouping
    return found
