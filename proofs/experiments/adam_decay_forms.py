"""AdamW turns all layers alike; Adam with decay in the gradient turns each as its gradients are large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = "network-adam-decay-forms"
RULES: dict[str, dict[str, float]] = {"adamw": {"rate": 0.02, "wd": 0.5}, "adam_l2": {"rate": 0.02, "wd": 0.002}}
NAMED = {"adamw": "AdamW", "adam_l2": "Adam with L2"}
MEDIAN, SPREAD, ALIKE, APART = 0.05, 0.1, 0.05, 0.25


def _grid(mode: Mode) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for network, width in (("resnet20", 4),) if mode is Mode.QUICK else (("resnet20", 16), ("resnet18", 32)):
        common = {"network": network, "width": width, "steps": 400 if mode is Mode.QUICK else 2000}
        found += [{**common, "optimizer": o, **rule, "batch": 16, "label_noise": 0.5} for o, rule in RULES.items()]
    return found


def spread(name: str) -> Callable[[Cell], float]:
    """Standard deviation over layers of the logarithm of the angle."""
    return lambda cell: float(np.log(cell.values[name]).std())


def ratio(name: str) -> Callable[[Cell], float]:
    """The largest angle of a layer over the smallest."""
    return lambda cell: float(cell.values[name].max() / cell.values[name].min())


def _missed(cell: Cell) -> float:
    return float(np.median(np.abs(cell.values["angle"] / cell.values["predicted"] - 1)))


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    for (network, optimizer), own in _at(cells).items():
        where = f"{network}, {NAMED[optimizer]}"
        found.append(
            Finding(
                f"{where}: median over layers of the error of the predicted angle", 0.0, over_seeds(own, _missed),
                MEDIAN, "the bar set for white-noise laws on networks", Relation.AT_MOST,
            )
        )  # fmt: skip
        if optimizer == "adamw":
            found.append(
                Finding(
                    f"{where}: spread of the angle over layers, less the law's", 0.0,
                    over_seeds(own, lambda c: spread("angle")(c) - spread("predicted")(c)), ALIKE,
                    "as the errors of the single layers",
                )
            )  # fmt: skip
            continue
        found += [
            Finding(
                f"{where}: spread of the angle over layers, over the law's", 1.0,
                over_seeds(own, lambda c: spread("angle")(c) / spread("predicted")(c)), SPREAD,
                "the errors of the single layers, twice",
            ),
            Finding(
                f"control, {where}: spread of the angle, were it AdamW's law", APART, over_seeds(own, spread("angle")),
                0.0, "AdamW's law has no spread, and must be seen to be wrong here", Relation.AT_LEAST,
            ),
        ]  # fmt: skip
    return found


def _at(cells: Sequence[Cell]) -> dict[tuple[Any, ...], list[Cell]]:
    return groups(cells, "network", "optimizer")


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, optimizer), own in _at(cells).items():
        seen = [over_seeds(own, read(name)).value for read in (ratio, spread) for name in ("angle", "predicted")]
        rest = (over_seeds(own, _missed).value, over_seeds(own, "accuracy").value)
        rows.append((network, NAMED[optimizer], len(own[0].values["angle"]), *seen, *rest))
    columns = (
        "network", "optimizer", "layers", "largest over smallest angle", "by the law", "deviation of log angle",
        "by the law", "median error of a layer", "accuracy",
    )  # fmt: skip
    return Table(
        columns, rows, "Angle per step over the layers of one network, over the second half. Means over seeds."
    )


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels()
    network = cells[0].parameters["network"]
    for (seen, optimizer), own in _at(cells).items():
        if seen != network:
            continue
        at = list(RULES).index(optimizer)
        angle, law, energy = (np.mean([c.values[n] for c in own], 0) for n in ("angle", "predicted", "energy"))
        look = {"color": SERIES[at], "marker": MARKERS[at], "markersize": 4, "linestyle": "none"}
        for axis, x in zip(axes, (np.arange(len(angle)), energy), strict=True):
            order = np.argsort(x)
            axis.plot(x, angle, label=NAMED[optimizer], **look)
            axis.plot(x[order], law[order], color=THEORY, linestyle="--", linewidth=1, label="law" if at else None)
    axes[0].set(yscale="log", xlabel="layer", ylabel="angle per step, radians", title=network)
    axes[1].set(xscale="log", yscale="log", xlabel=r"energy of the unit gradient, $|g|^2|w|^2/d$")
    axes[0].legend()
    return figure


EXPERIMENT = Experiment(
    name="adam-decay-forms",
    title="AdamW against Adam with L2: how the rotation spreads over layers",
    claims=(CLAIM,),
    tests=(
        "A batch-norm ResNet-20 all of whose trained weights are scale-invariant, on digits with half of the labels "
        "wrong. AdamW's equilibrium angle knows nothing of the gradients; that of Adam with decay in the gradient "
        "falls with the unit gradient's norm, which differs between layers. The law is fed with the measured energies; "
        "nothing is fitted. The published thirtyfold spread is of a larger network with trained gains."
    ),
    cell="proofs.experiments.cells.adam_decay_forms:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 4, Mode.FULL: 5},
    seconds={Mode.QUICK: 35.0, Mode.FULL: 3600.0},
    published=("KOS-X6", "KOS-T1-adaml2", "KOS-T1-adamw"),
)
