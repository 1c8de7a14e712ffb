"""Norm, angle and energy of the unit gradient at every step, kept in memory: for runs that are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics.geometry import angle
from numerics.networks import scale_invariant

Array = np.ndarray


class Turning:
    """Watches ``tensors`` by name while ``optimizer`` steps; to be left before it is read.

    ``rows`` says into how many blocks of consecutive rows a tensor is divided, one unless it is named. Watching starts
    before any other hook of the optimizer's step that is registered later.
    """

    def __init__(self, optimizer: Any, tensors: Mapping[str, Tensor], rows: Mapping[str, int] | None = None) -> None:
        self.tensors = dict(tensors)
        self.rows = {name: (rows or {}).get(name, 1) for name in self.tensors}
        self._before: dict[str, Tensor] = {}
        self._squares: dict[str, list[Tensor]] = {name: [] for name in self.tensors}
        self._energy: dict[str, list[Tensor]] = {name: [] for name in self.tensors}
        self._angle: dict[str, list[Tensor]] = {name: [] for name in self.tensors}
        self._hooks = [
            optimizer.register_step_pre_hook(lambda *_: self._look()),
            optimizer.register_step_post_hook(lambda *_: self._turned()),
        ]

    def __enter__(self) -> Turning:
        return self

    def __exit__(self, kind: type | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        for hook in self._hooks:
            hook.remove()

    @torch.no_grad()
    def _look(self) -> None:
        for name, weight in self.tensors.items():
            self._before[name] = weight.detach().double().flatten()
            squares = self._before[name].view(self.rows[name], -1).square().sum(-1)
            self._squares[name].append(squares)
            assert weight.grad is not None
            self._energy[name].append(weight.grad.double().view(self.rows[name], -1).square().sum(-1) * squares)

    @torch.no_grad()
    def _turned(self) -> None:
        for name, weight in self.tensors.items():
            self._angle[name].append(angle(self._before[name], weight.detach().double().flatten()))

    def squares(self, name: str) -> Array:
        """|w_i|^2 before each step, [steps, rows]."""
        return torch.stack(self._squares[name]).cpu().numpy()

    def energy(self, name: str) -> Array:
        """|g_i|^2 |w_i|^2, the squared norm of the unit gradient, of each step's minibatch [steps, rows]."""
        return torch.stack(self._energy[name]).cpu().numpy()

    def angle(self, name: str) -> Array:
        """Angle between w_t and w_{t+1} in radians, of the whole tensor [steps]."""
        return torch.stack(self._angle[name]).cpu().numpy()


def invariant_weights(model: nn.Module) -> tuple[dict[str, nn.Parameter], dict[str, int]]:
    """The trained tensors that claim to be scale-invariant, and how many blocks each has."""
    claimed = scale_invariant(model)
    found = {name: weight for name, weight in model.named_parameters() if name in claimed and weight.requires_grad}
    return found, {name: claimed[name].groups for name in found}


def rms(values: Array | Sequence[float]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
