"""Weight standardisation makes every neuron of a layer-norm network invariant, and its rotation that of the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMED = {
    "standardised layer": "weight standardisation + layer norm",
    "layer": "layer norm",
    "batch": "batch norm",
}
INVARIANT = ("standardised layer", "batch")
"""Every neuron is scale-invariant by itself; under plain layer norm the tensor is only as a whole."""
IDLE = 0.01
"""A neuron without gradient in a larger share of the steps than this decays and hardly turns: it is left out."""
DECAY = 5e-4
"""lr*wd, the same at every rate of the sweep."""
BALANCE, ACCURACY = "standardised-rotation", "standardised-accuracy"


def _grid(mode: Mode) -> list[dict[str, Any]]:
    quick = mode is Mode.QUICK
    common = {"width": 32 if quick else 256, "depth": 2 if quick else 4, "batch": 32, "steps": 1200 if quick else 10000}
    rates = (0.03, 0.1, 0.3) if quick else (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
    return [
        {"normalisation": name, **common, "rate": rate, "wd": DECAY / rate} for name in NAMED for rate in rates
    ]  # fmt: skip


def _alive(cell: Cell) -> np.ndarray:
    """Angles of all neurons of the network that have gradients."""
    return np.asarray(cell.values["angle"][cell.values["idle"] <= IDLE])


def _predicted(cell: Cell) -> float:
    """The angle per step of a scale-invariant vector under SGDM in equilibrium, which no gradient size enters."""
    from proofs.experiments.cells.weight_standardisation import MOMENTUM
    from theory import predict

    p = cell.parameters
    return predict("sgdm", lr=p["rate"], wd=p["wd"], momentum=MOMENTUM, grad_norm=1.0).angular_update


def _off(cell: Cell) -> float:
    """Median over neurons of the relative error of the angle."""
    return float(np.median(np.abs(_alive(cell) / _predicted(cell) - 1)))


def _spread(cell: Cell) -> float:
    """Standard deviation over a layer's neurons of the logarithm of their angle, the mean over layers."""
    angle, alive = cell.values["angle"], cell.values["idle"] <= IDLE
    return float(np.mean([np.log(layer[own]).std() for layer, own in zip(angle, alive, strict=True)]))


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    at = groups(cells, "normalisation", "rate")
    for (name, rate), own in at.items():
        named, off = f"{NAMED[name]}, lr {rate:g}", over_seeds(own, _off)
        if name in INVARIANT:
            why = "the bar set for white-noise laws on networks"
            found.append(
                Finding(f"{named}: error of neurons' angles", 0.0, off, 0.05, why, Relation.AT_MOST, (BALANCE,))
            )
            less = over_seeds(own, partial(_share, of=at["layer", rate]))
            why = "below half: how unequal neurons become under layer norm is not predicted"
            title = f"{named}: spread of rotation over that of layer norm"
            found.append(Finding(title, 0.5, less, 0.0, why, Relation.AT_MOST, (BALANCE,)))
        else:
            why = "neurons that are not invariant must be seen to miss the bar that the others meet"
            title = f"control, {named}: error of neurons' angles by the same law"
            found.append(Finding(title, 0.05, off, 0.0, why, Relation.AT_LEAST, (BALANCE,)))
    best = {name: _best(cells, name) for name in NAMED}
    gained = over_seeds(best["standardised layer"], partial(_more, than=best["layer"]))
    why = "direction: it is as good or better, each at its best rate"
    found.append(Finding("accuracy gained over layer norm", 0.0, gained, 0.0, why, Relation.AT_LEAST, (ACCURACY,)))
    gained = over_seeds(best["standardised layer"], partial(_more, than=best["batch"]))
    why = "as good as batch norm, up to two standard deviations of an accuracy near 0.96 on 359 digits"
    found.append(Finding("accuracy gained over batch norm", 0.0, gained, 0.02, why, Relation.AT_LEAST, (ACCURACY,)))
    return found


def _share(cell: Cell, of: Sequence[Cell]) -> float:
    (other,) = (one for one in of if one.seed == cell.seed)
    return _spread(cell) / _spread(other)


def _more(cell: Cell, than: Sequence[Cell]) -> float:
    (other,) = (one for one in than if one.seed == cell.seed)
    return float(cell.values["accuracy"] - other.values["accuracy"])


def _best(cells: Sequence[Cell], name: str) -> list[Cell]:
    """The cells of the rate whose mean accuracy is the largest."""
    own = groups([cell for cell in cells if cell.parameters["normalisation"] == name], "rate")
    return max(own.values(), key=lambda some: over_seeds(some, "accuracy").value)


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (name, rate), own in groups(cells, "normalisation", "rate").items():
        accuracy = over_seeds(own, "accuracy")
        median = over_seeds(own, lambda cell: float(np.median(_alive(cell))))
        idle = over_seeds(own, lambda cell: float((cell.values["idle"] > IDLE).mean()))
        law = _predicted(own[0]) if name in INVARIANT else ""
        row = (NAMED[name], rate, law, median.value, over_seeds(own, _spread).value, idle.value)
        rows.append((*row, accuracy.value, accuracy.standard_error))
    columns = (
        "network", "lr", "predicted angle", "median angle", "spread over neurons", "idle neurons", "accuracy",
        "standard error",
    )  # fmt: skip
    caption = (
        f"SGDM at lr*wd = {DECAY:g} on digits: the angle per step of single neurons in the last half of the steps, the "
        "standard deviation of its logarithm over a layer's neurons, and the accuracy on held-out digits."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, (left, right) = panels()
    middle = sorted({cell.parameters["rate"] for cell in cells})[1]
    bins = np.geomspace(0.4, 2.5, 61)
    for i, name in enumerate(NAMED):
        own = [cell for cell in cells if cell.parameters["normalisation"] == name]
        angles = np.concatenate([_alive(cell) / _predicted(cell) for cell in own if cell.parameters["rate"] == middle])
        left.hist(angles, bins, histtype="step", color=SERIES[i], label=NAMED[name], density=True)
        by_rate = {rate: over_seeds(some, "accuracy") for (rate,), some in groups(own, "rate").items()}
        right.errorbar(
            list(by_rate), [found.value for found in by_rate.values()],
            [found.standard_error for found in by_rate.values()], color=SERIES[i], marker=MARKERS[i], markersize=4,
            linewidth=1, label=NAMED[name],
        )  # fmt: skip
    left.axvline(1, color=THEORY, linestyle="--", linewidth=1)
    left.set(xscale="log", xlabel="neuron's angle over predicted", ylabel="density of neurons")
    left.set_title(f"Rotation, lr {middle:g}")
    left.set_xticks([0.5, 1, 2], ["0.5", "1", "2"])
    left.minorticks_off()
    right.set(xscale="log", xlabel=f"learning rate, lr*wd = {DECAY:g}", ylabel="accuracy", title="Held-out digits")
    rates = sorted({cell.parameters["rate"] for cell in cells})
    right.set_xticks(rates, [f"{rate:g}" for rate in rates])
    right.tick_params(which="minor", labelbottom=False)
    right.legend(fontsize=7)
    return figure


EXPERIMENT = Experiment(
    name="weight-standardisation",
    title="Weight standardisation balances the neurons of a layer-norm network",
    claims=(BALANCE, ACCURACY),
    tests=(
        "Under SGDM every scale-invariant neuron turns by the same angle per step in equilibrium, whatever its "
        "gradients are. With weight standardisation a layer-norm network has such neurons, as with batch norm; without "
        "it only whole layers are invariant. The angle of every neuron is compared with the derived one, the spread "
        "over neurons with that under plain layer norm, which is the control, and the accuracy over a sweep of rates "
        "at equal lr*wd."
    ),
    cell="proofs.experiments.cells.weight_standardisation:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 5, Mode.FULL: 5},
    seconds={Mode.QUICK: 25.0, Mode.FULL: 7200.0},
    published=("KOS-WS",),
)
