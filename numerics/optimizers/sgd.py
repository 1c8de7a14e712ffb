"""SGD with decoupled decay, and vector-normalised SGD; with coupled decay SGD is torch.optim's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from numerics.optimizers.base import Base, Group, State, averaged, kept, nonzero, norms
from numerics.optimizers.options import BadOptimizer


class SGDW(Base):
    """buf <- momentum buf + (1 - dampening) g, w <- (1 - lr wd) w - lr buf (arXiv 1711.05101).

    With ``nesterov`` the step is along g + momentum buf, without dampening. As in torch.optim.SGD the first gradient
    enters the buffer undampened, and lr stands outside of it. State: ``momentum_buffer``.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise BadOptimizer(
                f"nesterov needs a momentum above 0 and no dampening; they are {momentum:g} and {dampening:g}"
            )
        own = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **own}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The buffer, or the gradient and the buffer."""
        momentum, name = group["momentum"], "momentum_buffer"
        if momentum == 0:
            return gradients
        fresh = [name not in state for state in states]
        buffer = kept(states, name, gradients)
        shares = [1.0 if new else 1 - group["dampening"] for new in fresh]
        torch._foreach_mul_(buffer, momentum)
        torch._foreach_add_(buffer, torch._foreach_mul(gradients, shares))
        return list(torch._foreach_add(gradients, buffer, alpha=momentum)) if group["nesterov"] else buffer


class NGD(Base):
    """m <- beta m + (1 - beta) g/|g|, w <- (1 - lr wd) w - lr m: SGD on each tensor's gradient as one unit vector.

    ``momentum`` is beta; at 0 there is no buffer. A zero gradient counts as the direction 0. State: ``exp_avg``, m.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}, **options)

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The average of the gradients' directions."""
        units = list(torch._foreach_div(gradients, [nonzero(n) for n in norms(gradients)]))
        if group["momentum"] == 0:
            return units
        return averaged(kept(states, "exp_avg", gradients), units, group["momentum"])
