"""Rules that step by signs, all with decoupled decay: Lion, signSGD, Signum; sign(0) = 0."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from numerics.gradients import Gradient
from numerics.updates.update import State


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
        return after, replace(state, buffer=self.beta2 * buffer + (1 - self.beta2) * g, steps=state.steps + 1)


@dataclass(frozen=True)
class SignSGD:
    """w <- (1 - lr wd) w - lr sign(g)."""

    lr: float
    wd: float

    def start(self, w: Tensor) -> State:
        """No state but the count of steps."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        after = (1 - self.lr * self.wd) * w - self.lr * torch.sign(gradient.value)
        return after, replace(state, steps=state.steps + 1)


@dataclass(frozen=True)
class Signum:
    """m <- beta1 m + (1 - beta1) g, w <- (1 - lr wd) w - lr sign(m), with the new m."""

    lr: float
    wd: float
    beta1: float = 0.9

    def start(self, w: Tensor) -> State:
        """A zero buffer."""
        return State(buffer=torch.zeros_like(w))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * gradient.value
        after = (1 - self.lr * self.wd) * w - self.lr * torch.sign(buffer)
        return after, replace(state, buffer=buffer, steps=state.steps + 1)
