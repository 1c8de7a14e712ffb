"""What an optimizer did to tensors at every step of a short run, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from numerics.networks import scale_invariant

Array = np.ndarray
TOGETHER = 16
"""Steps that are summed at once: a call costs more than the sums of a small tensor, and few steps stay in the cache."""
ENTRIES = 1 << 22
"""Entries of the weights that are kept for it at most: a large network's steps are summed one by one."""


@dataclass(frozen=True)
class Steps:
    """T steps from w to w + dw of a tensor in n blocks, g the gradient: sums over blocks, in double.

    ``sums`` [T, n, 4] are those of w^2, w dw, dw^2 and g^2. All angles are in radians.
    """

    sums: Array

    @property
    def whole(self) -> Steps:
        """The same of the whole tensor, as one block."""
        return Steps(self.sums.sum(axis=1, keepdims=True))

    @property
    def squares(self) -> Array:
        """|w|^2 before each step, [T, n]."""
        return self.sums[..., 0]

    @property
    def norms(self) -> Array:
        """|w| before each step and after the last, [T + 1, n]."""
        last = self.sums[-1:]
        after = last[..., 0] + 2 * last[..., 1] + last[..., 2]
        return np.sqrt(np.concatenate([self.squares, np.maximum(after, 0)]))

    @property
    def changes(self) -> Array:
        """|dw|, [T, n]."""
        return np.asarray(np.sqrt(self.sums[..., 2]))

    @property
    def angles(self) -> Array:
        """Between w and w + dw, [T, n]; small ones keep their digits."""
        squares, across, moved, _ = np.moveaxis(self.sums, -1, 0)
        before, after = np.sqrt(squares), np.sqrt(np.maximum(squares + 2 * across + moved, 0))
        longer = (2 * across + moved) / (before + after)
        chord = np.maximum(moved - longer**2, 0) / (before * after)
        return np.asarray(2 * np.arctan2(np.sqrt(chord), np.sqrt(np.maximum(4 - chord, 0))))

    @property
    def energy(self) -> Array:
        """|g|^2 |w|^2, the squared norm of the unit gradient, [T, n]."""
        return np.asarray(self.sums[..., 3] * self.squares)


class Watch:
    """Watches ``tensors`` by name while ``optimizer`` steps.

    ``blocks`` says into how many blocks of consecutive rows a tensor is divided; a row is one where it is not named.
    Watching starts before any other hook of the optimizer's step that is registered later.
    """

    def __init__(self, optimizer: Any, tensors: Mapping[str, Tensor], blocks: Mapping[str, int] | None = None) -> None:
        self.tensors = dict(tensors)
        self.blocks = {name: (blocks or {}).get(name, len(tensor)) for name, tensor in self.tensors.items()}
        self._together = max(1, min(TOGETHER, ENTRIES // max(1, sum(w.numel() for w in self.tensors.values()))))
        self._before: list[Tensor] = []
        self._seen: list[tuple[list[Tensor], list[Tensor], list[Tensor]]] = []
        self._sums: dict[str, list[Tensor]] = {name: [] for name in self.tensors}
        self._hooks = [
            optimizer.register_step_pre_hook(lambda *_: self._look()),
            optimizer.register_step_post_hook(lambda *_: self._stepped()),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        for hook in self._hooks:
            hook.remove()

    def _look(self) -> None:
        self._before = [weight.detach().clone() for weight in self.tensors.values()]

    def _stepped(self) -> None:
        weights = list(self.tensors.values())
        gradients = [weight.grad.clone() for weight in weights if weight.grad is not None]
        assert len(gradients) == len(weights)
        self._seen.append((self._before, [weight.detach().clone() for weight in weights], gradients))
        if len(self._seen) == self._together:
            self._summed()

    def _summed(self) -> None:
        if not self._seen:
            return
        seen, self._seen = [list(zip(*one, strict=True)) for one in zip(*self._seen, strict=True)], []
        for name, *own in zip(self.tensors, *seen, strict=True):
            w, after, g = (self._divided(name, each) for each in own)
            step = after - w
            self._sums[name].append(
                torch.stack([(x * y).sum(-1) for x, y in ((w, w), (w, step), (step, step), (g, g))], -1)
            )
            self.keep(name, w, step, g)

    def _divided(self, name: str, tensors: tuple[Tensor, ...]) -> Tensor:
        return torch.stack(tensors).reshape(len(tensors), self.blocks[name], -1).double()

    def keep(self, name: str, w: Tensor, step: Tensor, g: Tensor) -> None:
        """Called with w before some consecutive steps, dw and g, [steps, n, m] each: for more than the sums."""

    def of(self, name: str) -> Steps:
        """What was seen of a tensor."""
        self._summed()
        return Steps(torch.cat(self._sums[name]).cpu().numpy())


def invariant_weights(model: nn.Module) -> tuple[dict[str, nn.Parameter], dict[str, int]]:
    """The trained tensors that claim to be scale-invariant, and how many blocks each has."""
    claimed = scale_invariant(model)
    found = {name: weight for name, weight in model.named_parameters() if name in claimed and weight.requires_grad}
    return found, {name: claimed[name].groups for name in found}


def change_between(before: Array, after: Array, angle: Array) -> Array:
    """The length of the difference of vectors of these lengths at this angle in radians."""
    return np.asarray(np.sqrt((after - before) ** 2 + 4 * before * after * np.sin(angle / 2) ** 2))


def rms(values: Any, axis: int | None = None) -> Any:
    """Root of the mean square, over all or along an axis."""
    return np.sqrt(np.mean(np.square(values), axis=axis))
