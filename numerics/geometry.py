"""Norms and angles of batches of vectors, by formulas that keep their digits at small angles.

All functions take tensors whose last axis is the coordinate and return one number a vector.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def squared_norm(w: Tensor) -> Tensor:
    """|w|^2."""
    return torch.linalg.vector_norm(w, dim=-1).square()


def unit(w: Tensor) -> Tensor:
    """w / |w|."""
    return w / torch.linalg.vector_norm(w, dim=-1, keepdim=True)


def chord(before: Tensor, after: Tensor) -> Tensor:
    """| unit(after) - unit(before) |."""
    return torch.linalg.vector_norm(unit(after) - unit(before), dim=-1)


def angle(before: Tensor, after: Tensor) -> Tensor:
    """Angle in radians, 2 atan2(|p - q|, |p + q|) of the unit vectors p, q: exact near 0 and near pi."""
    p, q = unit(before), unit(after)
    return 2 * torch.atan2(torch.linalg.vector_norm(p - q, dim=-1), torch.linalg.vector_norm(p + q, dim=-1))


def sine(before: Tensor, after: Tensor) -> Tensor:
    """Sine of the angle, |p - q| |p + q| / 2 of the unit vectors."""
    p, q = unit(before), unit(after)
    return torch.linalg.vector_norm(p - q, dim=-1) * torch.linalg.vector_norm(p + q, dim=-1) / 2


def tangential_ratio(before: Tensor, after: Tensor) -> Tensor:
    """Length of the part of after - before orthogonal to before, over |before|."""
    p = unit(before)
    step = after - before
    tangential = step - p * (p * step).sum(-1, keepdim=True)
    return torch.linalg.vector_norm(tangential, dim=-1) / torch.linalg.vector_norm(before, dim=-1)


def lost_overlap(before: Tensor, after: Tensor) -> Tensor:
    """<before, before - after>: |before|^2 (1 - cos) without cancellation, before averaging."""
    return (before * (before - after)).sum(-1)


def random_weights(
    replicas: int, dim: int, norm: float, generator: Generator, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Uniformly random directions [replicas, dim] of one norm."""
    raw = torch.randn(replicas, dim, generator=generator, device=generator.device, dtype=dtype)
    return norm * unit(raw)
