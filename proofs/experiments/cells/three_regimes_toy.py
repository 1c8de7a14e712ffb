"""Projected SGD on the toy function, from random points."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from numerics.seeding import generator
from numerics.three_regimes import descend, random_sphere, toy

REPLICAS = 16


def run(
    *, seed: int, device: str, curvatures: Sequence[float], ratio: float, burn_in: int, steps: int
) -> dict[str, float]:
    """Loss over K, the sum of the curvatures, over ``steps`` steps after ``burn_in``, at lr = ``ratio``/K, on the CPU.

    Its mean, ``smallest`` and ``largest`` over REPLICAS starts and steps; ``unequal`` is the largest difference between
    groups of the sum of log(1 + T^2) less the growth of log rho^2, rho the length of a group.
    """
    begin = random_sphere(REPLICAS, len(curvatures), 2, generator(seed))
    found = descend(toy(curvatures), begin, ratio / sum(curvatures), steps, burn_in)
    left = found.log_secant.sum(0) - torch.log(found.squared_length[-1] / found.squared_length[0])
    loss = found.loss / sum(curvatures)
    return {
        "loss": float(loss.mean()),
        "smallest": float(loss.min()),
        "largest": float(loss.max()),
        "unequal": float((left.amax(-1) - left.amin(-1)).max()),
    }
