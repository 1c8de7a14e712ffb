"""What an optimizer means by weight decay: how much of w a step takes off, and whether anything stands in between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.optim import Optimizer

from numerics.monitor.errors import BadMonitor

CONVENTIONS = ("decoupled", "coupled", "independent", "corrected")
UNKNOWN = "unknown"
FLAGGED = ("Adam", "AdamW", "NAdam", "RAdam")
"""Classes of torch.optim whose groups say decoupled_weight_decay."""
COUPLED = ("Adadelta", "Adagrad", "Adamax", "ASGD", "RMSprop", "SGD")
DECOUPLED = ("Adafactor", "Muon")
WITHOUT = ("LBFGS", "Rprop", "SparseAdam")


def convention(optimizer: Optimizer, group: Mapping[str, Any], told: str | None = None) -> str:
    """One of CONVENTIONS, or UNKNOWN: as told, else as the class or its param group says, else as torch documents.

    A class of one's own says it by an attribute ``decay_convention``, a param group by ``decay``.
    """
    if told is not None:
        if told not in CONVENTIONS:
            raise BadMonitor(f"decay = {told} is unknown; known are {', '.join(CONVENTIONS)}")
        return told
    declared = getattr(optimizer, "decay_convention", None)
    if declared is not None:
        found = group.get("decay") or declared
        return found if found in CONVENTIONS else UNKNOWN
    name = type(optimizer).__name__
    if type(optimizer) is not getattr(torch.optim, name, None):
        return UNKNOWN
    if name in FLAGGED:
        return "decoupled" if group.get("decoupled_weight_decay", name == "AdamW") else "coupled"
    if name in DECOUPLED or name in WITHOUT:
        return "decoupled"
    return "coupled" if name in COUPLED else UNKNOWN


def gain(optimizer: Optimizer, group: Mapping[str, Any], found: str) -> float:
    """What the optimizer makes in the long run of lr wd w, or 0 where that is not linear or not known.

    1 for decay that acts on w; (1 - dampening)/(1 - momentum) for torch's SGD, whose momentum filters g + wd w.
    """
    if found == UNKNOWN:
        return 0.0
    if found != "coupled":
        return 1.0
    if type(optimizer) is not torch.optim.SGD:
        return 0.0
    momentum, dampening = float(group.get("momentum", 0.0)), float(group.get("dampening", 0.0))
    return (1 - dampening) / (1 - momentum) if momentum else 1.0


def share(group: Mapping[str, Any], found: str) -> float:
    """The share of w that the group's decay stands for in this step, before the gain."""
    lr, wd = float(group["lr"]), float(group.get("weight_decay", 0.0) or 0.0)
    if found == "independent":
        return wd
    if found == "corrected":
        largest = group.get("lr_max")
        return lr * wd * lr / float(largest) if largest else math.nan
    return 0.0 if found == UNKNOWN else lr * wd
