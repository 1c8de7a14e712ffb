"""What an optimizer's weight_decay means: for torch.optim's classes, ours, and wrappers of either."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.lion_a import LionAR, turns
from numerics.optimizers.wrapper import Wrapper

DECOUPLED: tuple[type[Optimizer], ...] = (torch.optim.AdamW, torch.optim.Muon)
COUPLED: tuple[type[Optimizer], ...] = (
    torch.optim.SGD,
    torch.optim.ASGD,
    torch.optim.Adam,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
)


def decay_convention(optimizer: Optimizer, group: dict[str, Any], p: Tensor) -> str:
    """How ``weight_decay`` acts on a parameter of a group of this optimizer.

    ``coupled`` (wd w is added to the gradient, or stands inside the rule), ``decoupled`` (w is multiplied by
    1 - lr wd), ``independent`` (by 1 - wd), ``corrected`` (by 1 - lr wd lr/lr_max), ``none`` (not at all: the norm is
    held by projection), or ``unknown``.
    """
    if isinstance(optimizer, Wrapper):
        if optimizer.without_decay and optimizer.controls(group, p):
            return "none"
        return decay_convention(optimizer.base, group, p)
    if isinstance(optimizer, LionAR) and turns(group, p):
        return "none"
    ours = getattr(optimizer, "decay_convention", None)
    if ours is not None:
        return group.get("decay") or ours
    if isinstance(optimizer, DECOUPLED) or group.get("decoupled_weight_decay"):
        return "decoupled"
    return "coupled" if isinstance(optimizer, COUPLED) else "unknown"
