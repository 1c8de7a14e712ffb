"""What a simulation is asked for, checked before it begins: rules and laws by name, ranges, devices."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from numerics.errors import BadSimulation
from numerics.gradients import LAWS, GradientLaw
from numerics.muon import Muon
from numerics.seeding import SEEDS
from numerics.updates import UPDATES, Start, Update
from numerics.updates.update import KEPT, VECTORS, Rule

Array = np.ndarray

WORDS = 1 << 32
"""Steps, and chains of their own noise, beyond which random numbers would come again."""

FROM_ZERO, AVERAGING = (0.0, math.inf), (0.0, 1.0)
RANGES = {
    "lr": FROM_ZERO,
    "wd": FROM_ZERO,
    "momentum": AVERAGING,
    "beta1": AVERAGING,
    "beta2": AVERAGING,
    "dampening": (-math.inf, math.inf),
    "eps": FROM_ZERO,
    "trust": FROM_ZERO,
    "momentum_decay": FROM_ZERO,
    "at_step": (1.0, math.inf),
    "rows": (1.0, math.inf),
    "cols": (1.0, math.inf),
}
"""Where hyper-parameters have a meaning: from the first number on, below the second."""
LEAST_NORM = 1e-100
"""Below this, and above its inverse, squared norms leave double precision."""


NAMED: dict[str, type] = {**UPDATES, "muon": Muon}
"""What runs by name: the rules, which act on vectors, and Muon, on matrices."""


def update_for(optimizer: str, hyperparameters: Mapping[str, float | None]) -> Update:
    """The tensor update of an optimizer by name; raises BadSimulation for an unknown name, field or combination."""
    if optimizer not in NAMED:
        raise BadSimulation(f"optimizer = {optimizer} is unknown; known are {', '.join(NAMED)}")
    rule = NAMED[optimizer]
    defaults = {field.name: field.default for field in fields(rule)}
    for name, value in hyperparameters.items():
        if name not in defaults:
            raise BadSimulation(f"{name} = {value} is not a field of {optimizer}, which takes {', '.join(defaults)}")
    for name, default in defaults.items():
        if default is MISSING and name not in hyperparameters:
            raise BadSimulation(f"{name} of {optimizer} is missing; it has no default")
    try:
        return rule(**hyperparameters)
    except ValueError as wrong:
        raise BadSimulation(f"{optimizer}: {wrong}") from wrong


def check_update(update: Update, dim: int) -> None:
    """Raise BadSimulation for a hyper-parameter that is no number or outside its range, and matrices of another dim."""
    known: tuple[Field[Any], ...] = fields(update) if is_dataclass(update) else ()
    for field in known:
        value, name = getattr(update, field.name), type(update).__name__.lower()
        if field.name not in RANGES or (value is None and field.default is None):
            continue
        low, high = RANGES[field.name]
        if not isinstance(value, Real) or not math.isfinite(float(value)):
            raise BadSimulation(f"{field.name} = {value} of {name} is not a finite number")
        if not low <= float(value) < high:
            raise BadSimulation(f"{field.name} = {value} of {name} is outside its range [{low:g}, {high:g})")
    if isinstance(update, Muon) and update.rows * update.cols != dim:
        raise BadSimulation(f"dim = {dim} is not rows * cols = {update.rows * update.cols} of muon")


def device_of(name: str) -> str:
    """The device's name, or BadSimulation where it is unknown or not there."""
    if name not in ("cpu", "cuda"):
        raise BadSimulation(f"device = {name} is unknown; known are cpu, cuda")
    if name == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise BadSimulation("device = cuda is not available here; use cpu")
    return name


def law_of(law: str | GradientLaw) -> GradientLaw:
    """A law by name, or itself; raises BadSimulation for a name that is unknown."""
    if isinstance(law, GradientLaw):
        return law
    if law not in LAWS:
        raise BadSimulation(f"law = {law} is unknown; known are {', '.join(LAWS)}")
    return LAWS[law]


def check_run(
    *,
    law: str | GradientLaw,
    dim: int,
    replicas: int,
    steps: int = 1,
    burn_in: int = 0,
    start_norm: float = 1.0,
    seed: int = 0,
) -> None:
    """Raise BadSimulation for a run that has no meaning."""
    chosen = law_of(law)
    least = {"dim": (dim, chosen.least_dim), "replicas": (replicas, 2), "steps": (steps, 1), "burn_in": (burn_in, 0)}
    for name, (value, low) in least.items():
        if value < low:
            raise BadSimulation(f"{name} = {value} is outside its range [{low}, inf) for the law {chosen.name}")
        if value != int(value):
            raise BadSimulation(f"{name} = {value} is not a whole number")
    if steps > WORDS:
        raise BadSimulation(f"steps = {steps} is outside its range [1, 2^32]: random numbers would come again")
    if burn_in >= steps:
        raise BadSimulation(f"burn_in = {burn_in} is outside its range [0, {steps}), below the number of steps")
    if not 0 <= seed < SEEDS:
        raise BadSimulation(f"seed = {seed} is outside its range [0, 2^63)")
    if not LEAST_NORM <= start_norm <= 1 / LEAST_NORM:
        raise BadSimulation(f"start_norm = {start_norm:g} is outside its range [{LEAST_NORM:g}, {1 / LEAST_NORM:g}]")


def positive(name: str, value: float) -> float:
    """The number, which must be finite and above 0."""
    if not (value > 0 and math.isfinite(value)):
        raise BadSimulation(f"{name} = {value} is outside its range (0, inf)")
    return float(value)


def schedule_of(schedule: Mapping[str, Sequence[float] | Array] | None, steps: int) -> dict[str, Array]:
    """lr and wd of every step [steps], where they are given, checked."""
    found = {name: np.asarray(values, dtype=np.float64) for name, values in (schedule or {}).items()}
    for name, values in found.items():
        if name not in ("lr", "wd"):
            raise BadSimulation(f"schedule of {name} is unknown; known are lr, wd")
        if values.shape != (steps,):
            raise BadSimulation(f"schedule of {name} has shape {values.shape}, and there are {steps} steps")
        low, high = RANGES[name]
        wrong = np.flatnonzero(~((low <= values) & (values < high)))
        if len(wrong):
            raise BadSimulation(
                f"schedule of {name} = {values[wrong[0]]} at step {wrong[0]} is outside its range [{low:g}, {high:g})"
            )
    return found


def start_of_chains(
    start: Start | None, updates: tuple[Update, ...], replicas: int, dim: int, law: GradientLaw
) -> Start | None:
    """The start of all chains, checked; it may have an axis of configurations. An own update keeps what it likes."""
    if start is None:
        return None
    shape, chains = tuple(start.weights.shape), len(updates) * replicas
    if shape not in ((chains, dim), (len(updates), replicas, dim)):
        raise BadSimulation(f"start has weights {shape}, and there are {chains} chains of dim = {dim}")
    held = {name: getattr(start.state, name) for name in KEPT if getattr(start.state, name) is not None}
    ours = isinstance(updates[0], Rule)
    for name, vector in {"weights": start.weights, **held}.items():
        if ours and vector.shape != (shape if name in ("weights", *VECTORS) else (*shape[:-1], 1)):
            raise BadSimulation(f"start has {name} {tuple(vector.shape)} beside weights {shape}")
        if not vector.isfinite().all():
            raise BadSimulation(f"start has {name} that are not finite")
    if law.orthogonal and not start.weights.reshape(chains, dim).any(-1).all():
        raise BadSimulation(f"start has weights that are zero, which the law {law.name} has no gradient for")
    if isinstance(updates[0], Rule):
        kept = updates[0].form.kept
        missing = [name for name in kept if held and name not in held]
        if missing:
            raise BadSimulation(f"start has no {missing[0]}, which the rule keeps beside {next(iter(held))}")
        held = {name: vector.reshape(chains, -1) for name, vector in held.items()}
    return Start(start.weights.reshape(chains, dim), replace(start.state, **held))


def writable(path: Path) -> Path:
    """A checkpoint's path, where one can be written."""
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        what = "is a folder" if path.is_dir() else f"cannot be written: {path.parent} is not a folder to write into"
        raise BadSimulation(f"{path} {what}")
    return path
