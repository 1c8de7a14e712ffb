"""The ranges of hyper-parameters, and what is raised outside of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

INF = math.inf


class BadOptimizer(ValueError):
    """An optimizer was asked for something that it cannot do; the message names it in one line."""


RANGES: dict[str, tuple[float, bool, float]] = {
    "lr": (0, True, INF),
    "lr_max": (0, False, INF),
    "weight_decay": (0, True, INF),
    "momentum": (0, True, 1),
    "dampening": (0, True, 1),
    "alpha": (0, True, 1),
    "eps": (0, True, INF),
    "trust": (0, False, INF),
    "update_norm_decay": (0, True, 1),
    "angle": (0, True, INF),
    "raw_lr": (0, False, INF),
    "least_drop": (1, True, INF),
    "reference_snr": (0, False, INF),
    "incoherent": (0, True, INF),
    "beta": (0, True, 1),
}
"""Lower end, whether it belongs to the range, and upper end, which does not."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "decay": ("decoupled", "independent", "corrected"),
    "momentum_bias": ("corrected", "inverse", "level"),
    "nesterov": (True, False),
    "maximize": (True, False),
    "foreach": (None, True, False),
    "master": (True, False),
}
"""Options that are one of a few things."""


def in_range(name: str, value: Any, range_of: str | None = None) -> float:
    """The value as a number; raises BadOptimizer naming it and its range."""
    low, closed, high = RANGES[range_of or name]
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadOptimizer(f"Invalid {name} = {value}: it is no number") from None
    if not (low < number < high or (closed and number == low)):
        raise BadOptimizer(f"Invalid {name} = {number:g}: its range is {'[' if closed else '('}{low:g}, {high:g})")
    return number


def one_of(name: str, value: Any, known: tuple[Any, ...]) -> None:
    """Raises BadOptimizer where the value is none of those known."""
    if value not in known:
        raise BadOptimizer(f"{name} = {value} is unknown; known are {', '.join(map(str, known))}")


def check(group: Mapping[str, Any]) -> None:
    """Raises BadOptimizer for the first option of a param group that is out of its range."""
    for name, value in group.items():
        if name in RANGES and value is not None and not callable(value):
            in_range(name, value)
        elif name in CHOICES:
            one_of(name, value, CHOICES[name])
        elif name == "betas":
            if not isinstance(value, tuple | list) or len(value) != 2:
                raise BadOptimizer(f"Invalid betas = {value}: they are two numbers")
            for i, beta in enumerate(value):
                in_range(f"betas[{i}]", beta, "beta")
