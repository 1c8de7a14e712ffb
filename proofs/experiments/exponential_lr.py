"""Weight decay as a growing learning rate, in a network: the same function to rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, largest, smallest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROUNDING = {"mlp": 1e-12, "resnet20": 1e-9}
EXACT = ("equivalent", "warmed", "root")
SGD, SGDM = {"rate": 0.1, "wd": 0.1, "momentum": 0.0}, {"rate": 0.1, "wd": 0.01, "momentum": 0.9}
NAMED = {
    "equivalent": "lr/(P P')",
    "warmed": "lr_t/(P P'), lr_t rising and falling",
    "root": "lr r^(-2t-1), its own buffer",
    "published": "lr r^(-2t-1), empty buffer",
    "constant": "constant lr",
    "spoiled": "lr/(P P'), spoiled in the eighth digit",
}


def _grid(mode: Mode) -> list[dict[str, Any]]:
    steps = 200 if mode is Mode.QUICK else 400
    found = []
    for network in ("mlp",) if mode is Mode.QUICK else ("mlp", "resnet20"):
        for rule in (SGD, SGDM):
            # P falls like a^steps: the longer the run the weaker the decay, so that lr/(P P') stays a number.
            point = {**rule, "wd": rule["wd"] * 200 / steps, "network": network, "steps": steps}
            schedules = [s for s in NAMED if rule["momentum"] or s != "root"]
            found += [{**point, "schedule": schedule, "invariant": True} for schedule in schedules]
            found.append({**point, "schedule": "equivalent", "invariant": False})
    return found


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    for (network, momentum, schedule, invariant), own in _at(cells).items():
        sgd = momentum == 0
        rule = f"{network}, {'SGD' if sgd else 'SGDM'}, {NAMED[schedule]}"
        if invariant and (schedule in EXACT or (sgd and schedule == "published")):
            claim = {"root": "exponential-lr-root", "published": "exponential-lr-sgd"}.get(schedule, "exponential-lr")
            reason = "rounding of float64, as training passes it on; the largest of all seeds and marks"
            for name, what in (("difference", "logits over their RMS"), ("norms", "norms over P")):
                measured = largest(own, _most(name))
                found.append(Finding(f"{rule}: {what}", 0.0, measured, ROUNDING[network], reason, claims=(claim,)))
            continue
        claim = "exponential-lr-root" if schedule == "published" else "exponential-lr"
        what = "logits differ" if invariant else "the scale-sensitive twin differs"
        reason = "a wrong schedule, start or network must be seen"
        wrong = 2 * ROUNDING[network]
        found.append(
            Finding(
                f"control, {rule}: {what}",
                wrong,
                smallest(own, lambda cell: cell.values["difference"][-1]),
                0.0,
                reason,
                Relation.AT_LEAST,
                (claim,),
            )
        )
    return found


def _most(name: str) -> Callable[[Cell], float]:
    return lambda cell: float(cell.values[name].max())


def _at(cells: Sequence[Cell]) -> dict[tuple[Any, ...], list[Cell]]:
    return groups(cells, "network", "momentum", "schedule", "invariant")


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, momentum, schedule, invariant), own in _at(cells).items():
        seen = network if invariant else f"{network}, scale-sensitive"
        optimizer = "SGD" if momentum == 0 else f"SGDM {momentum:g}"
        apart = (largest(own, _most(name)).value for name in ("difference", "norms"))
        growth = float(own[0].values["growth"][-1])
        rows.append((seen, optimizer, NAMED[schedule], own[0].parameters["steps"], growth, *apart))
    columns = ("network", "optimizer", "schedule without decay", "steps", "last lr over lr", "logits", "norms")
    caption = (
        "Runs without decay beside the run with decay, in float64: largest difference of logits over their RMS, and of "
        "the norms over what decay alone makes of them."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, panels

    figure, axes = panels(sharey=True)
    at = {key[1:]: own for key, own in _at(cells).items() if key[0] == "mlp"}
    for axis, momentum in zip(axes, (SGD["momentum"], SGDM["momentum"]), strict=True):
        for schedule, colour, marker in zip(NAMED, SERIES, MARKERS, strict=True):
            for own in filter(None, [at.get((momentum, schedule, True))]):
                values = own[0].values
                axis.plot(
                    values["marks"], values["difference"], marker=marker, color=colour, markersize=3, linewidth=1,
                    label=NAMED[schedule],
                )  # fmt: skip
        axis.set(xscale="log", yscale="log", xlabel="steps", title="SGD" if momentum == 0 else f"SGDM {momentum:g}")
    axes[0].set(ylabel="logits, difference over RMS")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


EXPERIMENT = Experiment(
    name="exponential-lr",
    title="Weight decay is a growing learning rate",
    claims=("exponential-lr", "exponential-lr-sgd", "exponential-lr-root"),
    tests=(
        "A batch-norm network all of whose trained weights are scale-invariant, under SGD with coupled decay (that of "
        "torch.optim, without dampening), against the same network without decay at the derived rates: "
        "the same function to rounding, at every step, in float64. Controls: a constant learning rate, the "
        "exponential one from an empty buffer, one wrong in the eighth digit, and a network that sees the scale."
    ),
    cell="proofs.experiments.cells.exponential_lr:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 2, Mode.FULL: 4},
    seconds={Mode.QUICK: 5.0, Mode.FULL: 1800.0},
    published=("LA-T1 SGD", "LA-T1 momentum"),
)
