"""Rules that step by signs, with decoupled decay: Lion, signSGD, Signum; sign(0) = 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from numerics.optimizers.base import Base, Group, State, averaged, count, kept
from numerics.optimizers.options import one_of

BIASES = ("corrected", "inverse")


class Lion(Base):
    """w <- (1 - lr wd) w - lr f_t sign(beta1 m + (1 - beta1) g), m <- beta2 m + (1 - beta2) g (arXiv 2302.06675).

    f_t is 1, or the weight 1 - beta1 beta2^(t-1) that the average under the sign holds, with
    ``momentum_bias="inverse"``: see ``numerics.optimizers.momentum_bias``. State: ``step``, ``exp_avg``, m.
    ``options`` are those of ``Base``.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        momentum_bias: str = "corrected",
        **options: Any,
    ) -> None:
        own = {"betas": betas, "weight_decay": weight_decay, "momentum_bias": momentum_bias}
        super().__init__(params, {"lr": lr, **own}, **options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; raises BadOptimizer for a bias that a sign cannot have."""
        one_of("momentum_bias", param_group.get("momentum_bias", self.defaults["momentum_bias"]), BIASES)
        super().add_param_group(param_group)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The signs, times f_t."""
        return self.biased(group, self.signs(group, gradients, states), states)

    def signs(self, group: Group, gradients: list[Tensor], states: list[State]) -> list[Tensor]:
        """The sign of one average; the other takes the gradient in."""
        beta1, beta2 = group["betas"]
        count(states)
        average = kept(states, "exp_avg", gradients)
        mixed = torch._foreach_mul(average, beta1)
        torch._foreach_add_(mixed, gradients, alpha=1 - beta1)
        averaged(average, gradients, beta2)
        return list(torch._foreach_sign(mixed))

    def biased(self, group: Group, tensors: list[Tensor], states: list[State]) -> list[Tensor]:
        """The tensors, times f_t."""
        if group["momentum_bias"] == "corrected":
            return tensors
        beta1, beta2 = group["betas"]
        return list(torch._foreach_mul(tensors, [1 - beta1 * beta2 ** (state["step"] - 1) for state in states]))


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
