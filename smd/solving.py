"""The decay, the learning rate or a coefficient for a wanted equilibrium."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import theory
from smd.predicting import parameters_of, predict
from theory import OutOfDomain, Solution, Unreachable

__all__ = ["Solution", "Unreachable", "as_json", "solve"]


def solve(
    optimizer: str,
    *,
    angle: float | None = None,
    norm: float | None = None,
    half_life: float | None = None,
    unknown: str = "wd",
    decay: str | None = None,
    **hyperparameters: float | None,
) -> Solution:
    """The smallest ``unknown`` (wd, lr, beta1, ...) at which the equilibrium is as wanted.

    Exactly one of ``angle`` (radians per step), ``norm`` (units of the weights) and ``half_life`` (steps).
    ``optimizer`` and ``decay`` are those of ``predict``; wd is in the sense of ``decay``.
    Raises OutOfDomain for a value outside its range, and Unreachable with the range that can be reached.
    """
    wanted = {"angle": angle, "norm": norm, "half_life": half_life}
    asked = {name: value for name, value in wanted.items() if value is not None}
    if len(asked) != 1:
        given = ", ".join(f"{name} = {value:g}" for name, value in asked.items()) or "none"
        raise OutOfDomain(f"one target is needed of angle, norm and half_life; given: {given}")
    ((quantity, value),) = asked.items()
    if unknown not in (own := parameters_of(optimizer, decay)):
        raise OutOfDomain(f"for = {unknown} is no hyper-parameter of {optimizer}, which takes {', '.join(own)}")
    return theory.solve(optimizer, unknown, quantity, value, forward=partial(predict, decay=decay), **hyperparameters)


def as_json(found: Solution) -> dict[str, Any]:
    """The solution under the keys of ``smd solve --json``."""
    prediction = found.prediction
    return {
        "optimizer": prediction.optimizer,
        "unknown": found.unknown,
        "value": found.value,
        "hyperparameters": prediction.hyperparameters,
        "decay_per_step": decay_per_step(prediction),
        "angular_update": prediction.angular_update,
        "half_life": prediction.half_life,
        "equilibrium_norm": prediction.equilibrium_norm,
        "warnings": prediction.warnings,
    }


def decay_per_step(found: theory.Prediction) -> float:
    """lr * wd; under the independent convention (factor 1 - wd) this is the coefficient itself."""
    lr, wd = (found.hyperparameters.get(name) for name in ("lr", "wd"))
    return math.nan if lr is None or wd is None else lr * wd
