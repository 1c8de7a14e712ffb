"""Public optimizers on real losses through autograd, with nothing of numerics or theory in it.

Each loss sees only the direction of w. Inputs are fresh and labels fair coins at every step, so that the gradient is
orthogonal to w with mean zero: noise is all that acts. Replicas are rows of one parameter, which optimizers that go
entry by entry do not see, or parameters of their own.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import Parameter
from torch.nn.functional import cross_entropy, normalize, softplus
from torch.optim import Optimizer

Loss = Callable[[Tensor, Generator], Tensor]
Make = Callable[[Iterable[Parameter]], Optimizer]
REST, SETTLED = 50, 150
BATCH = 8
CLASSES = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)


def inputs(w: Tensor, batch: int, generator: Generator) -> Tensor:
    """Standard normal inputs [replicas, batch, dim], drawn in single precision, which is faster."""
    return torch.randn(len(w), batch, w[0].numel(), generator=generator).to(w.dtype)


def signs(like: Tensor, generator: Generator) -> Tensor:
    """Fair coins of +-1."""
    return 2 * torch.randint(0, 2, like.shape, generator=generator).to(like.dtype) - 1


def logistic(w: Tensor, generator: Generator, batch: int = BATCH) -> Tensor:
    """log(1 + exp(-y <x, w>/|w|)), labels y of +-1: [replicas]."""
    z = torch.einsum("rbd,rd->rb", inputs(w, batch, generator), normalize(w.flatten(1), eps=0))
    return softplus(-signs(z, generator) * z).mean(-1)


def three_classes(w: Tensor, generator: Generator, batch: int = BATCH) -> Tensor:
    """Cross-entropy of three classes whose logits are multiples of <x, w>/|w|: [replicas]."""
    z = torch.einsum("rbd,rd->rb", inputs(w, batch, generator), normalize(w.flatten(1), eps=0))
    labels = torch.randint(0, 3, z.shape, generator=generator)
    return cross_entropy((z[..., None] * CLASSES).flatten(0, 1), labels.flatten(), reduction="none").view_as(z).mean(-1)


def batch_normalised(w: Tensor, generator: Generator, batch: int = BATCH) -> Tensor:
    """Logistic loss of a linear unit <x, w> that is normalised over its batch: [replicas]."""
    z = torch.einsum("rbd,rd->rb", inputs(w, batch, generator), w.flatten(1))
    z = (z - z.mean(-1, keepdim=True)) / z.std(-1, correction=0, keepdim=True)
    return softplus(-signs(z, generator) * z).mean(-1)


def unit_gradients(loss: Loss, shape: tuple[int, ...], samples: int, generator: Generator) -> Tensor:
    """Gradients [samples, *shape] of the loss at random unit weights."""
    drawn = torch.randn(samples, math.prod(shape), generator=generator, dtype=torch.float64)
    w = normalize(drawn).view(samples, *shape).requires_grad_()
    (found,) = torch.autograd.grad(loss(w, generator).sum(), w)
    return found


@dataclass(frozen=True)
class Walk:
    """Averages over the steps after the burn-in [replicas]: |w|^2 before and after a step, and <w, w - w'>."""

    before: np.ndarray
    after: np.ndarray
    lost: np.ndarray


def walk(
    make: Make,
    loss: Loss,
    shape: tuple[int, ...],
    *,
    replicas: int,
    steps: int,
    burn_in: int,
    norm: float,
    generator: Generator,
    apart: bool = False,
    prepare: Callable[[Optimizer, int], None] = lambda optimizer, step: None,
) -> Walk:
    """Steps of the optimizer that ``make`` builds, from random directions of a norm.

    ``apart`` gives every replica a parameter of its own; ``prepare`` is called before each step, counted from 1. For
    the first REST steps lr is 0, so that buffers fill where the weights stand.
    """
    drawn = torch.randn(replicas, math.prod(shape), generator=generator, dtype=torch.float64)
    begin = (norm * normalize(drawn)).view(replicas, *shape)
    parameters = [Parameter(row.clone()) for row in begin] if apart else [Parameter(begin)]
    optimizer = make(parameters)
    rates = [group["lr"] for group in optimizer.param_groups]
    sums = torch.zeros(3, replicas, dtype=torch.float64)

    def weights() -> Tensor:
        return torch.stack(parameters) if apart else parameters[0]

    w = weights().detach().flatten(1).clone()
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss(weights(), generator).sum().backward()
        for group, lr in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = lr if step > REST else 0.0
        prepare(optimizer, step)
        optimizer.step()
        now = weights().detach().flatten(1).clone()
        if step > burn_in:
            sums += torch.stack([(w * w).sum(-1), (now * now).sum(-1), (w * (w - now)).sum(-1)])
        w = now
    return Walk(*(sums / (steps - burn_in)).numpy())


def lengthen(optimizer: Optimizer, step: int) -> None:
    """Give the second moment a memory of 20 steps until the walk has SETTLED, then all steps from there on.

    The optimizer counts as a million steps old, so that the zeros it began with are corrected for no longer.
    """
    kept = 1 - 1 / (min(step, 20) if step <= SETTLED else step - SETTLED + 20)
    for group in optimizer.param_groups:
        group |= {"alpha": kept} if "alpha" in group else {"betas": (group["betas"][0], kept)}
    for state in optimizer.state.values():
        state["step"].fill_(1e6)
