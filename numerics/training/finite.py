"""Which tensor was the first not to be finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics.errors import NotFinite


def not_finite(step: int, what: str, where: str, losses: np.ndarray) -> NotFinite:
    """The error, with the losses recorded until then as its ``losses``."""
    raised = NotFinite(f"{what} at step {step}: {where}")
    raised.losses = losses  # type: ignore[attr-defined]
    return raised


def first_weight(model: nn.Module) -> str | None:
    """The first weight that is not finite, in words, or None."""
    for name, weight in model.named_parameters():
        if not bool(weight.isfinite().all()):
            return f"the weight {name} is not finite"
    return None


def first_tensor(model: nn.Module, inputs: Tensor, again: Callable[[], Tensor]) -> str:
    """The first of weights, inputs and the modules' outputs, in the order of computing, that is not finite.

    ``again`` computes the loss once more, without gradients.
    """
    weight = first_weight(model)
    if weight is not None:
        return weight
    if not bool(inputs.isfinite().all()):
        return "the inputs are not finite"
    found: list[str] = []

    def look(place: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not bool(output.isfinite().all()):
                found.append(place)

        return hook

    hooks = [module.register_forward_hook(look(place)) for place, module in model.named_modules()]
    try:
        with torch.no_grad():
            again()
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        return "all weights and outputs are finite, the loss itself is not"
    return f"the output of {found[0] or 'the model'} is not finite"
