"""RMSprop, Adam and NAdam, as in torch.optim when beta2 is given, each with coupled and decoupled decay.

With ``beta2=None`` the denominator is the root of the mean square of what the rule sees given w, averaged
over the coordinates (``WeightDecay.mean_square``): no average over time, no bias correction, no eps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from numerics.gradients import Gradient
from numerics.updates.update import State, WeightDecay, averaged_root, moments


@dataclass(frozen=True)
class RMSprop(WeightDecay):
    """v <- beta2 v + (1 - beta2) g'^2, w <- w - lr g'/(sqrt(v) + eps) with g' = g + wd w: torch.optim.RMSprop.

    ``beta2`` is torch's ``alpha``; neither centred nor with momentum, and v is not bias-corrected.
    """

    beta2: float | None = None
    eps: float = 1e-8

    def start(self, w: Tensor) -> State:
        """A zero second moment."""
        return replace(moments(w, self.beta2), buffer=None)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        g = self.pulled(gradient.value, w)
        if self.beta2 is None:
            root, second = self.mean_square(gradient, w).sqrt(), None
        else:
            root, second = averaged_root(g, state, self.beta2, self.eps, bias_corrected=False)
        after = self.shrunk(w) - self.lr * g / root
        return after, replace(state, second_moment=second, steps=state.steps + 1)


@dataclass(frozen=True)
class RMSpropW(RMSprop):
    """v <- beta2 v + (1 - beta2) g^2, w <- (1 - lr wd) w - lr g/(sqrt(v) + eps): RMSprop with decoupled decay."""

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class Adam(WeightDecay):
    """Adam with L2 in the gradient, g' = g + wd w in both moments: torch.optim.Adam when beta2 is given.

    m <- beta1 m + (1 - beta1) g', v <- beta2 v + (1 - beta2) g'^2,
    w <- w - lr (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps).
    """

    beta1: float = 0.9
    beta2: float | None = None
    eps: float = 1e-8

    def start(self, w: Tensor) -> State:
        """Zero moments."""
        return moments(w, self.beta2)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, count = self.pulled(gradient.value, w), state.steps + 1
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * g
        if self.beta2 is None:
            step = buffer / self.mean_square(gradient, w).sqrt()
            return self.shrunk(w) - self.lr * step, replace(state, buffer=buffer, steps=count)
        root, second = averaged_root(g, state, self.beta2, self.eps)
        size = self.lr / (1 - self.beta1**count)
        return self.shrunk(w) - size * buffer / root, replace(state, buffer=buffer, second_moment=second, steps=count)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay, w <- (1 - lr wd) w - ... and g alone in both moments: torch.optim.AdamW."""

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class NAdam(WeightDecay):
    """NAdam with L2 in the gradient, g' = g + wd w: torch.optim.NAdam when beta2 is given.

    Adam's m and v; mu_t = beta1 (1 - 0.5 0.96^(t momentum_decay)), P_t = mu_1 ... mu_t,
    w <- w - lr ((1 - mu_t)/(1 - P_t) g' + mu_{t+1}/(1 - P_{t+1}) m)/(sqrt(v/(1 - beta2^t)) + eps).

    With ``beta2=None`` P is zero and the schedule stands still at step ``at_step``, or at its limit
    mu = beta1 where that is None. With beta2 the schedule runs, and ``at_step`` raises ValueError.
    """

    beta1: float = 0.9
    beta2: float | None = None
    eps: float = 1e-8
    momentum_decay: float = 0.004
    at_step: int | None = None

    def __post_init__(self) -> None:
        if self.beta2 is not None and self.at_step is not None:
            raise ValueError(
                f"at_step = {self.at_step} holds the schedule still, which with beta2 runs; give one of them"
            )

    def start(self, w: Tensor) -> State:
        """Zero moments."""
        return moments(w, self.beta2)

    def momentum_at(self, step: int) -> float:
        """mu_t."""
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        g, count = self.pulled(gradient.value, w), state.steps + 1
        buffer = self.beta1 * state.buffer + (1 - self.beta1) * g
        if self.beta2 is None:
            now = self.beta1 if self.at_step is None else self.momentum_at(self.at_step)
            then = self.beta1 if self.at_step is None else self.momentum_at(self.at_step + 1)
            step = ((1 - now) * g + then * buffer) / self.mean_square(gradient, w).sqrt()
            return self.shrunk(w) - self.lr * step, replace(state, buffer=buffer, steps=count)
        now, then = self.momentum_at(count), self.momentum_at(count + 1)
        product = state.momentum_product * now
        root, second = averaged_root(g, state, self.beta2, self.eps)
        step = ((1 - now) / (1 - product) * g + then / (1 - product * then) * buffer) / root
        return self.shrunk(w) - self.lr * step, State(buffer, second, count, product)


@dataclass(frozen=True)
class NAdamW(NAdam):
    """NAdam with decoupled decay: torch.optim.NAdam(decoupled_weight_decay=True) when beta2 is given."""

    decoupled: ClassVar[bool] = True
