"""What an optimizer's weight_decay means: for torch.optim's classes, ours, others that say it, and wrappers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.lion_a import LionAR, turns
from numerics.optimizers.wrapper import Wrapper

CONVENTIONS = ("coupled", "decoupled", "independent", "corrected", "none")
UNKNOWN = "unknown"
FLAGGED: tuple[type[Optimizer], ...] = (torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RAdam)
"""Classes whose groups say decoupled_weight_decay."""
COUPLED: tuple[type[Optimizer], ...] = (
    torch.optim.SGD,
    torch.optim.ASGD,
    torch.optim.Adamax,
    torch.optim.RMSprop,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
)
DECOUPLED: tuple[type[Optimizer], ...] = (torch.optim.Adafactor, torch.optim.Muon)
WITHOUT: tuple[type[Optimizer], ...] = (torch.optim.LBFGS, torch.optim.Rprop, torch.optim.SparseAdam)


def decay_convention(optimizer: Optimizer, group: dict[str, Any], p: Tensor) -> str:
    """How ``weight_decay`` acts on a parameter of a group of this optimizer.

    ``coupled`` (wd w is added to the gradient, or stands inside the rule), ``decoupled`` (w is multiplied by
    1 - lr wd), ``independent`` (by 1 - wd), ``corrected`` (by 1 - lr wd lr/lr_max), ``none`` (not at all, as where the
    norm is held by projection), or ``unknown``.

    A class of one's own says it by an attribute ``decay_convention``, and a param group of it by ``decay``. Subclasses
    of torch.optim's may mean anything, and are unknown unless they say it.
    """
    if isinstance(optimizer, Wrapper):
        if optimizer.without_decay and optimizer.controls(group, p):
            return "none"
        return decay_convention(optimizer.base, group, p)
    if isinstance(optimizer, LionAR) and turns(group, p):
        return "none"
    declared = getattr(optimizer, "decay_convention", None)
    if declared is not None:
        found = group.get("decay") or declared
        return found if found in CONVENTIONS else UNKNOWN
    cls = type(optimizer)
    if cls in FLAGGED:
        return "decoupled" if group.get("decoupled_weight_decay", cls is torch.optim.AdamW) else "coupled"
    known = {"coupled": COUPLED, "decoupled": DECOUPLED, "none": WITHOUT}
    return next((name for name, classes in known.items() if cls in classes), UNKNOWN)
