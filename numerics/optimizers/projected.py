"""Projected SGD at a fixed effective learning rate: scale-invariant weights on a sphere of fixed radius."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from numerics.optimizers.base import Base, Group, State, wide
from numerics.optimizers.blocks import blocks_of, label_of, nonzero_norms, within
from numerics.optimizers.options import BadOptimizer

TOGETHER = "together"


class ProjectedSGD(Base):
    """theta <- theta - lr rho^2 g, then theta <- rho theta/|theta|, with rho = |theta| at the first step.

    Key ``kodryan2022regimes``. ``lr`` is the *effective* learning rate of a scale-invariant function, over rho^2,
    which a scheduler changes as any other. ``grouping`` says what theta is: "together" (default, as published: all
    tensors of the param group as one vector, whose parts may trade norm), or "tensor", "neuron" and so on, as in
    ``numerics.optimizers.blocks``. There is neither momentum nor weight decay. A group with ``projected=False`` takes
    plain SGD's step, w <- w - lr g. State: ``radius`` [blocks, 1, ..], one number on tensors that go together.

    Raises BadOptimizer for a sphere of radius zero, and where tensors that go together have not all a gradient.
    """

    decay_convention: ClassVar[str] = "none"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        grouping: Any = TOGETHER,
        projected: bool = True,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        own = {"grouping": grouping, "projected": projected, "weight_decay": weight_decay}
        super().__init__(params, {"lr": lr, **own}, **options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; raises BadOptimizer for a weight decay, which has no meaning on a sphere."""
        decay = param_group.get("weight_decay", self.defaults["weight_decay"])
        if decay:
            raise BadOptimizer(f"weight_decay = {decay:g} has no meaning on a sphere; leave it 0")
        super().add_param_group(param_group)

    def begin(self, group: Group) -> None:
        """Takes the radii, once."""
        super().begin(group)
        moving = [p for p in group["params"] if p.grad is not None]
        if not group["projected"] or not moving:
            return
        together, grouping = how(group)
        without = len(group["params"]) - len(moving)
        if together and without:
            raise BadOptimizer(f"{without} of {len(group['params'])} tensors that go together have no gradient")
        if all("radius" in self.state[p] for p in moving):
            return
        squares = squared_norms([wide(p) for p in moving], grouping, together)
        for p, square in zip(moving, squares, strict=True):
            if together and not square.any():
                raise BadOptimizer("the tensors that go together have norm zero: there is no sphere")
            if not together:
                nonzero_norms(wide(p), grouping, label_of(group, p))
            self.state[p].setdefault("radius", square.sqrt())

    def batches(self, group: Group, parameters: list[Tensor]) -> list[list[Tensor]]:
        """All tensors that go together at once."""
        together = group["projected"] and how(group)[0]
        return [parameters] if together and parameters else super().batches(group, parameters)

    def update(self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]) -> None:
        """One step along the gradient and back to the sphere."""
        lr = float(group["lr"])
        if not group["projected"]:
            torch._foreach_add_(weights, gradients, alpha=-lr)
            return
        together, grouping = how(group)
        for w, g, state in zip(weights, gradients, states, strict=True):
            blocks_of(w, grouping).sub_(blocks_of(g, grouping) * (lr * state["radius"].square()))
        squares = squared_norms(weights, grouping, together)
        for w, square, state in zip(weights, squares, states, strict=True):
            blocks_of(w, grouping).mul_(state["radius"] / square.sqrt())


def how(group: Group) -> tuple[bool, Any]:
    """Whether the group's tensors go together, and the grouping of each of them."""
    together = group["grouping"] == TOGETHER
    return together, "tensor" if together else group["grouping"]


def squared_norms(tensors: list[Tensor], grouping: Any, together: bool) -> list[Tensor]:
    """|theta|^2 of each block, [blocks, 1, ..] for each tensor; their sum, a number, where they go together."""
    blocks = [blocks_of(t, grouping) for t in tensors]
    found = [b.square().sum(within(b), keepdim=True) for b in blocks]
    if not together:
        return found
    total = torch.stack([s.reshape(()).to(found[0].device) for s in found]).sum(0)
    return [total.to(s.device) for s in found]
