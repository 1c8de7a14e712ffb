"""Optimizers by the names of the theory: torch.optim's own class where it has the rule, ours where not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, cast

import torch
from torch.optim import Optimizer

from numerics.optimizers.adam import AdamC, AdamW, RMSpropW
from numerics.optimizers.lion_a import LionA, LionAR
from numerics.optimizers.muon import Muon
from numerics.optimizers.options import BadOptimizer
from numerics.optimizers.projected import ProjectedSGD
from numerics.optimizers.sgd import NGD, SGDW
from numerics.optimizers.sign import Lion, SignSGD, Signum
from numerics.optimizers.trust import LAMB, LARS
from numerics.optimizers.wrapper import Wrapper


@dataclass(frozen=True)
class Entry:
    """A class, what is fixed in it, the rule's own defaults, and the theory's names for its hyper-parameters."""

    make: Callable[..., Optimizer]
    fixed: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def keywords(self, given: dict[str, Any]) -> dict[str, Any]:
        """The class's own arguments for hyper-parameters by either name; beta1 and beta2 make its betas."""
        known = set(signature(self.make).parameters)
        named = {**self.defaults, **given}
        if "betas" in known and not {"beta1", "beta2"}.isdisjoint(named):
            usual = named.get("betas", signature(self.make).parameters["betas"].default)
            named["betas"] = tuple(named.pop(f"beta{i + 1}", usual[i]) for i in (0, 1))
        return {**{self.renamed.get(name, name): value for name, value in named.items()}, **self.fixed}


HEAVY = {"momentum": 0.9}
ENTRIES: dict[str, Entry] = {
    "sgd": Entry(torch.optim.SGD, {"momentum": 0.0}),
    "sgdm": Entry(torch.optim.SGD, defaults=HEAVY),
    "sgdw": Entry(SGDW, defaults=HEAVY),
    "nesterov": Entry(torch.optim.SGD, {"nesterov": True}, HEAVY),
    "nesterovw": Entry(SGDW, {"nesterov": True}, HEAVY),
    "ngd": Entry(NGD, renamed={"beta1": "momentum"}),
    "rmsprop": Entry(torch.optim.RMSprop, {"momentum": 0.0, "centered": False}, renamed={"beta2": "alpha"}),
    "rmspropw": Entry(RMSpropW, renamed={"beta2": "alpha"}),
    "adam_l2": Entry(torch.optim.Adam),
    "adamw": Entry(torch.optim.AdamW),
    "adamc": Entry(AdamC),
    "nadam_l2": Entry(torch.optim.NAdam),
    "nadamw": Entry(torch.optim.NAdam, {"decoupled_weight_decay": True}),
    "lion": Entry(Lion),
    "lion_a": Entry(LionA),
    "lion_ar": Entry(LionAR),
    "signsgd": Entry(SignSGD),
    "signum": Entry(Signum, renamed={"beta1": "momentum"}),
    "lars": Entry(LARS),
    "lamb": Entry(LAMB),
    "muon": Entry(Muon),
    "projected_sgd": Entry(ProjectedSGD),
}
FORMS = {
    ("adam", "coupled"): "adam_l2",
    ("adam", "decoupled"): "adamw",
    ("nadam", "coupled"): "nadam_l2",
    ("nadam", "decoupled"): "nadamw",
    ("sgd", "decoupled"): "sgd",
    ("sgdm", "decoupled"): "sgdw",
    ("nesterov", "decoupled"): "nesterovw",
    ("rmsprop", "decoupled"): "rmspropw",
}
"""The rule behind a base name and a form of decay."""
OURS = {"adamw": Entry(AdamW), "sgd": Entry(SGDW, {"momentum": 0.0})}
"""Our own class beside torch's, for options that torch's does not have."""
BEYOND_TORCH = ("momentum_bias",)
DECAYS = ("coupled", "decoupled", "independent", "corrected")
NAMES: tuple[str, ...] = (*ENTRIES, "adam", "nadam")
"""Every name that ``build`` knows; adam and nadam need to be told their decay."""


def build(name: str, params: Iterable[Any], *, decay: str | None = None, **hyperparameters: Any) -> Optimizer:
    """The optimizer of that name on parameters or param groups, as torch.optim takes them.

    Hyper-parameters by the theory's names (``lr``, ``wd``, ``momentum``, ``dampening``, ``beta1``, ``beta2``, ``eps``,
    ``trust``, ``momentum_decay``) or by torch's (``weight_decay``, ``betas``, ``alpha``), and any further option of
    the class. ``lr`` must be given and ``wd`` is 0 unless it is; other defaults are the class's, momentum is 0.9.
    ``master`` (True or False) gives torch's classes, too, float32 state for weights in half precision, and with True
    float32 weights in it: by a ``Wrapper``, as ours have it anyway.
    ``decay`` is ``coupled``, ``decoupled``, ``independent`` or ``corrected``; it is the name's own where None.

    Raises BadOptimizer, a ValueError, for an unknown name, decay or hyper-parameter and for values out of range.
    """
    entry, extra = _chosen(name, decay, hyperparameters)
    given = {"weight_decay" if k == "wd" else k: value for k, value in hyperparameters.items()}
    if "lr" not in given:
        raise BadOptimizer(f"lr is missing: {name} needs it")
    allowed = _known(entry.make)
    master = None if "master" in allowed else given.pop("master", None)
    none = {"weight_decay": 0.0} if "weight_decay" in allowed else {}
    keywords = entry.keywords({**none, **given, **extra})
    unknown = [k for k in keywords if k not in allowed]
    if unknown:
        raise BadOptimizer(f"{unknown[0]} is no hyper-parameter of {name}; known are {', '.join(sorted(allowed))}")
    optimizer = entry.make(params, **keywords)
    return optimizer if master is None else Wrapper(optimizer, master=master)


def _chosen(name: str, decay: str | None, given: dict[str, Any]) -> tuple[Entry, dict[str, Any]]:
    if name not in NAMES:
        raise BadOptimizer(f"optimizer = {name} is unknown; known are {', '.join(NAMES)}")
    if decay not in (None, *DECAYS):
        raise BadOptimizer(f"decay = {decay} is unknown; known are {', '.join(DECAYS)}")
    if name in ("adam", "nadam") and decay is None:
        raise BadOptimizer(f"optimizer = {name} needs a decay: coupled or decoupled")
    beyond = decay in ("independent", "corrected")
    rule = FORMS.get((name, "decoupled" if beyond else decay or ""), name)
    entry = ENTRIES[rule]
    if beyond or any(given.get(k) for k in BEYOND_TORCH):
        entry = OURS.get(rule, entry)
    form = form_of(entry)
    if beyond and form == "decoupled" and _is_ours(entry):
        return entry, {"decay": decay}
    if decay is not None and decay != form and (rule, decay) != ("sgd", "decoupled"):
        raise BadOptimizer(f"decay = {decay} does not apply to {name}, whose decay is {form}")
    return entry, {}


def _is_ours(entry: Entry) -> bool:
    return hasattr(entry.make, "decay_convention")


def form_of(entry: Entry) -> str:
    """How the entry's class means weight_decay."""
    if _is_ours(entry):
        return entry.make.decay_convention  # type: ignore[attr-defined]
    return "decoupled" if entry.make is torch.optim.AdamW or entry.fixed.get("decoupled_weight_decay") else "coupled"


def _known(make: Callable[..., Optimizer]) -> set[str]:
    known: set[str] = set()
    for one in inspect.getmro(cast(type, make)):
        known |= set(signature(one).parameters)
        if "options" not in signature(one).parameters:
            break
    return known - {"params", "options", "defaults"}
