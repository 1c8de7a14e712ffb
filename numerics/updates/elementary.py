"""The few functions that a rule may use, on tensors and on numbers."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor

Value = TypeVar("Value", Tensor, float)


def sqrt(x: Value) -> Value:
    """The root."""
    return x.sqrt() if isinstance(x, Tensor) else math.sqrt(x)


def sign(x: Value) -> Value:
    """-1, 0 or 1."""
    return torch.sign(x) if isinstance(x, Tensor) else float((x > 0) - (x < 0))


def nonzero(x: Value) -> Value:
    """x, or 1 where x is 0: a divisor of what is zero with it."""
    return torch.where(x == 0, 1.0, x) if isinstance(x, Tensor) else x or 1.0
