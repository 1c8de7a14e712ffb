"""Scaling rules over batch sizes: what stays as it is when the same examples come in larger batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM, WALK = "network-batch-scaling", "network-long-run-turn"
BATCHES = (32, 64, 128, 256, 512)
LEAST, MOST = BATCHES[0], BATCHES[-1]
RULES: dict[str, dict[str, float]] = {"sgdm": {"rate": 0.05, "wd": 0.01}, "adamw": {"rate": 0.005, "wd": 0.2}}
NAMED = {"sgdm": "SGDM", "adamw": "AdamW"}
KEEPS = {"sgdm": "linear", "adamw": "square root"}
"""The rule that keeps half-life in examples and norm: linear-scaling-rule and square-root-scaling-rule."""
SCALINGS = ("linear", "square root", "none")
STEP, TURN, NORM, CHANGED = 0.05, 0.2, 0.1, 2.0


def _grid(mode: Mode) -> list[dict[str, Any]]:
    found = []
    for network, width in (("mlp", 64),) if mode is Mode.QUICK else (("mlp", 256), ("resnet20", 16)):
        examples = 49152 * (1 if mode is Mode.QUICK else 8)
        for optimizer, point in RULES.items():
            common = {"network": network, "width": width, "optimizer": optimizer, **point, "examples": examples}
            found += [
                {**common, "rule": rule, "batch": batch, "label_noise": 0.5}
                for rule in SCALINGS
                for batch in BATCHES
                if batch > LEAST or rule == SCALINGS[0]  # at the least batch all rules are the same
            ]
    return found


def grown(own: Sequence[Cell], base: Sequence[Cell], name: str, layer: int) -> Callable[[Cell], float]:
    """A value over that of the same seed at the least batch size."""
    at = {cell.seed: cell for cell in base}
    return lambda cell: float(cell.values[name][layer] / at[cell.seed].values[name][layer])


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    at = groups(cells, "network", "optimizer", "rule", "batch")
    for network, optimizer in groups(cells, "network", "optimizer"):
        base = at[network, optimizer, SCALINGS[0], LEAST]
        for layer in range(len(base[0].values["angle"])):
            for rule in SCALINGS:
                own = at[network, optimizer, rule, MOST]
                where = f"{network}, {NAMED[optimizer]}, layer {layer}, {rule}, {MOST // LEAST}-fold batch"
                found += _scaled(where, optimizer, rule, own, base, layer)
            found.append(
                Finding(
                    f"{network}, {NAMED[optimizer]}, layer {layer}, batch {LEAST}: turn over 8192 examples over the "
                    "white law's", 0.75, over_seeds(base, _over_white(layer)),
                    0.0, "a random walk would turn as far as the law says", Relation.AT_MOST, (WALK,),
                )
            )  # fmt: skip
    return found


def _over_white(layer: int) -> Callable[[Cell], float]:
    return lambda cell: float(cell.values["turn"][layer] / cell.values["turn_law"])


def _scaled(
    where: str, optimizer: str, rule: str, own: Sequence[Cell], base: Sequence[Cell], layer: int
) -> list[Finding]:  # fmt: skip
    turn, norm = (over_seeds(own, grown(own, base, name, layer)) for name in ("turn", "norm"))
    law = own[0].values["turn_law"] / base[0].values["turn_law"]
    if rule == KEEPS[optimizer]:
        found = [
            Finding(
                f"{where}: turn over 8192 examples, over that of batch {LEAST}", 1.0, turn, TURN,
                f"the claim's: the rule is of leading order, and by the white law itself it would be {law:.2f}",
                claims=(CLAIM,),
            ),
            Finding(
                f"{where}: norm over {'the law' if optimizer == 'sgdm' else f'that of batch {LEAST}'}", 1.0,
                over_seeds(own, lambda c: float(c.values["norm"][layer] / c.values["norm_law"][layer]))
                if optimizer == "sgdm" else norm, NORM,
                "white noise; that of SGDM follows the energy, which a larger batch does not quite divide",
                claims=(CLAIM,),
            ),
        ]  # fmt: skip
        if optimizer == "sgdm":
            angle = over_seeds(own, lambda c: float(c.values["angle"][layer] / c.values["predicted"][layer]))
            found.append(
                Finding(f"{where}: angle per step over the law's", 1.0, angle, STEP, "white noise", claims=(CLAIM,))
            )
        return found
    if rule == "none" or optimizer == "sgdm":
        least = 0.5 if rule == "none" else 0.75
        return [
            Finding(
                f"control, {where}: turn over 8192 examples, over that of batch {LEAST}", least, turn, 0.0,
                "a rule that does not keep it must be seen not to", Relation.AT_MOST, (CLAIM,),
            )
        ]  # fmt: skip
    return [
        Finding(
            f"control, {where}: norm over that of batch {LEAST}", CHANGED, norm, 0.0,
            "a rule that does not keep it must be seen not to", Relation.AT_LEAST, (CLAIM,),
        )
    ]  # fmt: skip


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, optimizer, rule, batch), own in groups(cells, "network", "optimizer", "rule", "batch").items():
        mean = lambda name: over_seeds(own, lambda c: float(np.ravel(c.values[name])[-1])).value  # noqa: E731, B023
        law = over_seeds(own, lambda c: float(c.values["angle"][-1] / c.values["predicted"][-1])).value
        rows.append((
            network, NAMED[optimizer], "any" if batch == LEAST else rule, batch, mean("angle"), law, mean("norm"),
            mean("turn"), mean("turn_law"), mean("loss"), mean("accuracy"),
        ))  # fmt: skip
    columns = (
        "network", "optimizer", "rule", "batch", "angle per step", "over the law", "norm", "turn over 8192 examples",
        "by the white law", "loss", "accuracy",
    )  # fmt: skip
    caption = (
        f"The last layer after {cells[0].parameters['examples']} examples, second half; lr (for AdamW's square-root "
        f"rule wd, too) grown from batch {LEAST}. The loss is of the last minibatches, accuracy on right labels; means."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels(2, 2, sharex=True)
    at = groups(cells, "network", "optimizer", "rule", "batch")
    network = cells[0].parameters["network"]
    for column, optimizer in enumerate(RULES):
        for rule, colour, marker in zip(SCALINGS, SERIES, MARKERS, strict=False):
            series = [at[network, optimizer, SCALINGS[0] if b == LEAST else rule, b] for b in BATCHES]
            look = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1, "label": rule}
            for axis, name in zip(axes[:, column], ("angle", "turn"), strict=True):
                axis.plot(BATCHES, [np.mean([c.values[name][-1] for c in own]) for own in series], **look)
            law = [over_seeds(own, lambda c: c.values["predicted"][-1]).value for own in series]
            axes[0, column].plot(BATCHES, law, color=THEORY, linestyle="--", linewidth=1)
        axes[0, column].set(xscale="log", yscale="log", title=NAMED[optimizer])
        axes[1, column].set(yscale="log", xlabel="batch", xticks=BATCHES)
        axes[1, column].set_xticklabels([str(batch) for batch in BATCHES])
        axes[1, column].tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes[0, 0].set(ylabel="angle per step, radians")
    axes[1, 0].set(ylabel="turn over 8192 examples")
    axes[0, 0].legend(title="lr scaled")
    return figure


EXPERIMENT = Experiment(
    name="batch-scaling",
    title="Linear and square-root scaling over batch sizes",
    claims=(CLAIM, WALK),
    tests=(
        "A batch-norm network all of whose trained weights are scale-invariant, on digits with half of the labels "
        "wrong, at batch sizes from 32 to 512 after equally many examples. To leading order the linear rule keeps "
        "half-life in examples, turn and norm of SGDM, the square-root rule for lr and wd those of AdamW; others do "
        "not. Loss and accuracy after the same examples are a table, no claim."
    ),
    cell="proofs.experiments.cells.batch_scaling:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 4, Mode.FULL: 6},
    seconds={Mode.QUICK: 40.0, Mode.FULL: 7200.0},
    published=("SMD-LSP",),
)
