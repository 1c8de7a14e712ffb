"""The functions of tensors that a rule's lines may call; compiled engines have functions of their own of these names.

They are the tensors' own methods, so that rules are known without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def sqrt(x: Tensor) -> Tensor:
    """The root of each entry."""
    return x.sqrt()


def sign(x: Tensor) -> Tensor:
    """The sign of each entry, 0 of 0."""
    return x.sign()


def nonzero(x: Tensor) -> Tensor:
    """x, or 1 where x is 0: a divisor of what is zero with it."""
    return x.where(x != 0, 1.0)
