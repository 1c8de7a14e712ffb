"""Projected gradient descent on the unit sphere with a fixed learning rate, on any loss of grouped weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from numerics import geometry


@dataclass(frozen=True)
class SphereRun:
    """What a descent recorded.

    ``loss`` [steps, replicas]; ``squared_length`` [steps + 1, replicas, groups] of each group;
    ``angle`` [steps, replicas, groups], by which each group's own direction turned, radians; ``end`` the weights.
    """

    loss: Tensor
    squared_length: Tensor
    angle: Tensor
    end: Tensor

    @property
    def log_secant(self) -> Tensor:
        """-2 log cos(angle) [steps, replicas, groups]."""
        return -2 * torch.log(torch.cos(self.angle))


def toy(curvatures: Sequence[float]) -> Callable[[Tensor], Tensor]:
    """sum_i curvature_i x_i^2/(x_i^2 + y_i^2) of weights [replicas, groups, 2], one value a replica."""
    weight = torch.tensor(curvatures, dtype=torch.float64)

    def loss(theta: Tensor) -> Tensor:
        squares = theta.square()
        return (weight * squares[..., 0] / squares.sum(-1)).sum(-1)

    return loss


def random_sphere(replicas: int, groups: int, size: int, generator: Generator) -> Tensor:
    """Uniformly random points [replicas, groups, size] of the unit sphere."""
    return on_sphere(torch.randn(replicas, groups, size, generator=generator, dtype=torch.float64))


def on_sphere(theta: Tensor) -> Tensor:
    """The weights of each replica scaled to total length one."""
    return theta / theta.flatten(1).norm(dim=1)[:, None, None]


def descend(
    loss: Callable[[Tensor], Tensor],
    start: Tensor,
    lr: float | Tensor,
    steps: int,
    burn_in: int = 0,
    angles: bool = True,
) -> SphereRun:
    """theta <- theta - lr grad, scaled back to the sphere; records the steps after ``burn_in``.

    ``lr`` is one number or one a replica, [replicas, 1, 1].
    """
    theta, values, lengths, turned = start, [], [], []
    for t in range(burn_in + steps):
        variable = theta.clone().requires_grad_()
        value = loss(variable)
        (gradient,) = torch.autograd.grad(value.sum(), variable)
        after = on_sphere(theta - lr * gradient)
        if t >= burn_in:
            values.append(value.detach())
            lengths.append(theta.square().sum(-1))
            if angles:
                turned.append(geometry.angle(theta, after))
        theta = after
    lengths.append(theta.square().sum(-1))
    return SphereRun(
        torch.stack(values), torch.stack(lengths), torch.stack(turned) if turned else torch.empty(0), theta
    )
