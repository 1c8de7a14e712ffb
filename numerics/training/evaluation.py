"""How good a network is on examples that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from numerics.data import Dataset


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy in nats and share of right answers, over ``targets`` targets (every byte of a text is one)."""

    loss: float
    accuracy: float
    targets: int


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of logits [.., classes] with targets [..]."""
    return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def evaluate(model: nn.Module, data: Dataset, *, size: int = 256, most: int | None = 4096) -> Evaluation:
    """On the validation examples, at most ``most`` of them (None: all), in evaluation mode; the mode is put back."""
    device = next(model.parameters()).device
    dtype = next(model.parameters()).dtype
    was_training = model.training
    model.eval()
    loss, right, number = 0.0, 0, 0
    try:
        with torch.no_grad():
            for inputs, targets in data.held_out(size, most):
                outputs, targets = model(fitting(inputs, device, dtype)), targets.to(device)
                loss += float(cross_entropy(outputs.double(), targets)) * targets.numel()
                right += int((outputs.argmax(-1) == targets).sum())
                number += targets.numel()
    finally:
        model.train(was_training)
    return Evaluation(loss / number, right / number, number)


def fitting(inputs: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Inputs in the precision of the weights; whole numbers, which are indices, stay what they are."""
    return inputs.to(device, dtype) if inputs.is_floating_point() else inputs.to(device)
