"""The three regimes of projected SGD on the toy function, from random starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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

ONE, SEVERAL = (1.0,), (1.0, 2.0, 4.0)
FIRST, SECOND, THIRD = (0.25, 0.5, 0.8), (1.5, 3.0, 10.0), 1e4
ROUNDING = 1e-9
SLOW = 1e-6
"""What may be left of the loss where a group's c is near one, at which it goes to zero no faster than a power."""
NEAR = 0.02
"""As the claim has it."""
BURN_IN = 600


def _grid(mode: Mode) -> list[dict[str, Any]]:
    more = 10 if mode is Mode.FULL else 1
    between = (0.25, 0.5, 0.8, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 1e2, 1e3, THIRD)
    return [
        {"curvatures": list(curvatures), "ratio": ratio, "burn_in": BURN_IN * more, "steps": 100 * more}
        for curvatures in (ONE, SEVERAL)
        for ratio in (between if mode is Mode.FULL else (*FIRST, *SECOND, THIRD))
    ]


def _at(cells: Sequence[Cell]) -> Mapping[tuple[tuple[float, ...], float], list[Cell]]:
    return {(tuple(key[0]), key[1]): own for key, own in groups(_listed(cells), "curvatures", "ratio").items()}


def _listed(cells: Sequence[Cell]) -> list[Cell]:
    return [
        replace(cell, parameters={**cell.parameters, "curvatures": tuple(cell.parameters["curvatures"])})
        for cell in cells
    ]


def _predicted(curvatures: Sequence[float], ratio: float) -> float:
    """Loss over K of the minimum up to the threshold, of the equalised cycle beyond."""
    from proofs.three_regimes import second_regime_loss, threshold

    return max(0.0, second_regime_loss(curvatures, ratio * threshold(curvatures))) / sum(curvatures)


def _left(ratio: float, burn_in: int) -> float:
    """What the multiplier of one group's cycle leaves after the burn-in, in the loss, and rounding."""
    from proofs.three_regimes import value
    from theory import three_regimes

    return ROUNDING + abs(value(three_regimes.common_multiplier(), c=ratio)) ** burn_in


def _over_cycle(cell: Cell, ratio: float) -> Cell:
    return replace(cell, values={"loss": cell.values["loss"] / _predicted(SEVERAL, ratio)})


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    from proofs.three_regimes import value
    from theory import three_regimes

    at = _at(cells)
    random_level = value(three_regimes.third_regime_loss(), total=1.0)
    found = [
        Finding(
            f"first regime: loss over K at {ratio:g} times the threshold, one group", 0.0,
            largest(at[ONE, ratio], "largest"), ROUNDING, "rounding; the largest of all runs",
            claims=("toy-single-group",),
        )
        for ratio in FIRST
    ]  # fmt: skip
    found += [
        Finding(
            f"first regime: loss over K at {ratio:g} times the threshold, {len(SEVERAL)} groups", 0.0,
            largest(at[SEVERAL, ratio], "largest"), SLOW, "a group with c near one is slow; the largest of all runs",
            claims=("toy-random-starts",),
        )
        for ratio in FIRST
    ]  # fmt: skip
    found += [
        Finding(
            f"second regime: {name} loss over K at {ratio:g} times the threshold, one group", _predicted(ONE, ratio),
            largest(at[ONE, ratio], name), _left(ratio, at[ONE, ratio][0].parameters["burn_in"]),
            "rounding, and what the cycle's multiplier leaves of a start",
            claims=("toy-single-group", "toy-second-regime"),
        )
        for ratio in SECOND for name in ("largest", "smallest")
    ]  # fmt: skip
    found += [
        Finding(
            f"second regime: mean loss over the cycle's at {ratio:g} times the threshold, {len(SEVERAL)} groups", 1.0,
            over_seeds([_over_cycle(cell, ratio) for cell in at[SEVERAL, ratio]], "loss"), NEAR,
            "the claim's: the cycle is neutral, runs circle around it; how near is measured, not derived",
            claims=("toy-random-starts",),
        )
        for ratio in SECOND
    ]  # fmt: skip
    found += [
        Finding(
            f"equal steps at {ratio:g} times the threshold: difference of the groups' sums of log(1 + T^2) less the "
            "growth of their log squared lengths", 0.0, largest(at[SEVERAL, ratio], "unequal"), ROUNDING,
            "rounding: an identity", claims=("sphere-equal-steps",),
        )
        for ratio in (*FIRST, *SECOND)
    ]  # fmt: skip
    found.append(
        Finding(
            f"third regime: mean loss over K at {THIRD:g} times the threshold, {len(SEVERAL)} groups", random_level,
            over_seeds(at[SEVERAL, THIRD], "loss"), 1e-3, "what the limit lacks at this learning rate",
            claims=("toy-third-regime",),
        )
    )  # fmt: skip
    found += [
        Finding(
            f"loss over K at {FIRST[-1]:g} times the threshold, one group, zero: largest", 0.0,
            largest(at[ONE, FIRST[-1]], "largest"), ROUNDING, "rounding; the largest of all runs",
            claims=("toy-threshold",),
        ),
        Finding(
            f"loss over K at {SECOND[0]:g} times the threshold, one group, not zero: smallest", 0.1,
            smallest(at[ONE, SECOND[0]], "smallest"), 0.0, "the first regime must be seen to end where it is said to",
            Relation.AT_LEAST, claims=("toy-threshold",),
        ),
    ]  # fmt: skip
    return found


def _table(cells: Sequence[Cell]) -> Table:
    rows = [
        (len(curvatures), ratio, _predicted(curvatures, ratio), mean.value, mean.standard_error)
        for (curvatures, ratio), own in _at(cells).items()
        for mean in (over_seeds(own, "loss"),)
    ]
    columns = ("groups", "lr over the threshold", "minimum or cycle", "measured", "standard error")
    return Table(columns, rows, "Mean loss over K of random starts; curvatures 1, or 1, 2 and 4.")


def _figure(cells: Sequence[Cell]) -> Figure:
    import numpy as np

    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels()
    for axis, curvatures, colour, marker in zip(axes, (ONE, SEVERAL), SERIES, MARKERS, strict=False):
        own = {ratio: over_seeds(c, "loss") for (k, ratio), c in _at(cells).items() if k == curvatures}
        ratios = np.geomspace(min(own), max(own), 300)
        axis.plot(ratios, [_predicted(curvatures, r) for r in ratios], THEORY, linestyle="--", label="minimum, cycle")
        axis.errorbar(
            list(own), [e.value for e in own.values()], [e.standard_error for e in own.values()],
            fmt=marker, color=colour, markersize=4, label="random starts",
        )  # fmt: skip
        axis.axhline(0.5, color=SERIES[2], linestyle=":", label="random directions")
        title = "one group" if curvatures == ONE else f"{len(curvatures)} groups"
        axis.set(xscale="log", xlabel="lr over the threshold 1/K", ylabel="mean loss over K", title=title)
    axes[0].legend()
    return figure


EXPERIMENT = Experiment(
    name="three-regimes-toy",
    title="Three regimes of projected SGD on the toy function",
    claims=(
        "toy-threshold",
        "toy-second-regime",
        "toy-third-regime",
        "toy-single-group",
        "sphere-equal-steps",
        "toy-random-starts",
    ),
    tests=(
        "Projected gradient descent at a fixed learning rate on the sum of kappa_i x_i^2/(x_i^2 + y_i^2) over the unit "
        "sphere, from random points: the loss goes to zero below lr = 1/K, K the sum of the curvatures, to that of the "
        "two-cycle beyond, and to K/2 far beyond. Nothing is fitted."
    ),
    cell="proofs.experiments.cells.three_regimes_toy:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 6, Mode.FULL: 16},
    seconds={Mode.QUICK: 5.0, Mode.FULL: 1200.0},
    published=("KOD-THR", "KOD-THR group", "KOD-DIV", "KOD-R", "KOD-R beyond", "KOD-EELR steps"),
    full_on=("cpu",),
)
