"""One product of learning rate and weight decay, four pairs: the same rotation where the scale is not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIM = "network-same-product"
RATES = (0.5, 0.05, 0.005, 0.0005)
"""As published (VGG13 there)."""
SETTLED, ALIKE_ANGLE, WAITING, ALIKE, APART = 0.05, 0.1, 0.15, 0.04, 0.1
TWICE = 2.0


def _grid(mode: Mode) -> list[dict[str, Any]]:
    found = []
    for network in ("mlp",) if mode is Mode.QUICK else ("mlp", "resnet20"):
        product, steps = (4e-4, 1600) if mode is Mode.QUICK else (5e-5, 12000)
        common = {"network": network, "product": product, "steps": steps, "batch": 64, "label_noise": 0.0}
        found += [{**common, "rate": rate, "invariant": invariant} for invariant in (True, False) for rate in RATES]
    return found


def late(name: str, layer: int) -> Callable[[Cell], float]:
    """RMS over the last quarter of the steps, over the equilibrium angle."""

    def read(cell: Cell) -> float:
        squares = cell.values[name][layer][-cell.parameters["steps"] // 4 :] ** 2
        return float(np.sqrt(squares.mean()) / cell.values["equilibrium"])

    return read


def arrived(name: str, layer: int) -> Callable[[Cell], float]:
    """Steps until the running RMS over 50 steps last comes from below half of the equilibrium angle."""

    def read(cell: Cell) -> float:
        squares = np.convolve(cell.values[name][layer] ** 2, np.ones(50) / 50, "valid")
        below = np.flatnonzero(np.sqrt(squares) < cell.values["equilibrium"] / 2)
        return float(below[-1] + 25 if below.size else 0)

    return read


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    at = groups(cells, "network", "invariant", "rate")
    for network in {cell.parameters["network"]: None for cell in cells}:
        for rate in RATES:
            found += _pair(f"{network}, lr {rate:g}", rate, at[network, True, rate])
        accuracies = {i: _range(at, network, i, lambda c: float(c.values["accuracy"])) for i in (True, False)}
        angles = _range(at, network, False, lambda c: float(np.log(max(late("angle", 0)(c), 1e-9))))
        found += [
            Finding(
                f"{network}: accuracy of the best pair less the worst, scale-invariant", 0.0, accuracies[True], ALIKE,
                "four standard deviations of an accuracy of 0.96 on 359 digits", Relation.AT_MOST,
            ),
            Finding(
                f"{network}: accuracy of the best pair less the worst, scale-sensitive twin", APART, accuracies[False],
                0.0, "the claim's: more than twice what is left to those of scale-invariant pairs", Relation.AT_LEAST,
            ),
            Finding(
                f"control, {network}: log of the largest angle of a pair over the smallest, scale-sensitive twin",
                float(np.log(TWICE)), angles, 0.0, "the law must be seen to fail where the scale counts",
                Relation.AT_LEAST,
            ),
        ]  # fmt: skip
    return found


def _pair(where: str, rate: float, own: Sequence[Cell]) -> list[Finding]:
    found = []
    for layer in range(len(own[0].values["angle"])):
        for what, over, tolerance, reason in (
            ("the law's", _over_law(late, layer), SETTLED, "white noise is a hypothesis"),
            ("equilibrium", late("angle", layer), ALIKE_ANGLE, "energies drift while the window lasts"),
        ):
            name = f"{where}, layer {layer}: angle at the end over {what}"
            found.append(Finding(name, 1.0, over_seeds(own, over), tolerance, reason))
        if rate < RATES[1]:
            found.append(
                Finding(
                    f"{where}, layer {layer}: steps to half of the equilibrium angle, over the law's", 1.0,
                    over_seeds(own, _over_law(arrived, layer)),
                    WAITING, "early gradients persist, and a running mean over 50 steps is coarse",
                )
            )  # fmt: skip
    return found


def _over_law(read: Callable[[str, int], Callable[[Cell], float]], layer: int) -> Callable[[Cell], float]:
    return lambda cell: read("angle", layer)(cell) / read("predicted", layer)(cell)


def _range(
    at: dict[tuple[Any, ...], list[Cell]], network: str, invariant: bool, read: Callable[[Cell], float]
) -> Any:  # fmt: skip
    """Largest less smallest over the pairs, a mean over seeds."""
    by_seed = [
        [read(cell) for cell in cells]
        for cells in zip(*(at[network, invariant, rate] for rate in RATES), strict=True)
    ]  # fmt: skip
    spreads = [max(values) - min(values) for values in by_seed]
    own = at[network, invariant, RATES[0]]
    found = dict(zip((cell.seed for cell in own), spreads, strict=True))
    return over_seeds(own, lambda cell: found[cell.seed])


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, invariant, rate), own in groups(cells, "network", "invariant", "rate").items():
        mean = lambda read: over_seeds(own, read).value  # noqa: E731, B023
        waits = (mean(arrived("angle", 0)), mean(arrived("predicted", 0))) if invariant else ("", "")
        norms = (mean(lambda c, k=k: float(c.values["norm"][0][k])) for k in (0, 1))
        rows.append((
            network, "yes" if invariant else "no", rate, own[0].parameters["product"] / rate,
            *(mean(late("angle", layer)) for layer in (0, 1)), *waits, *norms, mean("accuracy"),
        ))  # fmt: skip
    columns = (
        "network", "scale-invariant", "lr", "wd", "layer 0: angle over equilibrium", "layer 1",
        "layer 0: steps to half",
        "by the law", "norm at the start", "at the end", "accuracy",
    )  # fmt: skip
    caption = "SGDM at one product lr wd. Angles at the end over the equilibrium angle. Means over seeds."
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import ASIDE, SERIES, THEORY, panels

    figure, axes = panels(sharey=True)
    at = groups(cells, "network", "invariant", "rate")
    network = cells[0].parameters["network"]
    for axis, invariant, title in zip(axes, (True, False), ("scale-invariant", "scale-sensitive twin"), strict=True):
        for rate, colour in zip(RATES, SERIES, strict=False):
            own = at[network, invariant, rate]
            steps = np.arange(own[0].parameters["steps"])
            looks = {
                "angle": {"color": colour, "label": f"lr {rate:g}"},
                "predicted": {"color": THEORY, "linestyle": "--"},
            }
            for name in looks if invariant else ("angle",):
                squares = np.mean([c.values[name][0] ** 2 for c in own], 0)
                smooth = np.sqrt(np.convolve(squares, np.ones(20) / 20, "valid"))
                axis.plot(steps[: len(smooth)] + 10, smooth, linewidth=1, **looks[name])
        axis.axhline(own[0].values["equilibrium"], color=ASIDE, linestyle=":", label="equilibrium")
        axis.set(yscale="log", xlabel="steps", title=title)
    axes[0].set(ylabel="angle per step of layer 0, radians")
    axes[1].legend(fontsize=7)
    return figure


EXPERIMENT = Experiment(
    name="same-product",
    title="One product lr wd, four learning rates",
    claims=(CLAIM,),
    tests=(
        "SGDM from weights as drawn, at one product lr wd and learning rates a thousandfold apart, on digits. With "
        "weight standardisation and layer normalisation all trained weights are scale-invariant: the equilibrium angle "
        "is the same, and the law says how long it takes to get there; measured energies enter, nothing is fitted. The "
        "twin has the same shapes and no normalisation."
    ),
    cell="proofs.experiments.cells.same_product:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 4, Mode.FULL: 5},
    seconds={Mode.QUICK: 30.0, Mode.FULL: 7200.0},
    published=("KOS-X10",),
)
