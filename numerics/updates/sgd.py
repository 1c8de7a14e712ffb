"""SGD with heavy-ball or Nesterov momentum, as torch.optim.SGD, and the same with decoupled decay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from numerics.gradients import Gradient
from numerics.updates.update import State, WeightDecay


@dataclass(frozen=True)
class SGD(WeightDecay):
    """w <- w - lr (g + wd w): torch.optim.SGD without momentum."""

    def start(self, w: Tensor) -> State:
        """No state but the count of steps."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        return w - self.lr * (gradient.value + self.wd * w), replace(state, steps=state.steps + 1)


@dataclass(frozen=True)
class SGDM(WeightDecay):
    """buf <- momentum buf + (1 - dampening)(g + wd w), w <- w - lr buf: torch.optim.SGD.

    As there, the first step sets the buffer to g + wd w without dampening. At momentum 0 torch has no
    buffer and ignores the dampening; here the formula stands as written.
    """

    momentum: float = 0.9
    dampening: float = 0.0

    def start(self, w: Tensor) -> State:
        """An empty buffer."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        buffer = self.pulled(gradient.value, w)
        if state.buffer is not None:
            buffer = self.momentum * state.buffer + (1 - self.dampening) * buffer
        return self.shrunk(w) - self.lr * buffer, replace(state, buffer=buffer, steps=state.steps + 1)


@dataclass(frozen=True)
class SGDW(SGDM):
    """buf <- momentum buf + (1 - dampening) g, w <- (1 - lr wd) w - lr buf: SGDM with decoupled decay.

    The buffer is torch's; that of loshchilov2019decoupled holds lr times it, the same at constant lr.
    """

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class Nesterov(WeightDecay):
    """buf <- momentum buf + g', w <- w - lr (g' + momentum buf) with g' = g + wd w: torch.optim.SGD(nesterov=True).

    The first step sets the buffer to g'. As in torch, there is no dampening.
    """

    momentum: float = 0.9

    def start(self, w: Tensor) -> State:
        """An empty buffer."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        g = self.pulled(gradient.value, w)
        buffer = g if state.buffer is None else self.momentum * state.buffer + g
        after = self.shrunk(w) - self.lr * (g + self.momentum * buffer)
        return after, replace(state, buffer=buffer, steps=state.steps + 1)


@dataclass(frozen=True)
class NesterovW(Nesterov):
    """buf <- momentum buf + g, w <- (1 - lr wd) w - lr (g + momentum buf): Nesterov with decoupled decay."""

    decoupled: ClassVar[bool] = True
