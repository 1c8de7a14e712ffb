"""Examples with their targets, and which of them each step sees."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from numerics.errors import BadData
from numerics.seeding import BATCHES, EPOCHS, LABELS, generator, mixed

Batch = tuple[Tensor, Tensor]


class Examples(Protocol):
    """Examples by their numbers."""

    @property
    def targets(self) -> Tensor:
        """Whole numbers, one axis, that label noise may alter."""

    def __len__(self) -> int:
        """How many there are."""

    def take(self, chosen: Tensor) -> Batch:
        """Inputs and targets of the chosen examples [size]."""

    def to(self, device: torch.device) -> Examples:
        """The same on another device."""

    def with_targets(self, targets: Tensor) -> Examples:
        """The same inputs with other targets."""


@dataclass(frozen=True)
class Dataset:
    """Training and validation examples; ``inputs`` is the shape of one input, ``digest`` a hash of the contents.

    With ``replacement`` every minibatch is drawn afresh, so that gradients at fixed weights are independent from step
    to step. Without, minibatches walk through a permutation of all examples, a new one for each epoch, as is usual;
    then gradients within an epoch are negatively correlated, as they add up to the whole. A batch that straddles two
    epochs takes from both.
    """

    name: str
    inputs: tuple[int, ...]
    classes: int
    training: Examples
    validation: Examples
    digest: str
    replacement: bool = True

    def __len__(self) -> int:
        """Training examples."""
        return len(self.training)

    def batch(self, step: int, size: int, seed: int) -> Batch:
        """Inputs [size, ..] and targets of a step: a pure function of the three. BadData for a size below 1."""
        if size < 1:
            raise BadData(f"batch = {size} of {self.name} is outside its range [1, inf)")
        return self.training.take(self.chosen(step, size, seed))

    def chosen(self, step: int, size: int, seed: int) -> Tensor:
        """The numbers of the examples in a step's batch [size]."""
        if self.replacement:
            return torch.randint(len(self), (size,), generator=generator(seed, BATCHES + step))
        places = torch.arange(step * size, (step + 1) * size)
        epochs, places = places // len(self), places % len(self)
        parts = [self.order(epoch, seed)[places[epochs == epoch]] for epoch in epochs.unique().tolist()]
        return torch.cat(parts)

    def order(self, epoch: int, seed: int) -> Tensor:
        """The order of all examples in an epoch."""
        return _permutation(len(self), mixed(seed, EPOCHS + epoch))

    def held_out(self, size: int = 256, most: int | None = None) -> Iterator[Batch]:
        """The validation examples in order, in batches; at most ``most``, spread evenly over all."""
        number = len(self.validation)
        chosen = torch.arange(number) if most is None else torch.linspace(0, number - 1, min(most, number)).long()
        for part in chosen.split(size):
            yield self.validation.take(part)

    def without_replacement(self) -> Dataset:
        """The same data, seen in epochs."""
        return replace(self, replacement=False)

    def to(self, device: str | torch.device) -> Dataset:
        """The same data, kept on another device."""
        place = torch.device(device)
        return replace(self, training=self.training.to(place), validation=self.validation.to(place))

    def label_noise(self, share: float, seed: int = 0) -> Dataset:
        """Each training target is, with probability ``share``, another class, each of the others as likely.

        It is drawn once, from the seed, and stays for the whole training; validation targets stay right. (Where a
        random class may be the right one too, a share p' alters (1 - 1/classes) p'.) BadData outside [0, 1], and
        for a single class.
        """
        if not 0 <= share <= 1:
            raise BadData(f"label_noise = {share} is outside its range [0, 1]")
        if self.classes < 2:
            raise BadData(f"{self.name} has one class: no label can be wrong")
        right = self.training.targets
        chosen = generator(seed, LABELS)
        altered = torch.rand(right.shape, generator=chosen, dtype=torch.float64) < share
        shift = torch.randint(1, self.classes, right.shape, generator=chosen).to(right.device)
        wrong = ((right.long() + shift) % self.classes).to(right.dtype)
        targets = torch.where(altered.to(right.device), wrong, right)
        told = f"{self.digest} label_noise {share!r} {seed}"
        return replace(
            self, training=self.training.with_targets(targets), digest=hashlib.sha256(told.encode()).hexdigest()
        )


@lru_cache(maxsize=2)
def _permutation(number: int, drawn: int) -> Tensor:
    return torch.randperm(number, generator=torch.Generator().manual_seed(drawn))


@dataclass(frozen=True)
class Images:
    """Pixels [examples, channels, height, width] in bytes or floats; inputs are (pixels - mean) / deviation.

    ``mean`` and ``deviation`` are those of the training pixels, [channels, 1, 1].
    """

    pixels: Tensor
    targets: Tensor
    mean: Tensor
    deviation: Tensor

    def __len__(self) -> int:
        """How many there are."""
        return len(self.targets)

    def take(self, chosen: Tensor) -> Batch:
        """Standardised inputs, float32, and targets."""
        chosen = chosen.to(self.targets.device)
        return (self.pixels[chosen].float() - self.mean) / self.deviation, self.targets[chosen]

    def to(self, device: torch.device) -> Images:
        """The same on another device."""
        return Images(*(part.to(device) for part in (self.pixels, self.targets, self.mean, self.deviation)))

    def with_targets(self, targets: Tensor) -> Images:
        """The same images with other targets."""
        return replace(self, targets=targets)


def images(name: str, classes: int, training: Batch, validation: Batch) -> Dataset:
    """A dataset of (pixels, targets), standardised by the training pixels."""
    pixels = training[0].double()
    mean = pixels.mean((0, 2, 3))[:, None, None]
    deviation = (pixels - mean).square().mean((0, 2, 3)).sqrt().clamp_min(1e-12)[:, None, None]
    parts = [Images(*part, mean.float(), deviation.float()) for part in (training, validation)]
    return Dataset(name, tuple(pixels.shape[1:]), classes, parts[0], parts[1], digest(*training, *validation))


def digest(*parts: Tensor | np.ndarray | bytes) -> str:
    """SHA-256 of the parts' bytes."""
    found = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else np.ascontiguousarray(part)
        found.update(content if isinstance(content, bytes) else content.reshape(-1).view(np.uint8).data)
    return found.hexdigest()
