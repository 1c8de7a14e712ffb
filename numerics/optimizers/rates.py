"""Angles per step in equilibrium as published, to leading order in lr wd: data, not derived here.

From table 1 of key ``kosson2024rotational``, as its authors' code has them:

    SGD with heavy ball and coupled decay   sqrt(2 lr wd/(1 + momentum))
    AdamW                                   sqrt(2 lr wd (1 - beta1)/(1 + beta1))
    Lion                                    sqrt(pi lr wd ((1 - beta1)^2 + beta1^2 (1 - beta2)/(1 + beta2)))

lr wd is the share of w that decay takes off in a step; where it takes another, that stands for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.optim import Optimizer

from numerics.optimizers.adam import AdamW
from numerics.optimizers.base import decay_share
from numerics.optimizers.options import BadOptimizer
from numerics.optimizers.sign import Lion

Rate = Callable[[Mapping[str, Any]], float]


def sgdm(group: Mapping[str, Any]) -> float:
    """SGD with heavy ball; raises BadOptimizer with Nesterov momentum or dampening, which it does not know."""
    if group["nesterov"] or group["dampening"]:
        raise BadOptimizer("no angle is published for SGD with nesterov or dampening; give angle=")
    return math.sqrt(2 * _decay(group) / (1 + group["momentum"]))


def adamw(group: Mapping[str, Any]) -> float:
    """AdamW."""
    beta1 = group["betas"][0]
    return math.sqrt(2 * _decay(group) * (1 - beta1) / (1 + beta1))


def lion(group: Mapping[str, Any]) -> float:
    """Lion."""
    beta1, beta2 = group["betas"]
    return math.sqrt(math.pi * _decay(group) * ((1 - beta1) ** 2 + beta1**2 * (1 - beta2) / (1 + beta2)))


PUBLISHED: dict[type[Optimizer], Rate] = {
    torch.optim.SGD: sgdm,
    torch.optim.AdamW: adamw,
    AdamW: adamw,
    Lion: lion,
}
"""The angle by the optimizer's class, as a function of a param group's options."""


def published_rate(optimizer: Optimizer) -> Rate:
    """The published angle of an optimizer; raises BadOptimizer where there is none."""
    if type(optimizer) not in PUBLISHED:
        known = ", ".join(dict.fromkeys(cls.__name__ for cls in PUBLISHED))
        raise BadOptimizer(f"no angle is published for {type(optimizer).__name__}, only for {known}; give angle=")
    return PUBLISHED[type(optimizer)]


def _decay(group: Mapping[str, Any]) -> float:
    return decay_share(group, group.get("decay", ""))
