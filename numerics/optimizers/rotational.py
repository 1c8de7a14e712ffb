"""Rotational variants of optimizers: every neuron turns by a given angle and keeps its norm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.base import Group, nonzero
from numerics.optimizers.blocks import block_norms, blocks_of, label_of, nonzero_norms, within
from numerics.optimizers.options import BadOptimizer, in_range
from numerics.optimizers.rates import published_rate
from numerics.optimizers.wrapper import Wrapper


class Rotational(Wrapper):
    """The rotational variant of ``base`` (key ``kosson2024rotational``), for each block w of norm n at the first step.

        d <- the update of base without weight decay, w - base(w), at its lr of construction
        d <- d - w <d, w>/n^2,                           then d <- d - mean(d) with ``centre``
        v <- phi v + (1 - phi)|d|^2,                     phi = ``update_norm_decay``
        w <- w - eta n d/(sqrt(v/(1 - phi^t)) + eps),    then w <- n w/|w|

    A step turns w by atan(eta |d|/(sqrt(v^) + eps)): by atan(eta) at phi = 0 or where |d| is constant, otherwise by
    eta in the root mean square only, as far as |d|^2 and its average go together. Only the direction of d counts, so
    base runs at a fixed lr and the schedule's lr enters by eta alone; d is divided by that lr, for which ``eps`` is
    meant. A block without update stays where it is. The first step of ``centre`` takes the mean off w and restores n.

    eta is ``angle``: a number, or a function of a param group's options (``lr``, ``weight_decay``, ``betas``, ...),
    by default the published one of ``numerics.optimizers.rates``. A number does not follow the schedule.
    Blocks are given by ``grouping``: see ``numerics.optimizers.blocks``.

    Parameters with one axis, and all of a group with ``rotational=False`` or with neither weight decay nor a number for
    its angle, take base's step. State: ``step``, ``norm`` and ``update_square`` [blocks, 1, ..]; a group may have
    ``angle`` (a number), ``rotational``, ``grouping``, ``centre``, ``update_norm_decay`` and ``norm_eps`` of its own.

    Raises BadOptimizer, before any weight has moved, for a block of norm zero.
    """

    without_decay = True
    carried = ("rate",)

    def __init__(
        self,
        base: Optimizer,
        *,
        angle: float | Callable[[Mapping[str, Any]], float] | None = None,
        grouping: Any = "neuron",
        centre: bool = False,
        update_norm_decay: float = 0.9,
        norm_eps: float = 1e-8,
        rotational: bool | None = None,
        master: bool = False,
    ) -> None:
        self.rate = angle if callable(angle) else published_rate(base) if angle is None else None
        own = {"grouping": grouping, "centre": centre, "update_norm_decay": update_norm_decay, "norm_eps": norm_eps}
        number = None if callable(angle) else angle
        super().__init__(base, master=master, rotational=rotational, angle=number, **own)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; decides which parameters turn."""
        merged = {**self.defaults, **param_group}
        if merged["rotational"] is None:
            merged["rotational"] = merged.get("weight_decay", 0) != 0 or merged["angle"] is not None
        if merged["rotational"] and not float(merged["lr"]):
            raise BadOptimizer("lr = 0 at construction: base makes no update then; set its lr first")
        super().add_param_group({**param_group, "rotational": merged["rotational"]})

    def controls(self, group: Group, p: Tensor) -> bool:
        """Tensors of two axes and more, of groups that turn."""
        return group["rotational"] and p.ndim > 1

    def angle(self, group: Group) -> float:
        """eta, in radians."""
        if group["angle"] is not None:
            return in_range("angle", group["angle"])
        assert self.rate is not None
        return in_range("angle", self.rate(group))

    def begin(self, group: Group, p: Tensor, w: Tensor) -> None:
        """Takes the blocks' norms and centres them, once."""
        state = self.state[p]
        if "norm" in state:
            return
        norm = nonzero_norms(w, group["grouping"], label_of(group, p))
        if group["centre"]:
            blocks = blocks_of(w, group["grouping"])
            centred = blocks - blocks.mean(within(blocks), keepdim=True)
            lengths = torch.linalg.vector_norm(centred, dim=within(blocks), keepdim=True)
            if (lengths == 0).any():
                raise BadOptimizer(f"{label_of(group, p)} has blocks of equal entries: centring leaves nothing")
            blocks.copy_(centred * (norm / lengths))
        state |= {"step": 0, "norm": norm, "update_square": torch.zeros_like(norm)}

    def move(self, group: Group, p: Tensor, w: Tensor, change: Tensor) -> None:
        """Turns w."""
        state, phi = self.state[p], group["update_norm_decay"]
        blocks, norm = blocks_of(w, group["grouping"]), state["norm"]
        d = blocks_of(change, group["grouping"]) / -group["raw_lr"]
        d = d - blocks * ((d * blocks).sum(within(d), keepdim=True) / norm.square())
        if group["centre"]:
            d = d - d.mean(within(d), keepdim=True)
        state["step"] += 1
        square = state["update_square"].mul_(phi).add_(d.square().sum(within(d), keepdim=True), alpha=1 - phi)
        length = nonzero((square / (1 - phi ** state["step"])).sqrt() + group["norm_eps"])
        blocks.sub_(d * (self.angle(group) * norm / length))
        blocks.mul_(norm / block_norms(w, group["grouping"]))
