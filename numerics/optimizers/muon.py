"""Muon on hidden matrices, and AdamW on every other tensor of the same optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from numerics import polar
from numerics.muon import ORTHOGONALISED, SCALES
from numerics.optimizers.adam import adam
from numerics.optimizers.base import Base, Group, State, averaged, kept
from numerics.optimizers.options import one_of


class Muon(Base):
    """B <- mu B + (1 - mu) G, W <- (1 - lr wd) W - lr c O((1 - mu) G + mu B), as torch.optim.Muon.

    O is the polar factor, by ``orthogonalise`` "newton_schulz" (torch's five steps in bfloat16) or "polar" (exact).
    Without ``nesterov`` it is of B. c is ``scale`` of rows and columns, as in ``numerics.muon.SCALES``. A tensor of
    more than two axes is the matrix [first axis, all others].

    Tensors with fewer than two axes, and all of a group with ``matrix=False`` (embeddings, the last layer), take the
    step of AdamW with the group's ``lr``, ``betas``, ``eps`` and ``weight_decay``. State: ``momentum_buffer``, or
    AdamW's.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.95,
        nesterov: bool = True,
        scale: str = "original",
        orthogonalise: str = "newton_schulz",
        weight_decay: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        matrix: bool = True,
        **options: Any,
    ) -> None:
        own = {"momentum": momentum, "nesterov": nesterov, "scale": scale, "orthogonalise": orthogonalise}
        others = {"betas": betas, "eps": eps, "matrix": matrix}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, **own, **others}, **options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in torch; raises BadOptimizer for an unknown scale or way to orthogonalise."""
        for name, known in (("scale", SCALES), ("orthogonalise", ORTHOGONALISED)):
            one_of(name, param_group.get(name, self.defaults[name]), tuple(known))
        super().add_param_group(param_group)

    def batches(self, group: Group, parameters: list[Tensor]) -> list[list[Tensor]]:
        """Matrices and other tensors apart."""
        matrices = [p for p in parameters if is_matrix(group, p)]
        others = [p for p in parameters if not is_matrix(group, p)]
        return [batch for some in (matrices, others) for batch in super(Muon, self).batches(group, some)]

    def direction(
        self, group: Group, weights: list[Tensor], gradients: list[Tensor], states: list[State]
    ) -> list[Tensor]:
        """The orthogonalised momentum, or AdamW's direction."""
        if not is_matrix(group, weights[0]):
            return adam(gradients, states, group["betas"], group["eps"])
        buffer = averaged(kept(states, "momentum_buffer", gradients), gradients, group["momentum"])
        mixed = list(torch._foreach_lerp(gradients, buffer, group["momentum"])) if group["nesterov"] else buffer
        return [orthogonal(group, one) for one in mixed]


def is_matrix(group: Group, p: Tensor) -> bool:
    """Whether Muon moves the tensor."""
    return group["matrix"] and p.ndim >= 2


def orthogonal(group: Group, tensor: Tensor) -> Tensor:
    """The polar factor of the tensor as a matrix, times its scale."""
    matrix = tensor.flatten(1)
    found = getattr(polar, group["orthogonalise"])(matrix[None])[0]
    return SCALES[group["scale"]](*matrix.shape) * found.view_as(tensor)
