"""Trajectories of torch's optimizers on a scale-invariant loss, step by step, for comparing two runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.losses import NormalisedRegression

Loss = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class Path:
    """Weights [steps + 1, replicas, dim] and gradients of the loss [steps, replicas, dim] along a run."""

    weights: Tensor
    gradients: Tensor

    @property
    def directions(self) -> Tensor:
        """Unit vectors w/|w|."""
        return self.weights / torch.linalg.vector_norm(self.weights, dim=-1, keepdim=True)


def follow(
    loss: Loss, start: Tensor, lrs: Sequence[float], optimizer_of: Callable[[Tensor], Optimizer], shrink: float = 0.0
) -> Path:
    """Weights ``start`` [replicas, dim] under a torch optimizer with the learning rate ``lrs[t]`` at step t.

    ``loss(w, t)`` is the loss of step t, summed over replicas. Before each step the weights shrink by
    1 - lr ``shrink``, which is decoupled decay for an optimizer that has none.
    """
    w = start.clone().requires_grad_()
    optimizer = optimizer_of(w)
    weights, gradients = [start.clone()], []
    for t, lr in enumerate(lrs):
        optimizer.param_groups[0]["lr"] = float(lr)
        optimizer.zero_grad()
        loss(w, t).backward()
        assert w.grad is not None
        gradients.append(w.grad.clone())
        with torch.no_grad():
            w.mul_(1 - float(lr) * shrink)
        optimizer.step()
        weights.append(w.detach().clone())
    return Path(torch.stack(weights), torch.stack(gradients))


def sgd(
    wd: float = 0.0, momentum: float = 0.0, dampening: float = 0.0, buffer: Tensor | None = None
) -> Callable[[Tensor], Optimizer]:
    """torch.optim.SGD, its momentum buffer filled before the first step where ``buffer`` is given.

    Without one torch begins with an empty buffer and does not dampen the first step.
    """

    def build(w: Tensor) -> Optimizer:
        optimizer = torch.optim.SGD([w], lr=1.0, momentum=momentum, dampening=dampening, weight_decay=wd)
        if buffer is not None:
            optimizer.state[w]["momentum_buffer"] = buffer.clone()
        return optimizer

    return build


def adamw(
    wd: float = 0.0, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-30
) -> Callable[[Tensor], Optimizer]:
    """torch.optim.AdamW with an eps that does not act."""
    return lambda w: torch.optim.AdamW([w], lr=1.0, betas=betas, eps=eps, weight_decay=wd)


def updates_of(path: Path, optimizer_of: Callable[[Tensor], Optimizer]) -> Tensor:
    """The updates [steps, replicas, dim] that an optimizer without decay makes of a path's gradients at lr 1.

    The step is -update; the weights that the optimizer holds are not those of the path.
    """
    w = torch.zeros_like(path.weights[0]).requires_grad_()
    optimizer = optimizer_of(w)
    found = []
    for gradient in path.gradients:
        before = w.detach().clone()
        w.grad = gradient.clone()
        optimizer.step()
        found.append(before - w.detach())
    return torch.stack(found)


def minibatches(samples: int, dim: int, steps: int, batch: int, generator: torch.Generator) -> Loss:
    """``NormalisedRegression`` on a random minibatch of its own at each step, the same for every run."""
    whole = NormalisedRegression.random(samples, dim, generator)
    chosen = torch.randint(0, samples, (steps, batch), generator=generator)
    return lambda w, t: whole(w, chosen[t])


def alignment_loss(target: Tensor, noise: Callable[[Tensor, int], Tensor] | None = None) -> Loss:
    """1 - <w/|w|, e> for e = ``target`` [dim], plus <w/|w|, xi> with the fixed vector xi = ``noise(w, t)``."""

    def loss(w: Tensor, t: int) -> Tensor:
        direction = w / torch.linalg.vector_norm(w, dim=-1, keepdim=True)
        value = (1 - direction @ target).sum()
        return value if noise is None else value + (direction * noise(w.detach(), t)).sum()

    return loss


def noise_across(target: Tensor, length: float, generator: torch.Generator) -> Callable[[Tensor, int], Tensor]:
    """Vectors of one length, uniformly random among those orthogonal to w and to ``target``."""

    def draw(w: Tensor, t: int) -> Tensor:
        noise = torch.randn(w.shape, generator=generator, dtype=w.dtype)
        along = w - (w @ target)[..., None] * target
        for direction in (target.expand_as(w), along / torch.linalg.vector_norm(along, dim=-1, keepdim=True)):
            noise = noise - direction * (noise * direction).sum(-1, keepdim=True)
        return length * noise / torch.linalg.vector_norm(noise, dim=-1, keepdim=True)

    return draw
