"""Where two libraries' conventions part, and by which angle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import theory
from smd.conventions import DECAYS, Convention, convention_named, equivalent_wd
from smd.predicting import as_json, predict
from theory import OutOfDomain, Prediction

SHARES = (1.0, 0.1)
"""Fractions of the peak learning rate at which angles are compared: at the peak, and late in a schedule."""
WITHOUT_MOMENTUM = {"sgdm": "sgd", "sgdw": "sgd", "nesterov": "sgd", "nesterovw": "sgd"}
"""What a rule is when its momentum is zero."""

Hyperparameters = Mapping[str, float | None]


@dataclass(frozen=True)
class Side:
    """One library's reading of the same recipe."""

    convention: Convention
    chosen: dict[str, float]
    predictions: dict[float, Prediction | None]
    untold: str | None

    @property
    def parts(self) -> dict[str, str]:
        """What it does, part by part, in words and numbers."""
        own = self.convention
        parts = {"rule": own.rule, "weight decay": f"{own.decay}: {DECAYS[own.decay]}"}
        parts |= {name: f"{value:g}" for name, value in self.chosen.items() if value or name != "dampening"}
        if own.eps is not None:
            parts["eps"] = f"{own.eps:g}"
        return parts


@dataclass(frozen=True)
class Difference:
    """Two sides, and the parts in which they differ."""

    sides: tuple[Side, Side]

    @property
    def parts(self) -> dict[str, tuple[str, str]]:
        """The parts that differ, as each side has them."""
        one, other = (side.parts for side in self.sides)
        return {
            name: (one.get(name, "-"), other.get(name, "-"))
            for name in dict.fromkeys([*one, *other])
            if one.get(name) != other.get(name)
        }

    def ratio(self, share: float) -> float | None:
        """Angle of the second over that of the first at a share of the peak learning rate."""
        one, other = (side.predictions[share] for side in self.sides)
        return None if one is None or other is None else other.angular_update / one.angular_update


def diff(one: str, other: str, **hyperparameters: float | None) -> Difference:
    """The same numbers given to two libraries; what is not given stands at each library's own default.

    ``one`` and ``other`` are LIBRARY:OPTIMIZER. Raises OutOfDomain where a library is unknown, or needs a
    number that was not given.
    """
    conventions = convention_named(one), convention_named(other)
    for name, value in hyperparameters.items():
        if value is not None and not any(name in _names(convention) for convention in conventions):
            raise OutOfDomain(f"{name} = {value:g} applies to neither {one} nor {other}")
    first, second = (_side(convention, hyperparameters) for convention in conventions)
    return Difference((first, second))


def json_of(found: Difference) -> dict[str, Any]:
    """The keys of ``smd diff --json``."""
    return {
        "sides": [
            {
                "label": side.convention.label,
                "parts": side.parts,
                "note": side.convention.note,
                "source": side.convention.source,
                "provenance": side.convention.provenance,
                "predictions": {f"{s:g}": None if p is None else as_json(p) for s, p in side.predictions.items()},
                "untold": side.untold,
            }
            for side in found.sides
        ],
        "differs": {name: list(pair) for name, pair in found.parts.items()},
        "angle_ratio": {f"{share:g}": found.ratio(share) for share in SHARES},
    }


def _names(convention: Convention) -> set[str]:
    """The hyper-parameters that a convention takes: its own and those of its rule."""
    rule = {p.name for p in theory.load(convention.rule).parameters} if convention.rule in theory.NAMES else set()
    return {"lr", "wd", "dim", "grad_norm"} | set(convention.defaults) | rule


def _side(convention: Convention, given: Hyperparameters) -> Side:
    own = {name: value for name, value in given.items() if value is not None and name in _names(convention)}
    chosen = {**convention.defaults, **own}
    for name in ("lr", "wd"):
        if not chosen.get(name):
            raise OutOfDomain(f"{name} is missing: {convention.label} has none by default")
    ordered = {name: float(chosen[name]) for name in ("lr", "wd", *chosen)}
    rule = convention.rule
    if not ordered.get("momentum", 1) and rule in WITHOUT_MOMENTUM:
        rule = WITHOUT_MOMENTUM[rule]
    if rule not in theory.NAMES:
        return Side(
            convention, ordered, dict.fromkeys(SHARES), f"the rule {rule} of {convention.label} is not derived here"
        )
    takes = {p.name for p in theory.load(rule).parameters} | {"dim", "grad_norm"}
    at = {name: value for name, value in ordered.items() if name in takes}
    if "beta2" not in given and theory.load(rule).normalised and _optional(rule, "beta2"):
        at.pop("beta2", None)  # v at its mean, as smd predict has it unless beta2 is asked for
    found: dict[float, Prediction | None] = {}
    for share in SHARES:
        lr = share * ordered["lr"]
        found[share] = predict(
            rule, **{**at, "lr": lr, "wd": equivalent_wd(convention.decay, lr, ordered["wd"], ordered["lr"])}
        )
    return Side(convention, ordered, found, None)


def _optional(rule: str, name: str) -> bool:
    return any(p.name == name and p.optional for p in theory.load(rule).parameters)
