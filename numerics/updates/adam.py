"""RMSprop, Adam and NAdam, as in torch.optim when beta2 is given, each with coupled and decoupled decay.

Adam comes with one second moment a weight vector, too.

With ``beta2=None`` the denominator is the root of the mean square of what the rule sees given w, averaged
over the coordinates: no average over time, no bias correction, no eps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from numerics.updates.functions import sqrt
from numerics.updates.products import product_until
from numerics.updates.update import Array, Rule

if TYPE_CHECKING:
    from torch import Tensor

Two: TypeAlias = "tuple[Tensor, Tensor]"
Three: TypeAlias = "tuple[Tensor, Tensor, Tensor]"


def rmsprop(g: Tensor, second_moment: Tensor, beta2: float, eps: float) -> Two:
    """The gradient over the root of its average square."""
    second_moment = beta2 * second_moment + (1 - beta2) * g * g
    return g / (sqrt(second_moment) + eps), second_moment


def rmsprop_at_mean(g: Tensor, mean_square: Tensor) -> Tensor:
    """The gradient over the root of its mean square."""
    return g / sqrt(mean_square)


def adam(
    g: Tensor,
    buffer: Tensor,
    second_moment: Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    buffer_weight: float,
    root_of_weight: float,
) -> Three:
    """The average gradient over the root of the average square, each over the weight that it has so far."""
    buffer = beta1 * buffer + (1 - beta1) * g
    second_moment = beta2 * second_moment + (1 - beta2) * g * g
    u = 1 / buffer_weight * buffer / (1 / root_of_weight * sqrt(second_moment) + eps)
    return u, buffer, second_moment


def adam_tensor(
    g: Tensor,
    buffer: Tensor,
    tensor_moment: Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    buffer_weight: float,
    root_of_weight: float,
    seen_square: Tensor,
) -> Three:
    """The average gradient over one number for all entries, the root of the average of their mean squares."""
    buffer = beta1 * buffer + (1 - beta1) * g
    tensor_moment = beta2 * tensor_moment + (1 - beta2) * seen_square
    u = 1 / (buffer_weight * (1 / root_of_weight * sqrt(tensor_moment) + eps)) * buffer
    return u, buffer, tensor_moment


def adam_at_mean(g: Tensor, buffer: Tensor, beta1: float, mean_square: Tensor) -> Two:
    """The average gradient over the root of the mean square."""
    buffer = beta1 * buffer + (1 - beta1) * g
    return buffer / sqrt(mean_square), buffer


def nadam(
    g: Tensor,
    buffer: Tensor,
    second_moment: Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    now: float,
    then: float,
    root_of_weight: float,
) -> Three:
    """``now`` of the gradient and ``then`` of the average that already holds it, over Adam's denominator."""
    buffer = beta1 * buffer + (1 - beta1) * g
    second_moment = beta2 * second_moment + (1 - beta2) * g * g
    u = (now * g + then * buffer) / (1 / root_of_weight * sqrt(second_moment) + eps)
    return u, buffer, second_moment


def nadam_at_mean(g: Tensor, buffer: Tensor, beta1: float, now: float, then: float, mean_square: Tensor) -> Two:
    """``now`` of the gradient and ``then`` of the average, over the root of the mean square."""
    buffer = beta1 * buffer + (1 - beta1) * g
    return (now * g + then * buffer) / sqrt(mean_square), buffer


@dataclass(frozen=True)
class RMSprop(Rule):
    """v <- beta2 v + (1 - beta2) g'^2, w <- w - lr g'/(sqrt(v) + eps) with g' = g + wd w: torch.optim.RMSprop.

    ``beta2`` is torch's ``alpha``; neither centred nor with momentum, and v is not bias-corrected.
    """

    beta2: float | None = None
    eps: float = 1e-8
    direction = staticmethod(rmsprop)
    at_mean = staticmethod(rmsprop_at_mean)


@dataclass(frozen=True)
class RMSpropW(RMSprop):
    """v <- beta2 v + (1 - beta2) g^2, w <- (1 - lr wd) w - lr g/(sqrt(v) + eps): RMSprop with decoupled decay."""

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class Adam(Rule):
    """Adam with L2 in the gradient, g' = g + wd w in both moments: torch.optim.Adam when beta2 is given.

    m <- beta1 m + (1 - beta1) g', v <- beta2 v + (1 - beta2) g'^2,
    w <- w - lr (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps).
    """

    beta1: float = 0.9
    beta2: float | None = None
    eps: float = 1e-8
    direction: ClassVar[Callable[..., Any]] = staticmethod(adam)
    at_mean: ClassVar[Callable[..., Any] | None] = staticmethod(adam_at_mean)

    def coefficients(self, count: Array) -> dict[str, Array]:
        """The weights 1 - beta^t that the averages hold, as m/(1 - beta1^t) and sqrt(v)/sqrt(1 - beta2^t)."""
        if self.beta2 is None:
            return {}
        return {"buffer_weight": 1 - self.beta1**count, "root_of_weight": np.sqrt(1 - self.beta2**count)}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay, w <- (1 - lr wd) w - lr m^/(sqrt(v^) + eps): torch.optim.AdamW when beta2 is given."""

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class AdamTensor(Adam):
    """Adam with L2 and one second moment a weight vector: v <- beta2 v + (1 - beta2) |g'|^2/dim with g' = g + wd w.

    All else is Adam's: v a number in place of a vector, bias-corrected. It is Adam-mini (arXiv 2406.16793) with the
    vector as its one block, and turns with the space.
    """

    beta2: float = 0.999
    direction = staticmethod(adam_tensor)
    at_mean = None


@dataclass(frozen=True)
class AdamWTensor(AdamTensor):
    """The same with decoupled decay, v <- beta2 v + (1 - beta2) |g|^2/dim: AdamW with one second moment a vector."""

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class NAdam(Rule):
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
    direction = staticmethod(nadam)
    at_mean = staticmethod(nadam_at_mean)

    def __post_init__(self) -> None:
        if self.beta2 is not None and self.at_step is not None:
            raise ValueError(
                f"at_step = {self.at_step} holds the schedule still, which with beta2 runs; give one of them"
            )

    def momentum_at(self, step: Array | float) -> Array:
        """mu_t."""
        return self.beta1 * (1 - 0.5 * 0.96 ** (np.asarray(step) * self.momentum_decay))

    def coefficients(self, count: Array) -> dict[str, Array]:
        """What the gradient and the average weigh in the step, and Adam's weight of v."""
        if self.beta2 is None:
            here = np.inf if self.at_step is None else self.at_step
            now, then = (self.beta1 if here == np.inf else self.momentum_at(t) for t in (here, here + 1))
            return {"now": np.asarray(1 - now), "then": np.asarray(then)}
        now, then = self.momentum_at(count), self.momentum_at(count + 1)
        product = product_until(self.momentum_at, int(count[0]) - 1) * np.cumprod(now)
        return {
            "now": (1 - now) / (1 - product),
            "then": then / (1 - product * then),
            "root_of_weight": np.sqrt(1 - self.beta2**count),
        }


@dataclass(frozen=True)
class NAdamW(NAdam):
    """NAdam with decoupled decay: torch.optim.NAdam(decoupled_weight_decay=True) when beta2 is given."""

    decoupled: ClassVar[bool] = True
