"""An experiment: the claims that it tests, the cells that it runs, and how what they gave is judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.statistics import Estimate
from numerics.sweep.cells import Cell
from proofs.comparison import Confrontation, critical
from proofs.verdict import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIDENCE = 0.95
"""A finding holds when the interval of this confidence over seeds lies within its tolerance."""
FALSE_ALARM = 1e-3
"""It is refuted when the interval of confidence 1 - FALSE_ALARM lies outside: less often than that where it is true.

Of each finding by itself: among n that are true one is refuted with probability n FALSE_ALARM at most.
"""


class Mode(StrEnum):
    """How much is run: what a laptop does in minutes, or the whole matrix."""

    QUICK = "quick"
    FULL = "full"


class Relation(StrEnum):
    """How what is measured must stand to what is predicted."""

    EQUAL = "="
    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True)
class Finding:
    """One comparison: ``measured`` stands in ``relation`` to ``predicted``, up to ``tolerance``.

    ``claims`` are the ids of those that it speaks of; without any it speaks of all claims of its experiment.
    ``measured`` is a mean over seeds with its standard error; an error of zero says that chance has no part in it.
    ``tolerance`` has the unit of the prediction and ``reason`` says where it comes from. Of a control the same is asked
    as of everything else: word it so that it holds where the wrong input is seen to be wrong.
    """

    name: str
    predicted: float
    measured: Estimate
    tolerance: float
    reason: str
    relation: Relation = Relation.EQUAL
    claims: tuple[str, ...] = ()

    @property
    def excess(self) -> float:
        """By how much the prediction is missed, 0 on the right side of a bound."""
        difference = self.measured.value - self.predicted
        if self.relation is Relation.EQUAL:
            return abs(difference)
        return max(0.0, difference if self.relation is Relation.AT_MOST else -difference)

    @property
    def outcome(self) -> Outcome:
        """Holds or refuted where the interval lies wholly within or without the tolerance, else undecided."""
        error, freedom = self.measured.standard_error, self.measured.replicas - 1
        if not math.isfinite(self.measured.value):
            return Outcome.REFUTED
        if error == 0:
            return Outcome.HOLDS if self.excess <= self.tolerance else Outcome.REFUTED
        if freedom < 1 or not math.isfinite(error):
            return Outcome.UNDECIDED
        signed = self.measured.value - self.predicted
        if self.relation is Relation.AT_MOST:
            gap = signed
        else:
            gap = -signed if self.relation is Relation.AT_LEAST else abs(signed)
        if gap + critical(1 - CONFIDENCE, freedom) * error <= self.tolerance:
            return Outcome.HOLDS
        return Outcome.REFUTED if gap - critical(FALSE_ALARM, freedom) * error > self.tolerance else Outcome.UNDECIDED

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it; an error that is not known is None."""
        return {
            "name": self.name,
            "claims": list(self.claims),
            "relation": str(self.relation),
            "predicted": self.predicted,
            "measured": self.measured.value,
            "error": self.measured.standard_error if math.isfinite(self.measured.standard_error) else None,
            "seeds": self.measured.replicas,
            "tolerance": self.tolerance,
            "reason": self.reason,
            "outcome": str(self.outcome),
        }


@dataclass(frozen=True)
class Table:
    """The numbers of an experiment: names of the columns, rows of numbers and texts, and what they are."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    caption: str = ""


FIRST_SEED = 1000
"""Of what is recorded. Settings and judgements were chosen with lower ones: no run is judged by what it shaped."""


@dataclass(frozen=True)
class Experiment:
    """What ``smd run NAME`` runs. A module in this folder states one as EXPERIMENT.

    name        of the command; the module's with dashes
    title       a line
    claims      ids of the claims that it is evidence on; what needs hypotheses that nobody checked in the run (white
                noise, equilibrium) belongs to an empirical claim, see proofs.claims.networks
    tests       in a sentence or two, what is predicted of what, and by which convention
    cell        "module:function" of a pure function f(*, seed, device, **parameters) -> values (numbers, texts, lists,
                NumPy arrays); what it raises is recorded as the failure of that cell alone. A cell is done again when
                a source changes that its module imports, so these modules lie apart, in proofs.experiments.cells
    grid        the parameters of the cells of a mode, as JSON has them; every cell runs with every seed
    judge       from the cells to the comparisons that the claims stand or fall with, and their controls
    table       of the cells; figure: of the cells, by ``proofs.experiments.drawing``
    seeds       how many, in each mode that it has: without a quick one it is no part of the quick set
    first_seed  the least of them
    seconds     that a mode takes, about, on four cores or a GPU
    published   ids of published statements that it speaks to, as the audit has them
    full_on     the devices on which the whole matrix is to be run

    Every module is read to list the experiments, so torch, matplotlib, theory and the like are imported in functions.
    """

    name: str
    title: str
    claims: tuple[str, ...]
    tests: str
    cell: str
    grid: Callable[[Mode], Iterable[Mapping[str, Any]]]
    judge: Callable[[Sequence[Cell]], Sequence[Finding | Confrontation]]
    table: Callable[[Sequence[Cell]], Table]
    figure: Callable[[Sequence[Cell]], Figure]
    seeds: Mapping[Mode, int]
    seconds: Mapping[Mode, float]
    published: tuple[str, ...] = ()
    full_on: tuple[str, ...] = field(default=("cpu", "cuda"))
    first_seed: int = FIRST_SEED

    @property
    def awaited(self) -> list[tuple[Mode, str]]:
        """The runs (mode, device) that its evidence is to have."""
        devices = {Mode.QUICK: ("cpu",), Mode.FULL: self.full_on}
        return [(mode, device) for mode in self.seeds for device in devices[mode]]


def over_seeds(cells: Iterable[Cell], value: str | Callable[[Cell], float]) -> Estimate:
    """Mean of a value, or of what a function makes of each cell, with its standard error over the cells.

    One cell gives an infinite error: nothing is known of the chance in it.
    """
    read = value if callable(value) else lambda cell: cell.values[value]
    found = np.array([float(read(cell)) for cell in cells])
    error = float(found.std(ddof=1) / np.sqrt(len(found))) if len(found) > 1 else math.inf
    return Estimate(float(found.mean()), error, len(found))


def largest(cells: Iterable[Cell], value: str | Callable[[Cell], float]) -> Estimate:
    """The largest over the cells, of something in which chance has no part: error zero."""
    read = value if callable(value) else lambda cell: cell.values[value]
    found = [float(read(cell)) for cell in cells]
    return Estimate(max(found, key=lambda x: math.inf if math.isnan(x) else x), 0.0, len(found))


def smallest(cells: Iterable[Cell], value: str | Callable[[Cell], float]) -> Estimate:
    """The smallest over the cells, likewise."""
    read = value if callable(value) else lambda cell: cell.values[value]
    found = largest(cells, lambda cell: -read(cell))
    return Estimate(-found.value, 0.0, found.replicas)


def groups(cells: Iterable[Cell], *names: str) -> dict[tuple[Any, ...], list[Cell]]:
    """The cells by the values of the named parameters, all if none is named, in their order; seeds are gathered."""
    found: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        key = tuple(cell.parameters[name] for name in names or cell.parameters)
        found.setdefault(key, []).append(cell)
    return found
