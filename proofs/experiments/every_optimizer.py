"""Every optimizer on a perceptron and a transformer: norm and angle of each layer, from what each is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments import equilibrium
from proofs.experiments.experiment import Cell, Experiment, Mode, groups
from proofs.overlay.optimizers import THROUGH_ROOT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETWORKS = ("gpt", "mlp")
"""What takes longer comes first, so that no process waits for it in the end."""
LENGTHS = {"gpt": 1.6, "mlp": 1.0}
"""Times the steps of the quick runs, so that in the last half no weights hold more than a trace of the start."""
OPTIMIZERS = (*equilibrium.RULES, *equilibrium.MORE)


def _grid(mode: Mode) -> list[dict[str, Any]]:
    # Where decay is divided by the root, what enters the rule is over a root that the weights have a part in.
    return [
        equilibrium._point(network, name, 0.0, levels=name not in THROUGH_ROOT, scale=LENGTHS[network])
        for network in NETWORKS
        for name in OPTIMIZERS
    ]


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import SERIES, THEORY, panels

    figure, axes = panels()
    at = groups(cells, "network", "optimizer")
    for axis, network in zip(axes.flat, NETWORKS, strict=True):
        axis.axhline(1, color=THEORY, linestyle="--", linewidth=1)
        for shift, colour, (key, label, marker) in zip((-0.25, 0, 0.25), SERIES, equilibrium.LEVELS, strict=False):
            for place, name in enumerate(OPTIMIZERS):
                own = [cell.values for cell in at.get((network, name), ()) if key in cell.values]
                ratios = np.array([values[key] for values in own], dtype=float)
                if ratios.size:
                    axis.plot([place + shift] * 2, [ratios.min(), ratios.max()], color=colour, linewidth=1)
                    axis.plot(place + shift, np.median(ratios), marker, color=colour, markersize=3)
            axis.plot([], [], marker, color=colour, markersize=3, label=label)
        axis.set(title=f"{network}: median and range over layers", ylabel="measured / predicted RMS angle")
        axis.set_xticks(range(len(OPTIMIZERS)), OPTIMIZERS, rotation=90)
    axes.flat[0].legend()
    return figure


EXPERIMENT = Experiment(
    name="every-optimizer",
    title="Equilibrium norm and angle, of every optimizer",
    claims=equilibrium.EXPERIMENT.claims[:-1],
    tests=(
        "Every optimizer of which the theory has a rule, on a perceptron and on a transformer: scale-invariant hidden "
        "matrices at constant lr and decay against the same three levels as before. It takes some ten minutes on four "
        "cores, so that it has no quick mode."
    ),
    cell=equilibrium.EXPERIMENT.cell,
    grid=_grid,
    judge=equilibrium.EXPERIMENT.judge,
    table=equilibrium.EXPERIMENT.table,
    figure=_figure,
    seeds={Mode.FULL: 5},
    seconds={Mode.FULL: 560.0},
    full_on=("cpu",),
)
