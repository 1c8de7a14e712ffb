"""SGD with heavy-ball or Nesterov momentum, as torch.optim.SGD, and the same with decoupled decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from numerics.updates.update import Rule

if TYPE_CHECKING:
    from torch import Tensor


def plain(g: Tensor) -> Tensor:
    """The gradient."""
    return g


def heavy_ball(g: Tensor, buffer: Tensor, momentum: float, dampening: float, fresh: float) -> tuple[Tensor, Tensor]:
    """The buffer, whose first gradient is not dampened."""
    buffer = momentum * buffer + (1 - (1 - fresh) * dampening) * g
    return buffer, buffer


def nesterov(g: Tensor, buffer: Tensor, momentum: float) -> tuple[Tensor, Tensor]:
    """The gradient and the buffer that already holds it."""
    buffer = momentum * buffer + g
    return g + momentum * buffer, buffer


@dataclass(frozen=True)
class SGD(Rule):
    """w <- w - lr (g + wd w): torch.optim.SGD without momentum."""

    direction = staticmethod(plain)


@dataclass(frozen=True)
class SGDM(Rule):
    """buf <- momentum buf + (1 - dampening)(g + wd w), w <- w - lr buf: torch.optim.SGD.

    As there, the first step sets the buffer to g + wd w without dampening. At momentum 0 torch has no
    buffer and ignores the dampening; here the formula stands as written.
    """

    momentum: float = 0.9
    dampening: float = 0.0
    direction = staticmethod(heavy_ball)


@dataclass(frozen=True)
class SGDW(SGDM):
    """buf <- momentum buf + (1 - dampening) g, w <- (1 - lr wd) w - lr buf: SGDM with decoupled decay.

    The buffer is torch's; that of loshchilov2019decoupled holds lr times it, the same at constant lr.
    """

    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class Nesterov(Rule):
    """buf <- momentum buf + g', w <- w - lr (g' + momentum buf) with g' = g + wd w: torch.optim.SGD(nesterov=True).

    The first step sets the buffer to g'. As in torch, there is no dampening.
    """

    momentum: float = 0.9
    direction = staticmethod(nesterov)


@dataclass(frozen=True)
class NesterovW(Nesterov):
    """buf <- momentum buf + g, w <- (1 - lr wd) w - lr (g + momentum buf): Nesterov with decoupled decay."""

    decoupled: ClassVar[bool] = True
