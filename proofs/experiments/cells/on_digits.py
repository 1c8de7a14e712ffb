"""Small batch-norm perceptrons on the digits, in float64, for the experiments on norms and regimes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter, functional
from torch.optim import Optimizer

from numerics import networks
from numerics.data import Dataset, digits
from numerics.networks import scale_invariant

BATCH = 64
EPS = 1e-24
"""Of the normalisation: so small that it breaks no invariance in float64, even of weights a hundred times too small."""
HEAD = 10.0
"""Frobenius norm that a head which is not trained has, about."""


def on_sphere(seed: int, device: str, width: int, depth: int) -> tuple[nn.Module, list[Parameter], Dataset]:
    """A network all of whose trained weights are scale-invariant, those weights, and the data, on the device.

    No gains, and a head that is not trained, with weights large enough to fit the data (Kodryan et al., 2022).
    """
    data = digits()
    model = networks.build(
        "mlp", inputs=data.inputs, classes=data.classes, seed=seed, dtype=torch.float64, width=width, depth=depth,
        affine=False, eps=EPS, frozen_head=True, head_scale=HEAD / data.classes**0.5,
    ).to(device)  # fmt: skip
    known = scale_invariant(model)
    weights = [weight for name, weight in model.named_parameters() if weight.requires_grad and name in known]
    return model, weights, data.to(device)


def squared(weights: Sequence[Tensor]) -> Tensor:
    """Squared norms of the weights [tensors], on the CPU."""
    return torch.stack([weight.detach().square().sum() for weight in weights]).cpu()


def gradient_norms(weights: Sequence[Tensor]) -> Tensor:
    """Norms of the last gradients [tensors], on the CPU."""
    return torch.stack([weight.grad.norm() for weight in weights if weight.grad is not None]).cpu()


def follow(
    model: nn.Module, data: Dataset, optimizer: Optimizer, weights: Sequence[Tensor], lrs: Any, seed: int
) -> dict[str, Tensor]:
    """Steps at the rates ``lrs`` [steps]: loss of each step's batch, and squared norm and gradient norm before it.

    ``loss`` [steps], ``square`` [steps + 1, tensors], ``gradient`` [steps, tensors]. A loss that is no finite number
    ends it; what comes after is NaN.
    """
    steps = len(lrs)
    losses, squares = torch.full((steps,), torch.nan, dtype=torch.float64), []
    gradients = torch.full((steps, len(weights)), torch.nan, dtype=torch.float64)
    for step, lr in enumerate(lrs):
        for group in optimizer.param_groups:
            group["lr"] = float(lr)
        squares.append(squared(weights))
        inputs, targets = data.batch(step, BATCH, seed)
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(inputs.double()), targets)
        if not torch.isfinite(loss):
            break
        loss.backward()
        losses[step], gradients[step] = loss.detach().cpu(), gradient_norms(weights)
        optimizer.step()
    else:
        squares.append(squared(weights))
    squares += [torch.full_like(squares[0], torch.nan)] * (steps + 1 - len(squares))
    return {"loss": losses, "square": torch.stack(squares), "gradient": gradients}


def look(model: nn.Module, data: Dataset) -> dict[str, float]:
    """Loss over all training examples, and loss and accuracy on those held out, with the statistics of each whole set.

    In training mode: averages over past batches would be of other weights where these move fast.
    """
    found = {}
    parts = {"train": data.training.take(torch.arange(len(data))), "held_out": next(data.held_out(len(data)))}
    model.train()
    with torch.no_grad():
        for name, (inputs, targets) in parts.items():
            outputs = model(inputs.double())
            found[f"{name}_loss"] = float(functional.cross_entropy(outputs, targets))
            found[f"{name}_accuracy"] = float((outputs.argmax(-1) == targets).double().mean())
    return found
