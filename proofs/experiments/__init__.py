"""Experiments: what the theory predicts, seen in runs that nobody simplified for it. One module each, read when asked.

A module of this folder is an experiment where it states EXPERIMENT; its name is the module's with dashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from proofs.experiments.experiment import Experiment

FOLDER = Path(__file__).parent
LAYER = {"cpu": "network", "cuda": "network-gpu"}
"""The layer of evidence by the device that ran."""
_STATES = re.compile(r"^EXPERIMENT\b", re.MULTILINE)


class NoExperiment(ValueError):
    """There is no experiment of that name."""


class _Experiments(Mapping[str, Experiment]):
    """Every experiment by its name; a module is imported when it is asked for."""

    def __getitem__(self, name: str) -> Experiment:
        if name not in names():
            raise KeyError(name)
        found = import_module(module_of(name)).EXPERIMENT
        if found.name != name:
            raise NoExperiment(f"{module_of(name)} states the experiment {found.name}, not {name}")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())


EXPERIMENTS: Mapping[str, Experiment] = _Experiments()


@cache
def names() -> tuple[str, ...]:
    """The names, in alphabetical order, without importing anything."""
    files = (file for file in FOLDER.glob("*.py") if _STATES.search(file.read_text(encoding="utf-8")))
    return tuple(sorted(file.stem.replace("_", "-") for file in files))


def module_of(name: str) -> str:
    """The module that states the experiment."""
    return f"{__name__}.{name.replace('-', '_')}"


def modules_of(name: str) -> tuple[str, ...]:
    """The modules that state it and run its cells."""
    return module_of(name), EXPERIMENTS[name].cell.partition(":")[0]


def named(name: str) -> Experiment:
    """The experiment of that name; NoExperiment where there is none."""
    if name not in EXPERIMENTS:
        raise NoExperiment(f"experiment = {name} is unknown; known are {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name]


def of_claim(claim_id: str) -> tuple[Experiment, ...]:
    """The experiments that are evidence on a claim."""
    return tuple(experiment for experiment in EXPERIMENTS.values() if claim_id in experiment.claims)
