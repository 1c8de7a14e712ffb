"""A real scale-invariant loss for batches of weights: classification by a normalised linear map."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class NormalisedRegression:
    """mean over samples of log(1 + exp(-y <x, w>/|w|)): unchanged when w is scaled.

    ``features`` [samples, dim] and ``labels`` [samples] of +-1 are drawn once; a minibatch is a
    random choice of samples.
    """

    features: Tensor
    labels: Tensor

    @classmethod
    def random(cls, samples: int, dim: int, generator: Generator) -> NormalisedRegression:
        """Standard normal features with random labels."""
        features = torch.randn(samples, dim, generator=generator, dtype=torch.float64)
        labels = torch.randint(0, 2, (samples,), generator=generator).double() * 2 - 1
        return cls(features, labels)

    def __call__(self, w: Tensor, chosen: Tensor | None = None) -> Tensor:
        """The loss summed over the batch of weights [replicas, dim], on the chosen samples."""
        features = self.features if chosen is None else self.features[chosen]
        labels = self.labels if chosen is None else self.labels[chosen]
        direction = w / torch.linalg.vector_norm(w, dim=-1, keepdim=True)
        margins = labels * (direction @ features.T)
        return torch.nn.functional.softplus(-margins).mean(-1).sum()
