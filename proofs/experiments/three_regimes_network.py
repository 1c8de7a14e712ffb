"""The three regimes of projected SGD at a fixed effective learning rate, in a network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import (
    Cell,
    Experiment,
    Finding,
    Mode,
    Relation,
    Table,
    largest,
    over_seeds,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST, SECOND, THIRD = (1e-4, 1e-3, 3e-3), (0.03, 0.05, 0.07), (0.2, 1.0)
BETWEEN = (0.01, 0.02, 0.1)
"""Rates at which no regime is claimed: the boundaries lie there."""
EQUAL, REGIMES, STEPS = "sphere-equal-steps", "network-three-regimes", "network-equal-steps"
ROUNDING = 1e-9
DIVERGED = 0.9
"""Of the loss of random weights: the upper boundary is where the loss reaches that."""


def _grid(mode: Mode) -> list[dict[str, Any]]:
    size, steps = {"width": 32, "depth": 3}, 1200
    rates: tuple[float, ...] = (*FIRST, *SECOND, *THIRD, *BETWEEN)
    if mode is Mode.FULL:
        size, steps = {"width": 128, "depth": 4}, 12000
        rates = (*rates, 3e-5, 3e-4, 6e-3, 0.014, 0.025, 0.04, 0.06, 0.085, 0.14, 0.4)
    return [{**size, "rule": "projected", "phases": [[rate, steps]], "wd": 0.0} for rate in sorted(rates)]


def at_rate(cells: Sequence[Cell]) -> dict[float, list[Cell]]:
    """The cells by their last effective learning rate, from small to large."""
    found: dict[float, list[Cell]] = {}
    for cell in cells:
        found.setdefault(float(cell.parameters["phases"][-1][0]), []).append(cell)
    return dict(sorted(found.items()))


def spread(cell: Cell) -> float:
    """Log of the largest over the smallest effective step of the layers."""
    tangents = cell.values["tangents"]
    return float(np.log(tangents.max() / tangents.min()))


def _of_seed(cells: Sequence[Cell]) -> list[dict[float, Cell]]:
    found: dict[int, dict[float, Cell]] = {}
    for rate, own in at_rate(cells).items():
        for cell in own:
            found.setdefault(cell.seed, {})[rate] = cell
    return list(found.values())


def boundaries(cells: Sequence[Cell]) -> tuple[Any, Any]:
    """Log10 of the rate with the least loss, and of that at which it is DIVERGED of random weights', over seeds."""
    lower, upper = [], []
    for runs in _of_seed(cells):
        rates = np.log10(list(runs))
        losses = np.array([cell.values["loss"] for cell in runs.values()])
        shares = losses / np.array([cell.values["random"] for cell in runs.values()])
        lower.append(Cell({}, 0, {"at": rates[losses.argmin()]}))
        above = int(np.argmax(shares >= DIVERGED)) if (shares >= DIVERGED).any() else 0
        pair = slice(above - 1, above + 1)
        at = float(np.interp(DIVERGED, shares[pair], rates[pair])) if above else math.inf
        upper.append(Cell({}, 0, {"at": at}))
    return over_seeds(lower, "at"), over_seeds(upper, "at")


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    at = at_rate(cells)
    found = [
        Finding(f"ELR {rate:g}: difference between layers of the sum of log(1 + T^2) less the growth of the log "
                "squared length", 0.0, largest(own, "unequal"), ROUNDING,
                "rounding: an identity, of every step's own batch; the largest of all seeds", claims=(EQUAL,))
        for rate, own in at.items()
    ]  # fmt: skip
    found += [
        Finding(f"first regime, ELR {rate:g}: log of the loss, last quarter over second", 0.0,
                over_seeds(at[rate], "trend"), 0.0, "it goes on converging", Relation.AT_MOST, (REGIMES,))
        for rate in FIRST
    ]  # fmt: skip
    for rate in SECOND:
        found += _second(rate, at)
    found += [
        Finding(f"third regime, ELR {rate:g}: loss over that of random weights", 1.0,
                over_seeds(at[rate], lambda cell: cell.values["loss"] / cell.values["random"]), 0.15,
                "near it, as published; no law says how near", claims=(REGIMES,))
        for rate in THIRD
    ]  # fmt: skip
    lower, upper = boundaries(cells)
    found += [
        Finding("log10 of the upper boundary over the highest rate of the second regime", 0.0,
                _less(upper, math.log10(SECOND[-1])), 0.0, "the regimes are where they are said to be",
                Relation.AT_LEAST, (REGIMES,)),
        Finding("log10 of the lower boundary over the lowest rate of the second regime", 0.0,
                _less(lower, math.log10(SECOND[0])), 0.0, "the regimes are where they are said to be",
                Relation.AT_MOST, (REGIMES,)),
    ]  # fmt: skip
    found += [
        Finding(f"control, first regime, ELR {rate:g}: log of the largest over the smallest layer's effective step",
                math.log(1.25), over_seeds(at[rate], spread), 0.0,
                "where layers do not trade length their steps differ, which must be seen", Relation.AT_LEAST, (STEPS,))
        for rate in FIRST
    ]  # fmt: skip
    return found


def _less(estimate: Any, value: float) -> Any:
    return replace(estimate, value=estimate.value - value)


def _second(rate: float, at: dict[float, list[Cell]]) -> list[Finding]:
    least: dict[int, float] = {}
    for cell in itertools.chain.from_iterable(at.values()):
        least[cell.seed] = min(least.get(cell.seed, math.inf), cell.values["loss"])
    where = f"second regime, ELR {rate:g}"
    return [
        Finding(f"{where}: log of the loss, last quarter over second", 0.0, over_seeds(at[rate], "trend"), 0.2,
                "the claim's: it neither converges nor diverges", claims=(REGIMES,)),
        Finding(f"{where}: loss over that of random weights", DIVERGED,
                over_seeds(at[rate], lambda cell: cell.values["loss"] / cell.values["random"]), 0.0,
                "below the upper boundary by its definition", Relation.AT_MOST, (REGIMES,)),
        Finding(f"{where}: log of the loss over the least of all rates", math.log(2.0),
                over_seeds(at[rate], lambda cell: math.log(cell.values["loss"] / least[cell.seed])), 0.0,
                "well above what the first regime reaches", Relation.AT_LEAST, (REGIMES,)),
        Finding(f"{where}: log of the largest over the smallest layer's effective step", 0.0,
                over_seeds(at[rate], spread), 0.05, "the claim's: steps are equal within 5 per cent",
                Relation.AT_MOST, (STEPS,)),
    ]  # fmt: skip


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for rate, own in at_rate(cells).items():
        loss = over_seeds(own, "loss")
        share = over_seeds(own, lambda cell: cell.values["loss"] / cell.values["random"])
        trend, apart = over_seeds(own, "trend"), over_seeds(own, spread)
        rows.append((rate, _regime(rate), loss.value, loss.standard_error, share.value, trend.value,
                     float(np.mean([cell.values["tangents"].mean() for cell in own])), apart.value,
                     apart.standard_error))  # fmt: skip
    lower, upper = boundaries(cells)
    columns = ("ELR", "regime", "loss", "standard error", "over random", "trend", "effective step", "spread",
               "its error")  # fmt: skip
    caption = (
        "Batch-norm perceptron on the digits, all trained weights one vector on a sphere, projected SGD, batches of "
        "64. Loss and effective steps T (mean over layers) are means over the second half; trend: log of the loss, "
        "last quarter over second; spread: log of the largest over the smallest layer's step. Boundaries: least loss "
        f"at 10^({lower.value:.2f} +- {lower.standard_error:.2f}), {DIVERGED:g} of the loss of random weights at "
        f"10^({upper.value:.2f} +- {upper.standard_error:.2f})."
    )
    return Table(columns, rows, caption)


def _regime(rate: float) -> str:
    for name, rates in (("first", FIRST), ("second", SECOND), ("third", THIRD)):
        if rate in rates:
            return name
    return "between"


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels()
    at = at_rate(cells)
    rates = list(at)
    losses = [over_seeds(own, "loss") for own in at.values()]
    axes[0].errorbar(rates, [e.value for e in losses], [e.standard_error for e in losses], color=SERIES[0], marker="o",
                     markersize=4, linewidth=1, label="second half of training")  # fmt: skip
    level = float(np.mean([cell.values["random"] for cell in cells]))
    axes[0].axhline(level, color=SERIES[2], linestyle=":", label="random weights")
    lower, upper = boundaries(cells)
    for boundary, label in ((lower, "boundaries"), (upper, None)):
        axes[0].axvline(10**boundary.value, color=THEORY, linewidth=0.8, linestyle="-.", label=label)
    axes[0].set(xscale="log", yscale="log", xlabel="effective learning rate", ylabel="loss")
    axes[0].legend(loc="upper left", bbox_to_anchor=(0.0, 0.84))
    layers = len(cells[0].values["tangents"])
    for layer, colour, marker in zip(range(layers), SERIES, MARKERS, strict=False):
        own = [over_seeds(c, partial(_relative, layer=layer)) for c in at.values()]
        axes[1].errorbar(rates, [e.value for e in own], [e.standard_error for e in own], color=colour, marker=marker,
                         markersize=4, linewidth=1, label=f"layer {layer + 1}")  # fmt: skip
    axes[1].axhline(1.0, color=THEORY, linestyle="--", linewidth=0.8)
    axes[1].set(xscale="log", xlabel="effective learning rate", ylabel="effective step over layers' mean")
    axes[1].legend()
    return figure


def _relative(cell: Cell, layer: int) -> float:
    tangents = cell.values["tangents"]
    return float(tangents[layer] / np.exp(np.log(tangents).mean()))


EXPERIMENT = Experiment(
    name="three-regimes-network",
    title="Three regimes of projected SGD in a network",
    claims=(EQUAL, REGIMES, STEPS),
    tests=(
        "A batch-norm network all of whose trained weights are scale-invariant, its last layer frozen, under projected "
        "SGD at a fixed effective learning rate (ELR), in float64. Exact, at every rate: what the layers' effective "
        "steps add up to, less what their lengths gained, is the same for all. As measured: the loss converges, is "
        "stationary, or is that of random weights; steps are equal in the second regime. No law places the boundaries."
    ),
    cell="proofs.experiments.cells.regimes:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 5, Mode.FULL: 8},
    seconds={Mode.QUICK: 20.0, Mode.FULL: 7200.0},
    published=("KOD-R", "KOD-R beyond", "KOD-EELR", "KOD-EELR steps", "KOD-DIV"),
)
