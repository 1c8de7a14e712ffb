"""Any torch.optim.Optimizer as an update of replicas: every replica is a parameter of its own, as a layer would be."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from numerics.gradients import Gradient
from numerics.updates.update import State

Factory = Callable[[Iterable[Parameter]], Optimizer]


class TorchOptimizer:
    """Steps of the optimizer that ``make`` builds; it keeps its state itself, so one run uses one of these."""

    def __init__(self, make: Factory) -> None:
        self.make = make

    def start(self, w: Tensor) -> State:
        """A fresh optimizer on parameters [dim], one a replica."""
        self.parameters = [Parameter(row.clone()) for row in w]
        self.optimizer = self.make(self.parameters)
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step of the optimizer from where its parameters stand."""
        for parameter, g in zip(self.parameters, gradient.value, strict=True):
            parameter.grad = g.clone()
        self.optimizer.step()
        return torch.stack([p.detach() for p in self.parameters]), replace(state, steps=state.steps + 1)


def twin_of(optimizer: Optimizer) -> Factory:
    """Optimizers with the options of this one's first group on other parameters; it is left as it is.

    Its state is not copied: the twin starts afresh. A wrapped ``step`` of a schedule stays behind with the original.
    """

    def make(parameters: Iterable[Parameter]) -> Optimizer:
        twin = object.__new__(type(optimizer))
        memo = {id(optimizer): twin, **{id(p): p for group in optimizer.param_groups for p in group["params"]}}
        for name, value in vars(optimizer).items():
            if name not in ("param_groups", "state", "step"):
                setattr(twin, name, copy.deepcopy(value, memo))
        options = {name: value for name, value in optimizer.param_groups[0].items() if name != "params"}
        twin.state = defaultdict(dict)
        twin.param_groups = [{**copy.deepcopy(options), "params": list(parameters)}]
        return twin

    return make
