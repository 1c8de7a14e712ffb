"""Rules that step by signs, all with decoupled decay: Lion, signSGD, Signum; sign(0) = 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from numerics.updates.functions import sign
from numerics.updates.update import Rule

if TYPE_CHECKING:
    from torch import Tensor


def lion(g: Tensor, buffer: Tensor, beta1: float, beta2: float) -> tuple[Tensor, Tensor]:
    """The sign of one average, and the next of another."""
    u = sign(beta1 * buffer + (1 - beta1) * g)
    return u, beta2 * buffer + (1 - beta2) * g


def sign_of_gradient(g: Tensor) -> Tensor:
    """The gradient's sign."""
    return sign(g)


def sign_of_average(g: Tensor, buffer: Tensor, beta1: float) -> tuple[Tensor, Tensor]:
    """The sign of the average that already holds the gradient."""
    buffer = beta1 * buffer + (1 - beta1) * g
    return sign(buffer), buffer


@dataclass(frozen=True)
class Lion(Rule):
    """w <- (1 - lr wd) w - lr sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g."""

    beta1: float = 0.9
    beta2: float = 0.99
    decoupled: ClassVar[bool] = True
    direction = staticmethod(lion)


@dataclass(frozen=True)
class SignSGD(Rule):
    """w <- (1 - lr wd) w - lr sign(g)."""

    decoupled: ClassVar[bool] = True
    direction = staticmethod(sign_of_gradient)


@dataclass(frozen=True)
class Signum(Rule):
    """m <- beta1 m + (1 - beta1) g, w <- (1 - lr wd) w - lr sign(m), with the new m."""

    beta1: float = 0.9
    decoupled: ClassVar[bool] = True
    direction = staticmethod(sign_of_average)
