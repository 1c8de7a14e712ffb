"""Calling the function of a cell, in whatever process, and saying what came of it."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numerics.provenance import source_hash
from numerics.seeding import BASE
from numerics.sweep import cells
from numerics.sweep.cells import BadSweep, Cell, Point
from numerics.sweep.locks import shared

OWN_SOURCES = "numerics.sweep.calling:sources_of"
THREADS = "OMP_NUM_THREADS"
WATCH = 0.1
"""Seconds between two looks at whether the driver lives."""

_watched: set[int] = set()


def named(function: str) -> Callable[..., Any]:
    """The function behind "module:name"; BadSweep where there is none."""
    module, _, name = function.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as missing:
        raise BadSweep(f"function = {function} is not a module:name that can be imported: {missing}") from missing
    if not callable(found):
        raise BadSweep(f"function = {function} is not a function")
    return found


def sources_of(module: str) -> str:
    """Hash of a module's own file and of every source of this package."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise BadSweep(f"{module} has no source file")
    return hashlib.sha256(source_hash().encode() + Path(spec.origin).read_bytes()).hexdigest()[:16]


def source(function: str, sourced_by: str) -> str:
    """What ``sourced_by``, a function of a module's name by "module:name", says of the function's sources."""
    return str(named(sourced_by)(function.partition(":")[0]))


def call(point: Point, expected: str, sourced_by: str, base: int) -> Cell:
    """The cell at a point, under one thread and the base seed of the driver.

    What the function raises is the cell's failure. Raises BadSweep where the sources are not the ``expected`` ones.
    """
    os.environ[BASE] = str(base)
    here = source(point.function, sourced_by)
    if here != expected:
        raise BadSweep(f"the sources of {point.function} changed during the sweep, or a worker has others; start again")
    function, begin = named(point.function), time.perf_counter()
    values: dict[str, Any] = {}
    failed = ""
    with one_thread():
        try:
            values = dict(function(seed=point.seed, device=point.device, **point.parameters))
        except Exception as raised:  # a cell's failure is its own: the others go on
            failed = f"{type(raised).__name__}: {' '.join(str(raised).split())}"
    return Cell(point.parameters, point.seed, values, failed, cells.provenance(point.device, here, begin))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch, so that sums have one order; as before afterwards. It is not loaded for that."""
    torch = sys.modules.get("torch")
    before = os.environ.get(THREADS) if torch is None else torch.get_num_threads()
    try:
        if torch is None:
            os.environ[THREADS] = "1"
        else:
            torch.set_num_threads(1)
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)
        elif before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = str(before)


def call_here(folder: Path, driver: int, point: Point, *settings: Any) -> str:
    """Call and write the cell, in a process of this machine that ends when the driver does; the point's key.

    What is running when the driver is killed is not finished, and the next driver waits until it has ended.
    """
    if os.getpid() != driver:
        _end_with(driver)
    with shared(folder):
        keep(folder, point, call(point, *settings))
    return point.key


def keep(folder: Path, point: Point, cell: Cell) -> Cell:
    """Write a cell; one whose values are not JSON or arrays failed by that."""
    try:
        cells.write(folder, point, cell)
    except TypeError as wrong:
        cell = Cell(cell.parameters, cell.seed, {}, f"TypeError: {wrong}", cell.provenance)
        cells.write(folder, point, cell)
    return cell


def _end_with(driver: int) -> None:
    """End this process when its parent is no longer the driver."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(WATCH)
        os._exit(1)

    if os.getppid() != driver:
        sys.stderr.flush()
        os._exit(1)
    if driver not in _watched:
        _watched.add(driver)
        threading.Thread(target=watch, daemon=True).start()
