"""Rules that fix the length of a whole vector's step: normalised SGD, LARS, LAMB.

Norms are of the last axis: each weight vector [..., dim] is a layer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from numerics.gradients import Gradient
from numerics.updates.update import State, averaged_root, moments


def _norm(w: Tensor) -> Tensor:
    return torch.linalg.vector_norm(w, dim=-1, keepdim=True)


@dataclass(frozen=True)
class NGD:
    """m <- beta1 m + (1 - beta1) g/|g|, w <- (1 - lr wd) w - lr m: vector-normalised SGD.

    The gradient is normalised before it is averaged; beta1 = 0 is the rule without momentum. A zero
    gradient counts as the direction 0.
    """

    lr: float
    wd: float
    beta1: float = 0.0

    def start(self, w: Tensor) -> State:
        """A zero buffer."""
        return State(buffer=torch.zeros_like(w))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        size = _norm(gradient.value)
        direction = gradient.value / torch.where(size > 0, size, 1.0)
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * direction
        return (1 - self.lr * self.wd) * w - self.lr * buffer, replace(state, buffer=buffer, steps=state.steps + 1)


@dataclass(frozen=True)
class LARS:
    """buf <- momentum buf + lr trust |w|/(|g| + wd |w|) (g + wd w), w <- w - buf.

    Learning rate and trust ratio are inside the buffer, which starts at zero (arXiv 1708.03888). Some
    libraries keep the learning rate outside: the same at constant lr.
    """

    lr: float
    wd: float
    momentum: float = 0.9
    trust: float = 0.001

    def start(self, w: Tensor) -> State:
        """A zero buffer."""
        return State(buffer=torch.zeros_like(w))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, norm = gradient.value, _norm(w)
        local = self.trust * norm / (_norm(g) + self.wd * norm)
        buffer = self.momentum * state.buffer + self.lr * local * (g + self.wd * w)
        return w - buffer, replace(state, buffer=buffer, steps=state.steps + 1)


@dataclass(frozen=True)
class LAMB:
    """w <- w - lr |w|/|u| u with u = r + wd w, r = (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps).

    Adam's m and v of the gradient alone; phi is the identity (arXiv 1904.00962). With ``beta2=None``
    r = m/sqrt(E g^2), the mean square averaged over the coordinates, without bias corrections and eps.
    """

    lr: float
    wd: float
    beta1: float = 0.9
    beta2: float | None = None
    eps: float = 1e-6

    def start(self, w: Tensor) -> State:
        """Zero moments."""
        return moments(w, self.beta2)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, count = gradient.value, state.steps + 1
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * g
        if self.beta2 is None:
            ratio, second = buffer / gradient.mean_square.sqrt(), None
        else:
            root, second = averaged_root(g, state, self.beta2, self.eps)
            ratio = buffer / (1 - self.beta1**count) / root
        step = ratio + self.wd * w
        after = w - self.lr * _norm(w) / _norm(step) * step
        return after, replace(state, buffer=buffer, second_moment=second, steps=count)
