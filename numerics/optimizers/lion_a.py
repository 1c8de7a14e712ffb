"""LionA and LionAR: Lion with an update of controlled size. Our own definitions.

A publication (key ``kosson2024warmup``) describes both in words; its formulas were not seen. LionA makes the update as
large as AdamW's is under white gradients, so that AdamW's lr and weight decay can be used; LionAR turns weights on
their spheres by the angle that AdamW's have in equilibrium. What is chosen here and not known from there: beta is
beta1, norms are of whole tensors, and the options for the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from numerics.optimizers.base import Group, State, below_the_largest, nonzero, norms, wide
from numerics.optimizers.blocks import block_norms, blocks_of, label_of, nonzero_norms
from numerics.optimizers.options import one_of
from numerics.optimizers.sign import Lion

SCHEDULES = ("equilibrium", "linear")


class LionA(Lion):
    """w <- (1 - lr wd) w - lr f_t u with u = sqrt((1 - beta1)/(1 + beta1)) sqrt(C) s/|s|.

    s is Lion's sign of a tensor of C entries, and f_t its factor of bias. |u| is that of AdamW's update with beta1
    under white gradients in equilibrium, at every step: entries whose sign is 0 do not make it smaller. Where all are
    0 there is no update. Our own definition.
    """

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """Signs of fixed norm."""
        signs = self.signs(group, gradients, states)
        level = math.sqrt(of_adamw(group))
        sizes = [level * math.sqrt(s.numel()) / nonzero(n) for s, n in zip(signs, norms(signs), strict=True)]
        return self.biased(group, list(torch._foreach_mul(signs, sizes)), states)


class LionAR(LionA):
    """w <- w - theta n u/|u|, then w <- n w/|w|, with LionA's u and the norm n that w has at the first step.

    theta is, by ``schedule``,

        equilibrium   sqrt(2 lr wd (1 - beta1)/(1 + beta1))                   AdamW's angle in equilibrium
        linear        lr/lr_max sqrt(2 lr_max wd (1 - beta1)/(1 + beta1))     its peak value follows lr

    A step turns w by atan(theta) where u is orthogonal to w, less or more where it is not. There is no decay. Norms are
    of blocks by ``grouping``; the bias factor f_t multiplies theta. Tensors with one axis, and all of a group with
    ``rotational=False`` or without weight decay, take LionA's step. State: ``exp_avg``, ``norm`` [blocks, 1, ..]. Our
    own definition.

    Raises BadOptimizer for a block of norm zero.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.1,
        momentum_bias: str = "corrected",
        schedule: str = "equilibrium",
        grouping: Any = "tensor",
        rotational: bool | None = None,
        **options: Any,
    ) -> None:
        own = {"schedule": schedule, "grouping": grouping, "rotational": rotational, "momentum_bias": momentum_bias}
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, **own}
        super(Lion, self).__init__(params, defaults, **options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; remembers lr as lr_max where none is given, and decides which parameters turn."""
        merged = {**self.defaults, **param_group}
        one_of("schedule", merged["schedule"], SCHEDULES)
        if merged["rotational"] is None:
            merged["rotational"] = merged["weight_decay"] != 0
        if merged["lr_max"] is None:
            merged["lr_max"] = float(merged["lr"])
        super().add_param_group({**param_group, "rotational": merged["rotational"], "lr_max": merged["lr_max"]})

    def begin(self, group: Group) -> None:
        """Takes the norms of the blocks, once."""
        super().begin(group)
        self.angle(group)
        for p in group["params"]:
            if p.grad is not None and turns(group, p) and "norm" not in self.state[p]:
                self.state[p]["norm"] = nonzero_norms(wide(p), group["grouping"], label_of(group, p))

    def angle(self, group: Group) -> float:
        """theta, in radians."""
        lr, peak = float(group["lr"]), group["lr_max"]
        if group["schedule"] == "equilibrium":
            return math.sqrt(2 * lr * group["weight_decay"] * of_adamw(group))
        below_the_largest(group)
        return lr / peak * math.sqrt(2 * peak * group["weight_decay"] * of_adamw(group)) if lr else 0.0

    def batches(self, group: Group, parameters: list[Tensor]) -> list[list[Tensor]]:
        """Tensors that turn and others apart."""
        turning = [p for p in parameters if turns(group, p)]
        others = [p for p in parameters if not turns(group, p)]
        return [batch for some in (turning, others) for batch in super(LionAR, self).batches(group, some)]

    def update(self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]) -> None:
        """Turns the weights, or takes LionA's step."""
        if not turns(group, weights[0]):
            super().update(group, weights, gradients, states)
            return
        grouping, theta = group["grouping"], self.angle(group)
        units = self.biased(group, [unit(s, grouping) for s in self.signs(group, gradients, states)], states)
        for w, u, state in zip(weights, units, states, strict=True):
            blocks = blocks_of(w, grouping)
            blocks.sub_(blocks_of(u, grouping) * (theta * state["norm"]))
            blocks.mul_(state["norm"] / block_norms(w, grouping))


def of_adamw(group: Group) -> float:
    """Mean square of an entry of AdamW's update under white gradients."""
    beta1 = group["betas"][0]
    return (1 - beta1) / (1 + beta1)


def turns(group: Group, p: Tensor) -> bool:
    """Whether the tensor turns on its sphere."""
    return group["rotational"] and p.ndim > 1


def unit(tensor: Tensor, grouping: Any) -> Tensor:
    """The tensor, each of its blocks of norm 1 or 0."""
    return (blocks_of(tensor, grouping) / nonzero(block_norms(tensor, grouping))).reshape(tensor.shape)
