"""Some neurons turn ten times faster or slower than the others: what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proofs.experiments.experiment import (
    Cell,
    Experiment,
    Finding,
    Mode,
    Relation,
    Table,
    groups,
    largest,
    over_seeds,
    smallest,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BALANCED = (0.5, 1.0)
"""Share of the neurons that are treated apart, and their factor: here the same angle as the others'."""
ARMS = (BALANCED, (0.1, 10.0), (0.5, 10.0), (0.1, 0.1), (0.5, 0.1))
RATE = 0.01
CLAIM = "imbalanced-rotation"
ROUNDING = 1e-3
"""Angles of 1e-4 or more from differences of weights in float32."""


def _grid(mode: Mode) -> list[dict[str, Any]]:
    quick = mode is Mode.QUICK
    common = {"width": 32 if quick else 256, "depth": 2 if quick else 4, "batch": 32, "steps": 300 if quick else 6000}
    return [
        {**common, "rate": RATE, "wd": wd, "share": share, "factor": factor}
        for share, factor in ARMS
        for wd in _decays(quick, share, factor)
    ]


def _decays(quick: bool, share: float, factor: float) -> tuple[float, ...]:
    """Around the best of each: where half of the neurons are ten times as fast all are slower, and vice versa."""
    if not quick:
        return (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 90.0)
    if share == 0.5 and factor != 1:
        return (0.01, 0.03, 0.1, 0.3, 1.0) if factor > 1 else (1.0, 3.0, 10.0, 30.0, 90.0)
    return (0.1, 0.3, 1.0, 3.0, 10.0)


def _set(cell: Cell) -> float:
    """tan of the angle that balanced neurons are set to at first: AdamW's in equilibrium, leading order."""
    from proofs.experiments.cells.imbalanced_rotation import BETAS
    from theory import predict

    p = cell.parameters
    found = predict("adamw", lr=p["rate"], wd=p["wd"], beta1=BETAS[0], dim=1.0)  # the angle does not depend on dim
    return found.leading_order["angular_update"]


def _missed(cell: Cell, factor: float | None = None) -> float:
    """The larger relative error of the two angles; ``factor`` in place of the right one is a control."""
    factor = cell.parameters["factor"] if factor is None else factor
    others, chosen = cell.values["others"] / _set(cell), cell.values["chosen"] / (factor * _set(cell))
    return max(abs(others - 1), abs(chosen - 1))


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    balanced = _best(cells, *BALANCED, "loss"), _best(cells, *BALANCED, "accuracy")
    for (share, factor), own in groups(cells, "share", "factor").items():
        named = _named(share, factor)
        why = "differences of weights in float32; the largest of all seeds and angles"
        missed = largest(own, _missed)
        found.append(Finding(f"{named}: realised against set rotation", 0.0, missed, ROUNDING, why))
        if (share, factor) == BALANCED:
            continue
        why = "a rotation that is not the set one must be seen"
        least = smallest(own, lambda cell: _missed(cell, 1.0))
        found.append(Finding(f"control, {named}: as if balanced, the least error", 0.5, least, 0.0, why,
                             Relation.AT_LEAST))  # fmt: skip
        for what, other, sign, title in zip(
            ("loss", "accuracy"), balanced, (1.0, -1.0), ("held-out loss added", "accuracy lost"), strict=True
        ):
            cost = over_seeds(_best(cells, share, factor, what), partial(_more, than=other, what=what, sign=sign))
            why = "direction: imbalance costs, each at its best angle in the mean over these seeds"
            found.append(Finding(f"{named}: {title}", 0.0, cost, 0.0, why, Relation.AT_LEAST))
    return found


def _named(share: float, factor: float) -> str:
    return "balanced" if (share, factor) == BALANCED else f"{100 * share:g} % of neurons {factor:g} times"


def _best(cells: Sequence[Cell], share: float, factor: float, what: str) -> list[Cell]:
    """The cells of the angle that is best in the mean over seeds."""
    sign = -1.0 if what == "accuracy" else 1.0
    own = groups(
        [c for c in cells if (c.parameters["share"], c.parameters["factor"]) == (share, factor)], "wd"
    ).values()  # fmt: skip
    return min(own, key=lambda some: sign * over_seeds(some, what).value)


def _more(cell: Cell, than: Sequence[Cell], what: str, sign: float) -> float:
    (other,) = (one for one in than if one.seed == cell.seed)
    return sign * float(cell.values[what] - other.values[what])


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (share, factor, _), own in groups(cells, "share", "factor", "wd").items():
        ratio = over_seeds(own, lambda cell: cell.values["chosen"] / cell.values["others"])
        loss, accuracy = over_seeds(own, "loss"), over_seeds(own, "accuracy")
        others = over_seeds(own, "others")
        named = _named(share, factor)
        row = (named, _set(own[0]), others.value, ratio.value, loss.value, loss.standard_error)
        rows.append((*row, accuracy.value, accuracy.standard_error))
    columns = (
        "rotation", "angle set", "angle of the others", "the chosen over it", "loss", "standard error", "accuracy",
        "standard error",
    )  # fmt: skip
    caption = (
        "Rotational AdamW on digits; angles are tangents at the first step's learning rate, which then falls to 0. "
        "Loss and accuracy are on held-out digits, the training labels are noisy."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels()
    for (share, factor), colour, marker in zip(ARMS, (THEORY, *SERIES), ("x", *MARKERS), strict=False):
        own = [c for c in cells if (c.parameters["share"], c.parameters["factor"]) == (share, factor)]
        for axis, what in zip(axes, ("loss", "accuracy"), strict=True):
            found = [(_set(some[0]), over_seeds(some, what)) for some in groups(own, "wd").values()]
            means, errors = zip(*((one.value, one.standard_error) for _, one in found), strict=True)
            axis.errorbar(
                [angle for angle, _ in found], means, errors, color=colour, marker=marker, markersize=4, linewidth=1,
                label=_named(share, factor),
            )  # fmt: skip
    for axis, what in zip(axes, ("held-out loss", "held-out accuracy"), strict=True):
        axis.set(xscale="log", xlabel="angle of the others at the start, rad", ylabel=what)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(ARMS), fontsize=7)
    return figure


EXPERIMENT = Experiment(
    name="imbalanced-rotation",
    title="Neurons that turn faster or slower than the others",
    claims=(CLAIM,),
    tests=(
        "Rotational AdamW, in which a share of each layer's neurons turns ten times faster or slower, against the "
        "balanced one, each at the best of several angles, on the held-out loss and accuracy of a batch-norm network "
        "with noisy labels. The realised rotations are the set ones, AdamW's in equilibrium to leading order times the "
        "factor; against that without the factor they miss, which is the control."
    ),
    cell="proofs.experiments.cells.imbalanced_rotation:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 5, Mode.FULL: 5},
    seconds={Mode.QUICK: 30.0, Mode.FULL: 7200.0},
    published=("KOS-IMB",),
)
