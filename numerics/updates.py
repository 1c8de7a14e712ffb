"""Optimizer updates on tensors, written from the algorithms: one step of each rule on any batch of weights.

Each is a frozen dataclass of hyper-parameters with ``start(w)`` for a fresh state and
``step(w, gradient, state)`` for the next weights and state. Conventions are those of torch.optim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from numerics.gradients import Gradient


@dataclass(frozen=True)
class State:
    """What an optimizer keeps between steps; tensors have the weights' shape, None where unused."""

    buffer: Tensor | None = None
    second_moment: Tensor | None = None
    steps: int = 0


class Update(Protocol):
    """An optimizer's update on tensors."""

    def start(self, w: Tensor) -> State:
        """The state before the first step."""

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """The weights and the state after one step."""


@dataclass(frozen=True)
class SGD:
    """w <- w - lr (g + wd w): torch.optim.SGD without momentum."""

    lr: float
    wd: float

    def start(self, w: Tensor) -> State:
        """No state."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        return w - self.lr * (gradient.value + self.wd * w), state


@dataclass(frozen=True)
class SGDM:
    """buf <- momentum buf + (1 - dampening)(g + wd w), w <- w - lr buf: torch.optim.SGD.

    As there, the first step sets the buffer to g + wd w without dampening.
    """

    lr: float
    wd: float
    momentum: float = 0.9
    dampening: float = 0.0

    def start(self, w: Tensor) -> State:
        """An empty buffer."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        direction = gradient.value + self.wd * w
        if state.buffer is not None:
            direction = self.momentum * state.buffer + (1 - self.dampening) * direction
        return w - self.lr * direction, replace(state, buffer=direction, steps=state.steps + 1)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled decay lr*wd: torch.optim.AdamW when beta2 is given.

    With ``beta2=None`` the denominator is the root of the gradient law's own mean square, neither
    averaged nor bias-corrected, and the momentum is not bias-corrected.
    """

    lr: float
    wd: float
    beta1: float = 0.9
    beta2: float | None = None
    eps: float = 1e-8

    def start(self, w: Tensor) -> State:
        """Zero moments."""
        return State(buffer=torch.zeros_like(w), second_moment=None if self.beta2 is None else torch.zeros_like(w))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, count = gradient.value, state.steps + 1
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * g
        shrunk = (1 - self.lr * self.wd) * w
        if self.beta2 is None or state.second_moment is None:
            return shrunk - self.lr * buffer / gradient.mean_square.sqrt(), State(buffer, None, count)
        second = self.beta2 * state.second_moment + (1 - self.beta2) * g.square()
        root = second.sqrt() / math.sqrt(1 - self.beta2**count) + self.eps
        size = self.lr / (1 - self.beta1**count)
        return shrunk - size * buffer / root, State(buffer, second, count)


@dataclass(frozen=True)
class Lion:
    """w <- (1 - lr wd) w - lr sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g."""

    lr: float
    wd: float
    beta1: float = 0.9
    beta2: float = 0.99

    def start(self, w: Tensor) -> State:
        """A zero buffer."""
        return State(buffer=torch.zeros_like(w))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, buffer = gradient.value, state.buffer
        direction = torch.sign(self.beta1 * buffer + (1 - self.beta1) * g)
        after = (1 - self.lr * self.wd) * w - self.lr * direction
        return after, State(buffer=self.beta2 * buffer + (1 - self.beta2) * g, steps=state.steps + 1)


UPDATES: dict[str, type] = {"sgd": SGD, "sgdm": SGDM, "adamw": AdamW, "lion": Lion}
"""The updates by the optimizer's name."""
