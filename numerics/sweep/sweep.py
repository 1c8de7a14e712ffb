"""A sweep: which cells there are, which of them are to be done, and the cells when they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerics.errors import BadSimulation
from numerics.seeding import base_seed
from numerics.sweep import cells, places
from numerics.sweep.calling import OWN_SOURCES, named, source
from numerics.sweep.cells import SUFFIX, BadSweep, Cell, Point
from numerics.sweep.locks import alone

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Swept:
    """The cells in the order of the grid, how many were ``kept`` from before, and what there was to say."""

    cells: tuple[Cell, ...]
    kept: int
    notes: tuple[str, ...]

    @property
    def failed(self) -> list[Cell]:
        """The cells in which the function raised, or lost its process."""
        return [cell for cell in self.cells if cell.failed]

    @property
    def sound(self) -> list[Cell]:
        """The others."""
        return [cell for cell in self.cells if not cell.failed]


@dataclass(frozen=True)
class Sweep:
    """``function`` ("module:name") at every point of ``grid`` with every seed, a file for each in ``folder``.

    The function is called as f(*, seed, device, **parameters), its result a mapping by name of numbers, texts, lists
    and NumPy arrays. ``sourced_by`` ("module:name") maps a module's name to a hash of the sources that its results
    depend on; without it these are the module's own file and all of numerics.
    """

    function: str
    grid: Iterable[Mapping[str, Any]]
    seeds: Iterable[int]
    folder: Path
    device: str = "cpu"
    sourced_by: str = OWN_SOURCES

    def run(
        self,
        jobs: int | None = None,
        dask: str | None = None,
        on_progress: Progress = lambda done, total, note: None,
        on_note: Callable[[str], None] = lambda line: None,
    ) -> Swept:
        """Do what is not there yet, in ``jobs`` processes (the processors, one on a GPU) or on the cluster ``dask``.

        ``on_progress`` is told cells done, cells in all, and the one at hand; ``on_note`` what is done again and why.
        Raises BadSweep for a function or grid without meaning, where no scheduler answers at ``dask``, and where
        another process fills the folder; BadSimulation where a cell cannot be written: what is there is kept.
        """
        every = cells.points(self.function, self.grid, self.seeds, self.device)
        if jobs is not None and jobs < 1:
            raise BadSweep(f"jobs = {jobs} must be 1 or more")
        if dask is not None:  # said even where all cells are there, so that an address is not wrong in silence
            places.client_of(dask).close()
        named(self.function)
        now = source(self.function, self.sourced_by)
        notes: list[str] = []

        def note(line: str) -> None:
            notes.append(line)
            on_note(line)

        with alone(self.folder):
            _tidy(self.folder)
            waiting = self._waiting(every, now, note)
            kept = len(every) - len(waiting)
            at = {point.key: point for point in waiting}
            before = {key: _inode(self._file(point)) for key, point in at.items()}
            settings = (now, self.sourced_by, base_seed())
            on_progress(kept, len(every), "")
            if waiting:
                many = min(jobs or (1 if self.device != "cpu" else os.cpu_count() or 1), len(waiting))

                def written(point: Point) -> bool:
                    return _inode(self._file(point)) not in (None, before[point.key])

                done = (
                    places.here(self.folder, waiting, settings, many, written, note)
                    if dask is None
                    else places.cluster(self.folder, waiting, settings, dask, note)
                )
                for number, key in enumerate(done, kept + 1):
                    on_progress(number, len(every), str(at[key]))
            found = tuple(cells.read(self._file(point)) for point in every)
        return Swept(found, kept, tuple(notes))

    def _file(self, point: Point) -> Path:
        return self.folder / f"{point.key}{SUFFIX}"

    def _waiting(self, every: Sequence[Point], now: str, note: Callable[[str], None]) -> list[Point]:
        """The points without a sound cell of these sources."""
        found, other, failed = [], 0, 0
        for point in every:
            file = self._file(point)
            try:
                cell = cells.read(file)
            except BadSimulation as damaged:
                if file.exists():
                    note(f"{damaged}; it is done again: {point}")
                found.append(point)
                continue
            if cell.failed or cell.provenance["source"] != now:
                found.append(point)
                failed, other = failed + bool(cell.failed), other + (not cell.failed)
        if other:
            note(f"{other} cells were made by other sources of {self.function} and are done again")
        if failed:
            note(f"{failed} cells failed before and are tried again")
        return found


def _inode(file: Path) -> int | None:
    """What tells one file of a name from the next."""
    return file.stat().st_ino if file.exists() else None


def _tidy(folder: Path) -> None:
    """Remove what processes that were killed left half-written."""
    for file in folder.glob(f"*{SUFFIX}.*.unfinished"):
        file.unlink(missing_ok=True)
