"""How much of w a step's weight decay takes off, as far as the optimizer's rule lets it be told."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.monitor.errors import BadMonitor
from numerics.optimizers.conventions import UNKNOWN, decay_convention
from numerics.optimizers.options import CHOICES
from numerics.optimizers.representation import RepresentationCompensated
from numerics.optimizers.wrapper import Wrapper

TOLD = ("coupled", *CHOICES["decay"])
"""What a user may say of an optimizer that is not known."""


def convention(optimizer: Optimizer, group: dict[str, Any], p: Tensor, told: str | None = None) -> str:
    """As told, else as ``numerics.optimizers.decay_convention`` has it; BadMonitor for what nobody can mean."""
    if told is None:
        return decay_convention(optimizer, group, p)
    if told not in TOLD:
        raise BadMonitor(f"decay = {told} is unknown; known are {', '.join(TOLD)}")
    return told


def gain(optimizer: Optimizer, group: dict[str, Any], found: str) -> float:
    """What the optimizer makes in the long run of lr wd w, or 0 where that is nothing, not linear or not known.

    1 for decay that acts on w; (1 - dampening)/(1 - momentum) for torch's SGD, whose momentum filters g + wd w.
    """
    while isinstance(optimizer, Wrapper):
        if isinstance(optimizer, RepresentationCompensated):  # it takes another part of the decay in every step
            return 0.0
        optimizer = optimizer.base
    if found in CHOICES["decay"]:
        return 1.0
    if found in ("none", UNKNOWN) or type(optimizer) is not torch.optim.SGD:
        return 0.0
    momentum, dampening = float(group.get("momentum", 0.0)), float(group.get("dampening", 0.0))
    return (1 - dampening) / (1 - momentum) if momentum else 1.0
