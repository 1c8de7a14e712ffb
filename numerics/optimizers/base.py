"""What our optimizers have in common: torch.optim's conventions, float32 state, the ways to decay.

A rule is written once, on lists of tensors by torch's ``_foreach`` functions. With ``foreach=True`` the list is all the
tensors of a group; with False it is each of them in turn; None means True on CUDA, as in torch, and for small tensors,
of which the calls cost more than the arithmetic. The numbers are the same.

Weights in half precision: state and update are in float32, and the new weight is rounded to the weight's dtype. An
update below half a unit in the last place is then lost, entry by entry: in bfloat16 always below 2^-9 of the entry,
never above 2^-8. Steps of small angle do not happen, or happen in few entries. ``master=True`` keeps the weights in
float32 in the state, and rounds only their copy in the model.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.options import CHOICES, BadOptimizer, check

Group = dict[str, Any]
State = dict[str, Any]
HALF = (torch.bfloat16, torch.float16)
SMALL = 1 << 14
"""Entries of a tensor, in the mean, up to which a list of tensors is faster on the CPU than each in turn."""


def describe(p: Tensor) -> str:
    """A parameter's shape and dtype, in words."""
    return f"parameter {list(p.shape)} of {str(p.dtype).removeprefix('torch.')}"


def wide(p: Tensor) -> Tensor:
    """The tensor, in float32 where it is in half precision."""
    return p.detach().float() if p.dtype in HALF else p.detach()


def usable(name: str, gradient: Tensor) -> Tensor:
    """The gradient, in float32 where it is in half precision; raises BadOptimizer for a sparse one."""
    if gradient.is_sparse or gradient.layout != torch.strided:
        raise BadOptimizer(f"{name} takes no sparse gradients; that of {describe(gradient)} is one")
    return wide(gradient)


class KeepsState(Optimizer):
    """An optimizer that loads its state in the dtype in which it was saved.

    torch's own casts state to the dtype of the weights, which would round float32 state of bfloat16 weights.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; raises BadOptimizer for options out of range and for complex parameters."""
        check({**self.defaults, **param_group})
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.is_complex():
                self.param_groups.pop()
                raise BadOptimizer(f"{type(self).__name__} takes no complex parameters; {describe(p)} is one")

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """As in torch, but bit for bit: tensors keep their dtype and are copied."""
        super().load_state_dict(dict(state_dict))
        numbers = itertools.chain.from_iterable(group["params"] for group in state_dict["param_groups"])
        parameters = itertools.chain.from_iterable(group["params"] for group in self.param_groups)
        for number, p in zip(numbers, parameters, strict=True):
            for name, value in state_dict["state"].get(number, {}).items():
                if isinstance(value, Tensor):
                    self.state[p][name] = value.detach().to(device=p.device, copy=True)


class Base(KeepsState):
    """w <- (1 - decay) w - lr u, with u from ``direction``; a subclass with other lines overrides ``update``.

    Options of every param group: ``lr``, ``weight_decay``, ``maximize``, ``foreach``, ``master`` (float32 weights in
    the state of those in half precision), and where the decay is decoupled ``decay``, one of

        decoupled     lr weight_decay
        independent   weight_decay
        corrected     lr weight_decay lr/lr_max

    each a share of w taken off in a step. ``lr_max`` is the largest lr of the schedule, unless given that at
    construction.
    """

    decay_convention: ClassVar[str] = "decoupled"
    """How weight_decay is meant where the group's own ``decay`` does not say."""

    def __init__(
        self,
        params: Iterable[Any],
        defaults: dict[str, Any],
        *,
        decay: str | None = None,
        lr_max: float | None = None,
        maximize: bool = False,
        foreach: bool | None = None,
        master: bool = False,
    ) -> None:
        if self.decay_convention in CHOICES["decay"]:
            defaults |= {"decay": decay or self.decay_convention, "lr_max": lr_max}
        elif decay not in (None, self.decay_convention):
            raise BadOptimizer(
                f"decay = {decay} does not apply to {type(self).__name__}, whose decay is {self.decay_convention}"
            )
        super().__init__(params, defaults | {"maximize": maximize, "foreach": foreach, "master": master})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; remembers the group's lr as lr_max where corrected decay needs it."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if group.get("decay") == "corrected" and group["lr_max"] is None:
            group["lr_max"] = float(group["lr"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns the loss of ``closure``, which is evaluated once before it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.begin(group)
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            for batch in self.batches(group, parameters):
                self.advance(group, batch)
        return loss

    def begin(self, group: Group) -> None:
        """What a rule looks at in a group, and refuses, before any weight of any group moves."""
        self.decay(group)

    def batches(self, group: Group, parameters: list[Tensor]) -> list[list[Tensor]]:
        """The lists that the rule is applied to."""
        foreach = group["foreach"]
        if foreach is None:
            small = sum(p.numel() for p in parameters) <= SMALL * len(parameters)
            foreach = small or all(p.is_cuda for p in parameters)
        return [parameters] if foreach and parameters else [[p] for p in parameters]

    def advance(self, group: Group, parameters: list[Tensor]) -> None:
        """One step of some parameters of a group."""
        states = [self.state[p] for p in parameters]
        weights = [self.weight(group, p, state) for p, state in zip(parameters, states, strict=True)]
        gradients = [usable(type(self).__name__, p.grad) for p in parameters if p.grad is not None]
        if group["maximize"]:
            gradients = list(torch._foreach_neg(gradients))
        self.update(group, weights, gradients, states)
        for p, w in zip(parameters, weights, strict=True):
            if w is not p:
                p.copy_(w)

    def weight(self, group: Group, p: Tensor, state: State) -> Tensor:
        """The weight to be changed in place: the parameter, or float32 in place of half precision."""
        if p.dtype not in HALF:
            return p
        if not group["master"]:
            return p.float()
        return kept([state], "master", [p], start=lambda p: p.float())[0]

    def update(self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]) -> None:
        """Changes weights and states in place."""
        directions = self.direction(group, weights, gradients, states)
        if "decay" in group:
            torch._foreach_mul_(weights, 1 - self.decay(group))
        torch._foreach_add_(weights, directions, alpha=-self.size(group))

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The directions u, which share no memory with weights, gradients and states unless they are left alone."""
        raise NotImplementedError

    def size(self, group: Group) -> float:
        """What multiplies the direction."""
        return float(group["lr"])

    def decay(self, group: Group) -> float:
        """The share of w that decay takes off in this step, lr weight_decay where it is coupled."""
        found = group.get("decay", "")
        if found == "corrected":
            below_the_largest(group)
        return decay_share(group, found)


def decay_share(group: Mapping[str, Any], convention: str) -> float:
    """The share of w that the group's decay stands for in this step, by the convention; NaN without lr_max."""
    lr, wd = float(group["lr"]), float(group.get("weight_decay") or 0.0)
    if convention == "independent":
        return wd
    if convention == "corrected":
        largest = float(group.get("lr_max") or math.nan)
        return lr * wd * (lr / largest)
    return lr * wd


def below_the_largest(group: Group) -> None:
    """Raises BadOptimizer where the group's lr is above its lr_max."""
    lr, largest = float(group["lr"]), group["lr_max"]
    if lr > largest * (1 + 1e-9):
        raise BadOptimizer(f"lr = {lr:g} is above lr_max = {largest:g}, the largest of the schedule")


def kept(
    states: list[State], name: str, like: list[Tensor], start: Callable[[Tensor], Tensor] = torch.zeros_like
) -> list[Tensor]:
    """What the states hold under a name; it begins as ``start`` of the tensors in ``like``."""
    for state, one in zip(states, like, strict=True):
        if name not in state:
            state[name] = start(one.detach())
    return [state[name] for state in states]


def count(states: list[State]) -> list[int]:
    """The number of this step, from 1 on, for each state."""
    for state in states:
        state["step"] = state.get("step", 0) + 1
    return [state["step"] for state in states]


def averaged(average: list[Tensor], new: list[Tensor], beta: float) -> list[Tensor]:
    """beta average + (1 - beta) new, in place of the average."""
    torch._foreach_mul_(average, beta)
    torch._foreach_add_(average, new, alpha=1 - beta)
    return average


def norms(tensors: list[Tensor]) -> list[Tensor]:
    """The Euclidean norm of each tensor."""
    return list(torch._foreach_norm(tensors))


def nonzero(x: Tensor) -> Tensor:
    """x, and 1 where it is 0: a divisor of what is zero with it."""
    return torch.where(x == 0, torch.ones_like(x), x)


def with_decay(group: Group, weights: list[Tensor], gradients: list[Tensor]) -> list[Tensor]:
    """Gradients with coupled decay, g + weight_decay w."""
    wd = group["weight_decay"]
    return list(torch._foreach_add(gradients, weights, alpha=wd)) if wd else gradients
