"""Gradients beyond white Gaussian noise: heavy-tailed, sparse, correlated in time, a signal under the noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from numerics import geometry
from numerics.gradients import Gradient
from numerics.simulation import Simulation, Start, check_run, device_of, random_weights
from numerics.updates import Update

Entries = Callable[[Tensor, Generator], Tensor]


def _uniform(like: Tensor, generator: Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device, dtype=like.dtype)


def _normal(like: Tensor, generator: Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)


def sparse_entries(density: float) -> Entries:
    """Zero with probability 1 - density, else normal; unit mean square."""
    return lambda w, g: torch.where(_uniform(w, g) < density, _normal(w, g) / math.sqrt(density), torch.zeros_like(w))


def laplace_entries(w: Tensor, generator: Generator) -> Tensor:
    """Two-sided exponential of unit mean square, by inverting its distribution function."""
    centred = _uniform(w, generator) - 0.5
    return -torch.sign(centred) * torch.log1p(-2 * centred.abs()) / math.sqrt(2)


def student_entries(freedom: int) -> Entries:
    """Student's t with a whole number of degrees of freedom above 2; unit mean square."""

    def draw(w: Tensor, generator: Generator) -> Tensor:
        chi = sum(_normal(w, generator).square() for _ in range(freedom))
        return _normal(w, generator) * ((freedom - 2) / chi) ** 0.5

    return draw


def rare_large_entries(share: float, ratio: float) -> Entries:
    """Normal, but a share of the entries is ``ratio`` times larger; unit mean square."""
    scale = math.sqrt(1 - share + share * ratio**2)
    return lambda w, g: torch.where(_uniform(w, g) < share, ratio, 1.0) * _normal(w, g) / scale


class Noise(Protocol):
    """Gradients with a memory of their own: a tensor like w that the draw carries along."""

    def start(self, w: Tensor, generator: Generator) -> Tensor:
        """The stationary memory."""

    def draw(self, w: Tensor, memory: Tensor, generator: Generator) -> tuple[Gradient, Tensor]:
        """The gradient at w and the memory after it."""


@dataclass(frozen=True)
class Independent:
    """Independent entries of unit mean square, independent of w: E|g|^2 = d."""

    entries: Entries

    def start(self, w: Tensor, generator: Generator) -> Tensor:
        """Nothing to remember."""
        return torch.zeros_like(w)

    def draw(self, w: Tensor, memory: Tensor, generator: Generator) -> tuple[Gradient, Tensor]:
        """Fresh entries."""
        return Gradient(self.entries(w, generator), torch.ones_like(w[..., :1])), memory


@dataclass(frozen=True)
class Correlated:
    """Gaussian AR(1) in time with E x_t x_{t+k} = persistence^k per entry, over a constant mean.

    (sqrt(snr) mean + x)/sqrt(1 + snr), the mean of unit entries: E|g|^2 = d. With ``orthogonal`` the
    part along w is taken out and the rest scaled to |g||w| = grad_norm: a scale-invariant loss.
    """

    persistence: float = 0.0
    snr: float = 0.0
    orthogonal: bool = False
    grad_norm: float = 1.0

    def start(self, w: Tensor, generator: Generator) -> Tensor:
        """A stationary x."""
        return _normal(w, generator)

    def draw(self, w: Tensor, memory: Tensor, generator: Generator) -> tuple[Gradient, Tensor]:
        """The gradient from x, and the next x."""
        value = (math.sqrt(self.snr) + memory) / math.sqrt(1 + self.snr)
        after = self.persistence * memory + math.sqrt(1 - self.persistence**2) * _normal(w, generator)
        if not self.orthogonal:
            return Gradient(value, torch.ones_like(w[..., :1])), after
        along = geometry.unit(w)
        value = geometry.unit(value - along * (along * value).sum(-1, keepdim=True))
        size = self.grad_norm / torch.linalg.vector_norm(w, dim=-1, keepdim=True)
        return Gradient(value * size, size.square() / w.shape[-1]), after


def simulate_noise(
    update: Update,
    noise: Noise,
    *,
    dim: int = 64,
    replicas: int = 32,
    steps: int = 1000,
    burn_in: int = 0,
    seed: int = 0,
    start_norm: float = 1.0,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
) -> Simulation:
    """``numerics.simulate`` for gradients with a memory; angles are not recorded."""
    place = device_of(device)
    check_run(law="iid", dim=dim, replicas=replicas, steps=steps, burn_in=burn_in, start_norm=start_norm, seed=seed)
    generator = Generator(device=place).manual_seed(seed)
    w = random_weights(replicas, dim, start_norm, generator, dtype)
    state, memory = update.start(w), noise.start(w, generator)
    norms, overlaps = [geometry.squared_norm(w)], []
    for _ in range(steps):
        gradient, memory = noise.draw(w, memory, generator)
        after, state = update.step(w, gradient, state)
        overlaps.append(geometry.lost_overlap(w, after))
        norms.append(geometry.squared_norm(after))
        w = after
    squares, lost = (torch.stack(rows).to("cpu", torch.float64).numpy() for rows in (norms, overlaps))
    return Simulation(squares, lost, np.empty((0, replicas)), burn_in, Start(w, state))
