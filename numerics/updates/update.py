"""What every update has in common: its state, its protocol, the two ways of decaying weights and of scaling steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from numerics.gradients import Gradient


@dataclass(frozen=True)
class State:
    """What an optimizer keeps between steps; tensors have the weights' shape, None where unused.

    ``buffer`` is the momentum, ``second_moment`` the average of squared gradients, ``steps`` the steps done,
    ``momentum_product`` the product of NAdam's momenta so far.
    """

    buffer: Tensor | None = None
    second_moment: Tensor | None = None
    steps: int = 0
    momentum_product: float = 1.0


@dataclass(frozen=True)
class Start:
    """Weights [replicas, dim] and optimizer state to start from."""

    weights: Tensor
    state: State


class Update(Protocol):
    """An optimizer's update on tensors."""

    def start(self, w: Tensor) -> State:
        """The state before the first step."""

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """The weights and the state after one step."""


@dataclass(frozen=True)
class WeightDecay:
    """Learning rate and weight decay of a rule whose decay is either coupled or decoupled.

    Coupled (L2): the rule sees g + wd w. Decoupled: it sees g, and w is multiplied by 1 - lr wd beforehand.
    """

    lr: float
    wd: float
    decoupled: ClassVar[bool] = False

    def shrunk(self, w: Tensor) -> Tensor:
        """The weights that the step is taken from: (1 - lr wd) w, or w itself under coupled decay."""
        return (1 - self.lr * self.wd) * w if self.decoupled else w

    def pulled(self, g: Tensor, w: Tensor) -> Tensor:
        """The gradient that the rule sees: g + wd w, or g itself under decoupled decay."""
        return g if self.decoupled else g + self.wd * w

    def mean_square(self, gradient: Gradient, w: Tensor) -> Tensor:
        """Mean square of a coordinate of what the rule sees, given w: [replicas, 1].

        Averaged over the coordinates; under coupled decay wd^2 |w|^2/d is added, as the gradient has mean zero given w.
        """
        if self.decoupled:
            return gradient.mean_square
        return gradient.mean_square + self.wd**2 * w.square().mean(-1, keepdim=True)


def moments(w: Tensor, beta2: float | None) -> State:
    """A zero buffer, and a zero second moment where there is a beta2 to average it with."""
    return State(buffer=torch.zeros_like(w), second_moment=None if beta2 is None else torch.zeros_like(w))


def averaged_root(
    g: Tensor, state: State, beta2: float, eps: float, *, bias_corrected: bool = True
) -> tuple[Tensor, Tensor]:
    """sqrt(v) + eps and v <- beta2 v + (1 - beta2) g^2; under the root v is divided by 1 - beta2^t if corrected."""
    if state.second_moment is None:
        raise ValueError("the state has no second moment, which an update with beta2 needs; begin with start(w)")
    second = beta2 * state.second_moment + (1 - beta2) * g.square()
    correction = math.sqrt(1 - beta2 ** (state.steps + 1)) if bias_corrected else 1.0
    return second.sqrt() / correction + eps, second
