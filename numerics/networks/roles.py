"""Which parameters decay, and which are hidden matrices: what optimizers are told about a model's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn import Parameter

from numerics.networks.gpt import Embedding
from numerics.networks.normalisation import Head


@dataclass(frozen=True)
class Roles:
    """A model's trained parameters by name, each in one of three: together they are all that is not frozen.

    ``hidden`` are weights of two axes or more (convolutions too) that are neither embedding nor head: what Muon is
    for. ``outer`` are the other weights of two axes or more. ``vectors`` are gains and biases, which do not decay.
    """

    hidden: dict[str, Parameter]
    outer: dict[str, Parameter]
    vectors: dict[str, Parameter]


def roles(model: nn.Module) -> Roles:
    """The roles of a model's trained parameters.

    Embeddings are modules of numerics' or torch's class of that name; the head is numerics' own, or in another model
    the last torch.nn.Linear.
    """
    modules = dict(model.named_modules())
    linear = [place for place, module in modules.items() if isinstance(module, nn.Linear)]
    ends = {place for place, module in modules.items() if isinstance(module, Head | Embedding | nn.Embedding)}
    if not any(isinstance(module, Head) for module in modules.values()):
        ends |= set(linear[-1:])
    found = Roles({}, {}, {})
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            outer = found.outer if name.rpartition(".")[0] in ends else found.hidden
            (outer if parameter.ndim > 1 else found.vectors)[name] = parameter
    return found


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups for torch.optim: all weights with this decay, gains and biases without; none is empty."""
    found = roles(model)
    groups = [
        {"params": [*found.hidden.values(), *found.outer.values()], "weight_decay": weight_decay},
        {"params": [*found.vectors.values()], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
