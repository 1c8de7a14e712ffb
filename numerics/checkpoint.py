"""An unfinished run in a file, from which it continues bit for bit, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from numerics import container
from numerics.errors import BadSimulation
from numerics.provenance import source_hash, versions

Array = np.ndarray
KIND = "spherical-motion checkpoint"
VERSION = 1
ARITHMETIC = ("numpy", "torch", "numba")
"""Packages whose version may change the last bit."""


def write(path: str | Path, settings: Mapping[str, Any], step: int, arrays: Mapping[str, Array]) -> None:
    """Write the ``arrays`` of a run with ``settings`` (JSON values) after ``step`` steps; see ``container.write``."""
    header = {"settings": dict(settings), "step": step, "source": source_hash(), "versions": _arithmetic()}
    container.write(path, KIND, VERSION, header, arrays)


def read(path: str | Path, settings: Mapping[str, Any]) -> tuple[int, dict[str, Array]]:
    """Steps done and arrays of a checkpoint that a run with the same ``settings`` wrote.

    Raises BadSimulation for a file that is no checkpoint or damaged, for one of other settings, naming the first
    that differs, and for one of other sources or libraries, with which the bits would differ.
    """
    header, arrays = container.read(path, KIND, VERSION)
    _compare(path, "of another run", header["settings"], settings)
    _compare(path, "made with other libraries", header["versions"], _arithmetic())
    if header["source"] != source_hash():
        raise BadSimulation(f"{path} was made by other sources of numerics; the run cannot continue bit for bit")
    return int(header["step"]), arrays


def _compare(path: str | Path, what: str, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    for name in (*here, *(name for name in there if name not in here)):
        old, new = (_text(values[name]) if name in values else "absent" for values in (there, here))
        if old != new:
            raise BadSimulation(f"{path} is {what}: {name} = {old} there, {new} here")


def _text(value: Any) -> str:
    return json.dumps(value, default=container.plain, sort_keys=True)


def _arithmetic() -> dict[str, str]:
    return {name: version for name, version in versions().items() if name in ARITHMETIC}
