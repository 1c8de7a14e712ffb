"""Muon on tensors: batches of matrices, flattened to [replicas, rows * columns] between steps.

Conventions are those of torch.optim.Muon; ``orthogonalise`` chooses the exact polar factor or its Newton-Schulz steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from numerics.gradients import Gradient
from numerics.updates import State

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
SCALES = {
    "original": lambda rows, columns: math.sqrt(max(1.0, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
    "spectral": lambda rows, columns: math.sqrt(rows / columns),
    "none": lambda rows, columns: 1.0,
}


def polar(matrix: Tensor) -> Tensor:
    """U V^T of the singular value decomposition U S V^T, for a batch of matrices [..., rows, columns]."""
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    return left @ right


def newton_schulz(matrix: Tensor, steps: int = 5, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """torch.optim.Muon's quintic iteration on a batch [replicas, rows, columns]: singular values near 1, not at it."""
    a, b, c = NEWTON_SCHULZ
    found = matrix.to(dtype)
    tall = matrix.shape[-2] > matrix.shape[-1]
    if tall:
        found = found.mT
    found = found / found.flatten(-2).norm(dim=-1).clamp(min=1e-7)[..., None, None]
    for _ in range(steps):
        gram = found @ found.mT
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return (found.mT if tall else found).to(matrix.dtype)


ORTHOGONALISED: dict[str, Callable[[Tensor], Tensor]] = {"polar": polar, "newton_schulz": newton_schulz}


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
        return State(buffer=torch.zeros_like(w))

    def direction(self, gradient: Tensor, buffer: Tensor) -> Tensor:
        """The orthogonalised update from the gradient and the buffer that already holds it."""
        mixed = gradient.lerp(buffer, self.momentum) if self.nesterov else buffer
        matrix = mixed.view(-1, self.rows, self.cols)
        return ORTHOGONALISED[self.orthogonalise](matrix).reshape(mixed.shape)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step."""
        assert state.buffer is not None
        buffer = state.buffer.lerp(gradient.value, 1 - self.momentum)
        size = self.lr * SCALES[self.scale](self.rows, self.cols)
        after = (1 - self.lr * self.wd) * w - size * self.direction(gradient.value, buffer)
        return after, State(buffer=buffer, steps=state.steps + 1)


def correlated_polar_overlap(
    rows: int, columns: int, rho: float, samples: int, generator: Generator, dtype: torch.dtype = torch.float64
) -> Tensor:
    """<polar X, polar Y>/min(rows, columns) of independent pairs of Gaussian matrices of correlation rho: [samples]."""
    shape = (2, samples, rows, columns)
    first, other = torch.randn(shape, generator=generator, device=generator.device, dtype=dtype)
    second = rho * first + math.sqrt(1 - rho * rho) * other
    return (polar(first) * polar(second)).sum((-2, -1)) / min(rows, columns)
