"""Steps that are a fixed part of a tensor's norm: LARS and LAMB, one layer a tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from numerics.optimizers.adam import adam
from numerics.optimizers.base import Base, Group, State, kept, nonzero, norms, with_decay


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """above/below, and 0 where both are 0."""
    return above / nonzero(below)


class LARS(Base):
    """buf <- momentum buf + lr trust |w|/(|g| + wd |w|) (g + wd w), w <- w - buf (arXiv 1708.03888).

    The learning rate is inside the buffer, to which a weight of norm zero adds nothing; where the gradient is zero, the
    decay alone adds lr trust w. State: ``momentum_buffer``.
    """

    decay_convention: ClassVar[str] = "coupled"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-1,
        momentum: float = 0.9,
        trust: float = 1e-3,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        own = {"momentum": momentum, "trust": trust}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **own}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The buffer of steps."""
        wd, size = group["weight_decay"], float(group["lr"]) * group["trust"]
        lengths = zip(norms(weights), norms(gradients), strict=True)
        local = [size * ratio(w, g + wd * w) for w, g in lengths]
        buffer = kept(states, "momentum_buffer", gradients)
        torch._foreach_mul_(buffer, group["momentum"])
        torch._foreach_add_(buffer, torch._foreach_mul(with_decay(group, weights, gradients), local))
        return buffer

    def size(self, group: Group) -> float:
        """The buffer holds whole steps."""
        return 1.0


class LAMB(Base):
    """w <- w - lr |w|/|u| u with u = m^/(sqrt(v^) + eps) + wd w, m^ and v^ as Adam's; phi is the identity.

    Arxiv 1904.00962. A zero weight gives no step. State: ``step``, ``exp_avg``, ``exp_avg_sq``.
    """

    decay_convention: ClassVar[str] = "coupled"

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The step of length |w|."""
        steps = with_decay(group, weights, adam(gradients, states, group["betas"], group["eps"]))
        lengths = zip(norms(weights), norms(steps), strict=True)
        return list(torch._foreach_mul(steps, [ratio(w, u) for w, u in lengths]))
