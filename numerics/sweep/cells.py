"""The cells of a sweep: a point of the grid with its seed, what the function gave there, and the file that keeps it."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from numerics import container
from numerics.errors import BadSimulation
from numerics.provenance import versions
from numerics.seeding import base_seed

KIND = "spherical-motion cell"
VERSION = 1
SUFFIX = ".cell"


class BadSweep(BadSimulation):
    """The sweep cannot be run or go on; the message says why."""


@dataclass(frozen=True)
class Point:
    """Where a function is to be called: ``parameters`` by name and a ``seed``."""

    function: str
    parameters: Mapping[str, Any]
    seed: int
    device: str = "cpu"

    @property
    def key(self) -> str:
        """Hash of all that the result depends on but the sources."""
        text = json.dumps(
            [self.function, self.parameters, self.seed, base_seed(), self.device],
            sort_keys=True, default=container.plain,
        )  # fmt: skip
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in (*self.parameters.items(), ("seed", self.seed)))


@dataclass(frozen=True)
class Cell:
    """A point and what came of it: ``values`` by name (numbers, texts, lists, arrays), or why it ``failed``."""

    parameters: Mapping[str, Any]
    seed: int
    values: Mapping[str, Any]
    failed: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


def provenance(device: str, source: str, begin: float) -> dict[str, Any]:
    """Versions, device, base seed, hash of the sources, day and seconds of a cell that began at ``begin``."""
    return {
        "versions": versions(),
        "device": device,
        "base_seed": base_seed(),
        "source": source,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - begin, 3),
    }


def write(folder: Path, point: Point, cell: Cell) -> None:
    """Write a cell whole or not at all; raises BadSimulation where it cannot be written."""
    arrays = {name: value for name, value in cell.values.items() if isinstance(value, np.ndarray)}
    header = {
        "function": point.function,
        "parameters": dict(cell.parameters),
        "seed": cell.seed,
        "values": {name: value for name, value in cell.values.items() if name not in arrays},
        "failed": cell.failed,
        "provenance": dict(cell.provenance),
    }
    container.write(folder / f"{point.key}{SUFFIX}", KIND, VERSION, header, arrays)


def read(file: Path) -> Cell:
    """A cell that ``write`` wrote; raises BadSimulation for a file that is missing, damaged or something else."""
    header, arrays = container.read(file, KIND, VERSION)
    return Cell(
        header["parameters"], header["seed"], {**header["values"], **arrays}, header["failed"], header["provenance"]
    )


def points(function: str, grid: Iterable[Mapping[str, Any]], seeds: Iterable[int], device: str = "cpu") -> list[Point]:
    """Every point of the grid with every seed; BadSweep for one that is not JSON, or that stands there twice."""
    each = list(seeds)
    found = [Point(function, dict(parameters), seed, device) for parameters in grid for seed in each]
    try:
        keys = [point.key for point in found]
    except TypeError as wrong:
        raise BadSweep(f"the grid of {function}: {wrong}") from None
    times = Counter(keys)
    for point, key in zip(found, keys, strict=True):
        if times[key] > 1:
            raise BadSweep(f"the grid of {function} holds {point} twice")
    if not found:
        raise BadSweep(f"the grid of {function} is empty")
    return found


def product(**choices: Iterable[Any]) -> list[dict[str, Any]]:
    """Every combination of the choices, the last name moving fastest."""
    found: list[dict[str, Any]] = [{}]
    for name, values in choices.items():
        each = list(values)
        found = [{**before, name: value} for before in found for value in each]
    return found
