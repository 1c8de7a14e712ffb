"""Gradient laws: random gradients for a batch of weights [replicas, dim].

Gradients orthogonal to w and scaled by 1/|w| are those of a scale-invariant loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from numerics.philox.kinds import Entries, laplace, normal, sparse, student

if TYPE_CHECKING:
    from torch import Generator, Tensor


def norm(w: Tensor) -> Tensor:
    """|w| of each vector [..., dim], as [..., 1]."""
    return w.norm(dim=-1, keepdim=True)


@dataclass(frozen=True)
class Gradient:
    """A gradient and the mean of its squared coordinates given w, averaged over coordinates: [replicas, 1]."""

    value: Tensor
    mean_square: Tensor


@dataclass(frozen=True)
class GradientLaw:
    """How noise with entries of unit mean square becomes a gradient g of E|g|^2 = grad_norm^2.

    The noise x has independent ``entries`` and a memory: x <- persistence x + sqrt(1 - persistence^2) entries, over a
    constant mean, (sqrt(snr) + x)/sqrt(1 + snr). ``orthogonal`` takes out what is along w and divides by |w|: the
    gradient of a scale-invariant loss, |g||w| in place of |g|. ``normalised`` fixes its length in place of the mean
    square of it, but for noise of length 0. ``spread`` multiplies each step's gradient by exp(spread xi - spread^2), xi
    normal: a random length.
    """

    name: str
    orthogonal: bool = False
    normalised: bool = False
    entries: Entries = field(default_factory=normal)
    persistence: float = 0.0
    snr: float = 0.0
    spread: float = 0.0

    @property
    def scale_invariant(self) -> bool:
        """Whether the gradient is that of a scale-invariant loss."""
        return self.orthogonal

    @property
    def remembers(self) -> bool:
        """Whether gradients of different steps depend on each other."""
        return self.persistence != 0 or self.snr != 0

    @property
    def least_dim(self) -> int:
        """The smallest dimension that the law lives in."""
        return 2 if self.orthogonal else 1

    def noise(self, memory: Tensor | None, fresh: Tensor) -> tuple[Tensor, Tensor | None]:
        """The noise of a step from fresh entries [replicas, dim], and what it remembers."""
        if not self.remembers or memory is None:
            return fresh, memory
        memory = self.persistence * memory + math.sqrt(1 - self.persistence**2) * fresh
        return (math.sqrt(self.snr) + memory) / math.sqrt(1 + self.snr), memory

    def gradient(self, w: Tensor, noise: Tensor, grad_norm: float, factor: Tensor | float = 1.0) -> Gradient:
        """The gradient at w [replicas, dim] that noise makes; ``factor`` is that of a random length."""
        size: Tensor | float = grad_norm
        freedom = w.shape[-1]
        if self.orthogonal:
            length = norm(w)
            direction = w / length
            noise = noise - direction * (direction * noise).sum(-1, keepdim=True)
            size, freedom = grad_norm / length, freedom - 1
        if self.normalised:
            length = norm(noise)
            noise = noise / length.where(length != 0, 1.0)
        else:
            noise = noise / math.sqrt(freedom)
        mean_square = w.new_zeros((*w.shape[:-1], 1)) + size * size / w.shape[-1]
        return Gradient(noise * (size * factor), mean_square)

    def draw(self, w: Tensor, grad_norm: float, generator: Generator) -> Gradient:
        """A gradient with torch's own random numbers; for laws without memory and of no random length."""
        from numerics.torch_entries import draw_entries

        assert not self.remembers
        assert not self.spread
        return self.gradient(w, draw_entries(self.entries, w, generator), grad_norm)


FIXED = GradientLaw("fixed", orthogonal=True, normalised=True)
LAWS: dict[str, GradientLaw] = {
    law.name: law
    for law in (
        FIXED,
        GradientLaw("sphere", orthogonal=True),
        GradientLaw("iid"),
        GradientLaw("laplace", entries=laplace()),
        GradientLaw("sparse", entries=sparse(0.1)),
        GradientLaw("student", entries=student(5)),
    )
}
"""The gradient laws by name."""


def correlated(persistence: float = 0.0, snr: float = 0.0, *, orthogonal: bool = False) -> GradientLaw:
    """Gaussian AR(1) in time over a constant mean; with ``orthogonal`` of fixed length."""
    base = FIXED if orthogonal else LAWS["iid"]
    return replace(base, name="correlated", persistence=persistence, snr=snr)
