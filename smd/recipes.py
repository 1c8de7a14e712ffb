"""A training recipe from a YAML file: optimizer, hyper-parameters, schedule, length; every mistake named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import theory
from smd.conventions import equivalent_wd
from smd.predicting import NOISE, predict
from theory import OutOfDomain, Prediction
from theory.catalogue import REFINED, REFINING

SCHEDULES = {
    "constant": (),
    "linear": ("final",),
    "cosine": ("final",),
    "wsd": ("cooldown", "final"),
    "step": ("drops", "factor"),
}
"""The schedules, each with the keys that it takes besides name and warmup."""
BY_NAME = "decoupled"
OTHER_DECAYS = ("independent", "corrected", "scheduled")
"""Conventions in which wd is not simply multiplied by lr, see ``smd.conventions.DECAYS``."""
LONGEST = 10**9


class BadRecipe(ValueError):
    """A recipe that cannot be read; the message names the key and the value."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate over time, as a share of its peak.

    ``warmup`` steps rise linearly; ``final`` is the share at the end of linear, cosine and wsd;
    ``cooldown`` is the number of last steps in which wsd falls; at each of ``drops`` the share is
    multiplied by ``factor``.
    """

    name: str = "constant"
    warmup: int = 0
    cooldown: int = 0
    final: float = 0.0
    drops: tuple[int, ...] = ()
    factor: float = 0.1

    def shares(self, at: np.ndarray, steps: int) -> np.ndarray:
        """Shares of the peak at given steps of a run."""
        rise = np.minimum(1.0, (at + 1) / self.warmup) if self.warmup else np.ones_like(at, dtype=float)
        after = np.clip((at - self.warmup) / max(1, steps - self.warmup), 0, 1)
        if self.name == "linear":
            fall = 1 - (1 - self.final) * after
        elif self.name == "cosine":
            fall = self.final + (1 - self.final) * (1 + np.cos(np.pi * after)) / 2
        elif self.name == "wsd":
            fall = 1 - (1 - self.final) * np.clip((at - (steps - self.cooldown)) / self.cooldown, 0, 1)
        elif self.name == "step":
            fall = self.factor ** np.searchsorted(np.array(self.drops), at, side="right").astype(float)
        else:
            fall = np.ones_like(rise)
        return rise * fall


@dataclass(frozen=True)
class Recipe:
    """One run: the optimizer at its peak learning rate, its schedule, its number of steps."""

    optimizer: str
    lr: float
    wd: float
    steps: int
    schedule: Schedule
    decay: str
    hyperparameters: dict[str, float]
    start_norm: float | None

    def equilibrium(self, share: float = 1.0) -> Prediction:
        """The equilibrium at a share of the peak learning rate, under the recipe's convention of decay."""
        lr = share * self.lr
        wd = equivalent_wd(self.decay, lr, self.wd, self.lr)
        return predict(self.optimizer, **{**self.hyperparameters, "lr": lr, "wd": wd})


def read_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file; raises BadRecipe or OutOfDomain, and OSError for a file that cannot be read."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise BadRecipe(f"{path} is no YAML: {wrong}") from None
    if not isinstance(content, dict):
        raise BadRecipe(f"{path} holds {_shown(content)} where a recipe has keys: optimizer, lr, wd, steps, schedule")
    return recipe(content)


def recipe(content: Mapping[Any, Any]) -> Recipe:
    """The recipe of a mapping, as the YAML file holds it."""
    rest = dict(content)
    optimizer = rest.pop("optimizer", None)
    if optimizer not in theory.NAMES:
        said = "optimizer is missing" if optimizer is None else f"optimizer = {_shown(optimizer)} is unknown"
        raise BadRecipe(f"{said}; known are {', '.join(theory.NAMES)}")
    decay = rest.pop("decay", BY_NAME)
    if decay not in (BY_NAME, *OTHER_DECAYS):
        raise BadRecipe(
            f"decay = {_shown(decay)} is unknown; known are {', '.join(OTHER_DECAYS)}; without it wd is multiplied "
            "by lr, coupled or decoupled as the optimizer's name says"
        )
    for long, short in (("weight_decay", "wd"), ("learning_rate", "lr")):
        if long in rest:
            if short in rest:
                raise BadRecipe(f"{long} = {_shown(rest[long])} and {short} = {_shown(rest[short])} are the same key")
            rest[short] = rest.pop(long)
    if "betas" in rest:
        rest |= _betas(rest.pop("betas"), rest)
    steps = _whole("steps", _required(rest, "steps"), 1)
    schedule = _schedule(rest.pop("schedule", {}), steps)
    lr, wd = (_number(name, _required(rest, name), 0, included=False) for name in ("lr", "wd"))
    start = rest.pop("start_norm", None)
    start = None if start is None else _number("start_norm", start, 0, included=False)
    takes = {p.name for p in theory.load(optimizer).parameters}
    takes |= set(REFINING) if optimizer in REFINED else set()
    known = takes | set(NOISE)
    for key, value in rest.items():
        if key not in known:
            keys = ", ".join(["steps", "schedule", "decay", "start_norm", "betas", *sorted(known)])
            raise BadRecipe(f"{key} = {_shown(value)} is no key of a recipe for {optimizer}; known are {keys}")
    hyper = {key: _number(key, value, -math.inf) for key, value in rest.items()}
    sizes = [name for name in NOISE if name in takes and name not in hyper]
    if start is not None and sizes:
        raise BadRecipe(f"start_norm = {start:g} needs {' and '.join(sizes)} to be compared with the equilibrium's")
    found = Recipe(optimizer, lr, wd, steps, schedule, decay, hyper, start)
    found.equilibrium()
    return found


def _required(rest: dict[Any, Any], key: str) -> Any:
    if rest.get(key) is None:
        raise BadRecipe(f"{key} is missing")
    return rest.pop(key)


def _schedule(value: Any, steps: int) -> Schedule:
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict):
        raise BadRecipe(f"schedule = {_shown(value)} is no name and no mapping")
    rest = dict(value)
    name = rest.pop("name", "constant")
    if name not in SCHEDULES:
        raise BadRecipe(f"schedule.name = {_shown(name)} is unknown; known are {', '.join(SCHEDULES)}")
    allowed = ("warmup", *SCHEDULES[name])
    for key in rest:
        if key not in allowed:
            raise BadRecipe(
                f"schedule.{key} = {_shown(rest[key])} does not apply to {name}, which takes {', '.join(allowed)}"
            )
    checked: dict[str, Any] = {"name": name}
    if "warmup" in rest:
        checked["warmup"] = _whole("schedule.warmup", rest["warmup"], 0, steps)
    if name == "wsd":
        if "cooldown" not in rest:
            raise BadRecipe("schedule.cooldown is missing: the last steps in which wsd falls")
        checked["cooldown"] = _whole("schedule.cooldown", rest["cooldown"], 1, steps)
    if "final" in rest:
        checked["final"] = _number("schedule.final", rest["final"], 0, 1)
    if "factor" in rest:
        checked["factor"] = _number("schedule.factor", rest["factor"], 0, included=False)
    if name == "step":
        drops = rest.get("drops")
        if not isinstance(drops, list) or not drops:
            raise BadRecipe(f"schedule.drops = {_shown(drops)} is no list of steps")
        checked["drops"] = tuple(sorted(_whole("schedule.drops", drop, 1, steps) for drop in drops))
    return Schedule(**checked)


def _betas(value: Any, rest: Mapping[Any, Any]) -> dict[str, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRecipe(f"betas = {_shown(value)} is no list of two numbers")
    for name in ("beta1", "beta2"):
        if name in rest:
            raise BadRecipe(f"betas = {_shown(value)} and {name} = {_shown(rest[name])} are the same key")
    return dict(zip(("beta1", "beta2"), value, strict=True))


def _number(key: str, value: Any, low: float, high: float = math.inf, included: bool = True) -> float:
    try:  # YAML 1.1 reads 1e-3 as a string
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise BadRecipe(f"{key} = {_shown(value)} is not a number") from None
    if not math.isfinite(number) or number < low or number > high or (number == low and not included):
        left = "[" if included and math.isfinite(low) else "("
        right = "]" if math.isfinite(high) else ")"
        raise OutOfDomain(f"{key} = {number:g} is outside its range {left}{low:g}, {high:g}{right}")
    return number


def _whole(key: str, value: Any, low: int, high: int = LONGEST) -> int:
    number = _number(key, value, low, high)
    if number != int(number):
        raise OutOfDomain(f"{key} = {number:g} is no whole number")
    return int(number)


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
