"""Adam's kin with decoupled decay: AdamW with a choice of its momentum's bias, AdamC, RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from numerics.optimizers.base import Base, Group, State, averaged, count, kept
from numerics.optimizers.momentum_bias import factor


def root_of_squares(
    gradients: list[Tensor], states: list[State], beta2: float, eps: float, steps: list[int] | None = None
) -> list[Tensor]:
    """sqrt(v) + eps with v <- beta2 v + (1 - beta2) g^2, over its weight 1 - beta2^t where ``steps`` are given."""
    second = kept(states, "exp_avg_sq", gradients)
    torch._foreach_mul_(second, beta2)
    torch._foreach_addcmul_(second, gradients, gradients, value=1 - beta2)
    roots = list(torch._foreach_sqrt(second))
    if steps is not None:
        torch._foreach_div_(roots, [(1 - beta2**t) ** 0.5 for t in steps])
    torch._foreach_add_(roots, eps)
    return roots


def adam(
    gradients: list[Tensor], states: list[State], betas: tuple[float, float], eps: float, bias: str = "corrected"
) -> list[Tensor]:
    """f_t m/(sqrt(v/(1 - beta2^t)) + eps) with the factor f_t of ``momentum_bias``."""
    steps = count(states)
    average = averaged(kept(states, "exp_avg", gradients), gradients, betas[0])
    ratio = list(torch._foreach_div(average, root_of_squares(gradients, states, betas[1], eps, steps)))
    torch._foreach_mul_(ratio, [factor(bias, betas[0], t) / (1 - betas[0] ** t) for t in steps])
    return ratio


class AdamW(Base):
    """w <- (1 - lr wd) w - lr f_t m^/(sqrt(v^) + eps), with m^ and v^ as in torch.optim.AdamW (arXiv 1711.05101).

    ``momentum_bias`` chooses f_t, which is 1 by default: see ``numerics.optimizers.momentum_bias``.
    State: ``step``, ``exp_avg``, ``exp_avg_sq``.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        momentum_bias: str = "corrected",
        **options: Any,
    ) -> None:
        own = {"betas": betas, "eps": eps, "momentum_bias": momentum_bias}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **own}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The average gradient over the root of the average square."""
        return adam(gradients, states, group["betas"], group["eps"], group["momentum_bias"])


class AdamC(AdamW):
    """AdamW with corrected decay, w <- (1 - lr wd lr/lr_max) w - lr m^/(sqrt(v^) + eps) (key ``defazio2025``).

    Meant for normalised layers; other layers go to a param group with ``decay="decoupled"``. ``lr_max`` is the largest
    lr of the schedule: that at construction, unless given. An lr above it raises BadOptimizer.
    """

    decay_convention: ClassVar[str] = "corrected"


class RMSpropW(Base):
    """v <- alpha v + (1 - alpha) g^2, w <- (1 - lr wd) w - lr g/(sqrt(v) + eps): RMSprop with decoupled decay.

    As torch.optim.RMSprop, neither centred nor with momentum; v is not bias-corrected. State: ``exp_avg_sq``, v.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The gradient over the root of its average square."""
        return list(torch._foreach_div(gradients, root_of_squares(gradients, states, group["alpha"], group["eps"])))
