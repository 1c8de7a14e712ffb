"""Parts of a tensor that keep a norm of their own: the whole, its neurons, or equal blocks of rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from numerics.optimizers.base import describe
from numerics.optimizers.options import BadOptimizer


def blocks_of(tensor: Tensor, grouping: Any) -> Tensor:
    """A view of the tensor, of any strides, as [blocks, rows, ..]; ``within`` are the axes behind the first.

    ``grouping`` is "tensor", "neuron" (each row of the first axis), a number of equal blocks of consecutive rows, or
    anything with such a number as ``groups``, like ``numerics.networks.Grouping``. Raises BadOptimizer for any other.
    """
    number = getattr(grouping, "groups", grouping)
    if number == "tensor":
        number = 1
    elif number == "neuron":
        number = tensor.shape[0] if tensor.ndim else 1
    if not isinstance(number, int) or number < 1:
        raise BadOptimizer(f"grouping = {grouping} is unknown; known are tensor, neuron, a number of blocks")
    if tensor.ndim and tensor.shape[0] % number:
        raise BadOptimizer(f"grouping = {grouping} does not divide the rows of {describe(tensor)}")
    return tensor.view(number, -1, *tensor.shape[1:])


def within(blocks: Tensor) -> tuple[int, ...]:
    """The axes of a block's entries."""
    return tuple(range(1, blocks.ndim))


def block_norms(tensor: Tensor, grouping: Any) -> Tensor:
    """The Euclidean norm of each block, [blocks, 1, ..]."""
    blocks = blocks_of(tensor, grouping)
    return torch.linalg.vector_norm(blocks, dim=within(blocks), keepdim=True)


def nonzero_norms(tensor: Tensor, grouping: Any, label: str) -> Tensor:
    """The norm of each block, [blocks, 1, ..]; raises BadOptimizer where one is zero, since nothing can turn there."""
    found = block_norms(tensor, grouping)
    zero = int((found == 0).sum())
    if zero:
        raise BadOptimizer(
            f"{label} has {zero} of {len(found)} blocks of norm zero, which cannot turn; give it to a group with "
            "rotational=False"
        )
    return found


def label_of(group: dict[str, Any], p: Tensor) -> str:
    """The parameter's name where the group knows it, and its shape and dtype."""
    names = group.get("param_names")
    place = next(i for i, one in enumerate(group["params"]) if one is p)
    return f"{names[place]}, {describe(p)}," if names else f"{describe(p)}, number {place} of its group,"
