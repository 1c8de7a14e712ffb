"""Rules that step by signs, with decoupled decay: Lion, signSGD, Signum; sign(0) = 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from numerics.optimizers.base import Base, Group, State, averaged, kept


class Lion(Base):
    """w <- (1 - lr wd) w - lr sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g (arXiv 2302.06675).

    State: ``exp_avg``, m. ``options`` are those of ``Base``.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The sign of one average; the other takes the gradient in."""
        beta1, beta2 = group["betas"]
        average = kept(states, "exp_avg", gradients)
        mixed = torch._foreach_mul(average, beta1)
        torch._foreach_add_(mixed, gradients, alpha=1 - beta1)
        averaged(average, gradients, beta2)
        return list(torch._foreach_sign(mixed))


class SignSGD(Base):
    """w <- (1 - lr wd) w - lr sign(g) (arXiv 1802.04434)."""

    def __init__(self, params: Iterable[Any], lr: float = 1e-4, weight_decay: float = 0.0, **options: Any) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The gradient's sign."""
        return list(torch._foreach_sign(gradients))


class Signum(Base):
    """m <- beta m + (1 - beta) g, w <- (1 - lr wd) w - lr sign(m), with the new m (arXiv 1802.04434).

    ``momentum`` is beta. State: ``exp_avg``, m.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The sign of the average that already holds the gradient."""
        return list(torch._foreach_sign(averaged(kept(states, "exp_avg", gradients), gradients, group["momentum"])))
