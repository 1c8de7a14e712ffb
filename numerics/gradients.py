"""Gradient laws: random gradients for a batch of weights [replicas, dim].

``fixed`` and ``sphere`` are the gradients of a scale-invariant loss: orthogonal to w and scaled by 1/|w|.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from numerics.geometry import unit


@dataclass(frozen=True)
class Gradient:
    """A gradient and the mean of its squared coordinates given w, averaged over coordinates: [replicas, 1]."""

    value: Tensor
    mean_square: Tensor


@dataclass(frozen=True)
class GradientLaw:
    """A gradient law: ``draw(w, grad_norm, generator)``; ``least_dim`` is the smallest dimension it lives in."""

    name: str
    scale_invariant: bool
    least_dim: int
    draw: Callable[[Tensor, float, Generator], Gradient]


def _normal(w: Tensor, generator: Generator) -> Tensor:
    return torch.randn(w.shape, generator=generator, device=w.device, dtype=w.dtype)


def _orthogonal(w: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Standard normal in the hyperplane orthogonal to w, and 1/|w|."""
    direction = unit(w)
    noise = _normal(w, generator)
    noise -= direction * (direction * noise).sum(-1, keepdim=True)
    return noise, 1 / torch.linalg.vector_norm(w, dim=-1, keepdim=True)


def _scale_invariant_mean_square(inverse_norm: Tensor, grad_norm: float, dim: int) -> Tensor:
    return (grad_norm * inverse_norm) ** 2 / dim


def fixed(w: Tensor, grad_norm: float, generator: Generator) -> Gradient:
    """Uniform direction orthogonal to w with |g| |w| = grad_norm exactly."""
    noise, inverse_norm = _orthogonal(w, generator)
    value = unit(noise) * (grad_norm * inverse_norm)
    return Gradient(value, _scale_invariant_mean_square(inverse_norm, grad_norm, w.shape[-1]))


def sphere(w: Tensor, grad_norm: float, generator: Generator) -> Gradient:
    """Gaussian orthogonal to w with E|g|^2 |w|^2 = grad_norm^2; its norm is random."""
    noise, inverse_norm = _orthogonal(w, generator)
    value = noise * (grad_norm * inverse_norm / math.sqrt(w.shape[-1] - 1))
    return Gradient(value, _scale_invariant_mean_square(inverse_norm, grad_norm, w.shape[-1]))


def iid(w: Tensor, grad_norm: float, generator: Generator) -> Gradient:
    """Gaussian, independent of w, with E|g|^2 = grad_norm^2."""
    scale = grad_norm / math.sqrt(w.shape[-1])
    return Gradient(_normal(w, generator) * scale, torch.full_like(w[..., :1], scale**2))


def laplace(w: Tensor, grad_norm: float, generator: Generator) -> Gradient:
    """Laplace coordinates (kurtosis 6), independent of each other and of w, with E|g|^2 = grad_norm^2."""
    scale = grad_norm / math.sqrt(w.shape[-1])
    # The difference of two exponentials is Laplace with variance 2.
    rise, fall = (torch.empty_like(w).exponential_(generator=generator) for _ in range(2))
    return Gradient((rise - fall) * (scale / math.sqrt(2)), torch.full_like(w[..., :1], scale**2))


LAWS: dict[str, GradientLaw] = {
    law.name: law
    for law in (
        GradientLaw("fixed", True, 2, fixed),
        GradientLaw("sphere", True, 2, sphere),
        GradientLaw("iid", False, 1, iid),
        GradientLaw("laplace", False, 1, laplace),
    )
}
"""The gradient laws by name."""
