"""Muon on tensors: batches of matrices, flattened to [replicas, rows * columns] between steps.

Conventions are those of torch.optim.Muon; ``orthogonalise`` chooses the exact polar factor or its Newton-Schulz steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numerics.gradients import Gradient
from numerics.updates import State

if TYPE_CHECKING:
    from torch import Tensor

SCALES = {
    "original": lambda rows, columns: math.sqrt(max(1.0, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
    "spectral": lambda rows, columns: math.sqrt(rows / columns),
    "none": lambda rows, columns: 1.0,
}

ORTHOGONALISED = ("polar", "newton_schulz")
"""The functions of ``numerics.polar`` that are known by name."""


@dataclass(frozen=True)
class Muon:
    """B <- mu B + (1 - mu) G, u = polar(B) or polar((1 - mu) G + mu B), W <- (1 - lr wd) W - lr c u."""

    lr: float
    wd: float
    rows: int
    cols: int
    momentum: float = 0.95
    nesterov: bool = True
    scale: str = "original"
    orthogonalise: str = "polar"

    def __post_init__(self) -> None:
        for name, known in (("scale", SCALES), ("orthogonalise", ORTHOGONALISED)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} = {getattr(self, name)} is unknown; known are {', '.join(known)}")

    def start(self, w: Tensor) -> State:
        """A zero buffer."""
        return State(buffer=w.new_zeros(w.shape))

    def direction(self, gradient: Tensor, buffer: Tensor) -> Tensor:
        """The orthogonalised update from the gradient and the buffer that already holds it."""
        from numerics import polar

        mixed = gradient.lerp(buffer, self.momentum) if self.nesterov else buffer
        matrix = mixed.view(-1, self.rows, self.cols)
        return getattr(polar, self.orthogonalise)(matrix).reshape(mixed.shape)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        buffer = state.buffer.lerp(gradient.value, 1 - self.momentum)
        size = self.lr * SCALES[self.scale](self.rows, self.cols)
        after = (1 - self.lr * self.wd) * w - size * self.direction(gradient.value, buffer)
        return after, State(buffer=buffer, steps=state.steps + 1)
