"""Seeds: every simulation's own, mixed with a base seed where one is set, so that a whole suite can be drawn afresh."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from numerics.errors import BadSimulation

if TYPE_CHECKING:
    from torch import Generator

BASE = "SMD_BASE_SEED"
SEEDS = 1 << 63
WEIGHTS, BATCHES, EPOCHS, LABELS, STEPS = (number << 48 for number in range(1, 6))
"""First streams of what a training draws: initial weights, batches, epochs, noise of labels, and all else in a step."""


def base_seed() -> int:
    """The base seed from the environment, 0 where there is none; BadSimulation where it is no whole number from 0."""
    told = os.environ.get(BASE, "0")
    if not (told.isdigit() and int(told) < SEEDS):
        raise BadSimulation(f"{BASE} = {told} is no whole number in [0, 2^63)")
    return int(told)


def mixed(seed: int, stream: int = 0) -> int:
    """A seed in [0, 2^63) of its own for each seed, stream and base seed; ``seed`` itself at stream 0 and base seed 0.

    The bits are mixed by the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), once for each number.
    """
    found = seed
    for place, more in enumerate((stream, base_seed())):
        if more:
            found = _finalised(found ^ _finalised(2 * more + place))
    return found % SEEDS


def _finalised(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) % 2**64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31


def generator(seed: int, stream: int = 0, device: str = "cpu") -> Generator:
    """A generator of torch's at the mixed seed."""
    import torch

    return torch.Generator(device=torch.device(device)).manual_seed(mixed(seed, stream))
