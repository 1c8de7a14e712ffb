"""Confronting two trajectories that should be one: no statistics, only rounding.

The largest gap of all counts; its error bar is what rounding may add.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from numerics.statistics import Estimate
from proofs.comparison import Confrontation, Statistic

ROUNDING = 1e-12
"""What the rounding of some hundred steps may add to a distance of unit vectors."""


def distance(name: str, expected: Tensor, found: Tensor, rounding: float = ROUNDING) -> Statistic:
    """Largest distance of vectors [..., replicas, dim], predicted to be zero."""
    gaps = torch.linalg.vector_norm(found - expected, dim=-1)
    return Statistic(name, 0.0, Estimate(float(gaps.max()), 0.0, gaps.numel()), rounding)


def discrepancy(name: str, expected: Tensor, found: Tensor, rounding: float = ROUNDING) -> Statistic:
    """Largest relative difference of numbers [..., replicas], predicted to be zero."""
    gaps = (found - expected).abs() / expected.abs()
    return Statistic(name, 0.0, Estimate(float(gaps.max()), 0.0, gaps.numel()), rounding)


def confrontation(
    claim: str, design: str, hyperparameters: Mapping[str, float], conditions: Mapping[str, object], *found: Statistic
) -> Confrontation:
    """The comparisons as one confrontation."""
    return Confrontation(claim, design, dict(hyperparameters), dict(conditions), found)
