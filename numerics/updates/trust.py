"""Rules that fix the length of a whole vector's step: normalised SGD, LARS, LAMB.

Norms are of the last axis: each weight vector [..., dim] is a layer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from numerics.updates.adam import AdamW
from numerics.updates.functions import nonzero
from numerics.updates.update import Rule

if TYPE_CHECKING:
    from torch import Tensor


def normalised(g: Tensor, buffer: Tensor, beta1: float, gradient_norm: Tensor) -> tuple[Tensor, Tensor]:
    """The average of the gradients' directions."""
    buffer = beta1 * buffer + (1 - beta1) / nonzero(gradient_norm) * g
    return buffer, buffer


def trusted(
    g: Tensor,
    buffer: Tensor,
    lr: float,
    wd: float,
    momentum: float,
    trust: float,
    weight_norm: Tensor,
    gradient_norm: Tensor,
) -> tuple[Tensor, Tensor]:
    """A heavy ball of steps that are a fixed part of the weights."""
    local = trust * weight_norm / nonzero(gradient_norm + wd * weight_norm)
    buffer = momentum * buffer + lr * local * g
    return buffer, buffer


def one() -> float:
    """A direction that is the step itself."""
    return 1.0


def of_the_weights(lr: float, weight_norm: Tensor, step_norm: Tensor) -> Tensor:
    """The size that makes the step lr |w| long."""
    return lr * weight_norm / nonzero(step_norm)


@dataclass(frozen=True)
class NGD(Rule):
    """m <- beta1 m + (1 - beta1) g/|g|, w <- (1 - lr wd) w - lr m: vector-normalised SGD.

    The gradient is normalised before it is averaged; beta1 = 0 is the rule without momentum. A zero
    gradient counts as the direction 0.
    """

    beta1: float = 0.0
    decoupled: ClassVar[bool] = True
    direction = staticmethod(normalised)


@dataclass(frozen=True)
class LARS(Rule):
    """buf <- momentum buf + lr trust |w|/(|g| + wd |w|) (g + wd w), w <- w - buf.

    Learning rate and trust ratio are inside the buffer, which starts at zero (arXiv 1708.03888). Some
    libraries keep the learning rate outside: the same at constant lr. A step of nothing is of length zero.
    """

    momentum: float = 0.9
    trust: float = 0.001
    direction = staticmethod(trusted)
    size = staticmethod(one)


@dataclass(frozen=True)
class LAMB(AdamW):
    """w <- w - lr |w|/|u| u with u = r + wd w, r = (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps).

    Adam's m and v of the gradient alone; phi is the identity (arXiv 1904.00962). With ``beta2=None``
    r = m/sqrt(E g^2), the mean square averaged over the coordinates, without bias corrections and eps.
    A direction of length zero moves nothing.
    """

    eps: float = 1e-6
    size = staticmethod(of_the_weights)
