"""The learning rate drops: the angle falls at once, comes back slowly, or enters the new equilibrium by rescaling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FACTOR, BEFORE = 10.0, 500
RULES: dict[str, dict[str, float]] = {"sgdm": {"rate": 0.2, "wd": 0.01}, "adamw": {"rate": 0.05, "wd": 0.5}}
NAMED = {"sgdm": "SGDM", "adamw": "AdamW"}
NOISY, FITTING = {"batch": 16, "label_noise": 0.5}, {"batch": 64, "label_noise": 0.0}
FIRST, MEMORY, WINDOW, LAST = 5, 30, 25, 300
"""Steps: those called at once; three memories of a momentum of 0.9; of a running mean; those called the end."""
ENTERED = (MEMORY, MEMORY + 100)
AT_ONCE, HALF_WAY, SETTLED = 0.1, 0.15, 0.05
DROP, RESCALING, PUBLISHED, FITS = (
    "network-lr-drop",
    "network-norm-rescaling",
    "network-drop-published-time",
    "network-drop-fitting",
)


def _grid(mode: Mode) -> list[dict[str, Any]]:
    found = []
    for network, width in (("mlp", 64),) if mode is Mode.QUICK else (("mlp", 256), ("resnet20", 16)):
        for optimizer, noise in (("sgdm", NOISY), ("adamw", NOISY), ("sgdm", FITTING)):
            common = {"network": network, "width": width, "optimizer": optimizer, **RULES[optimizer], **noise}
            lengths = {"factor": FACTOR, "before": BEFORE, "after": 1000 if mode is Mode.QUICK else 2000}
            found += [{**common, **lengths, "rescaled": rescaled} for rescaled in (False, True)]
    return found


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _part(cell: Cell, name: str, layer: int, begins: int, ends: int) -> float:
    """RMS of ``angle`` or ``predicted`` over steps counted from the drop."""
    drop = cell.parameters["before"]
    return _rms(cell.values[name][layer][drop + begins : drop + ends])


def fallen(cell: Cell, name: str, layer: int) -> float:
    """The factor by which the angle fell from just before to just after, over the factor of the learning rate."""
    return _part(cell, name, layer, -FIRST, 0) / _part(cell, name, layer, 0, FIRST) / cell.parameters["factor"]


def half_way(cell: Cell, name: str, layer: int) -> float:
    """Steps until the running RMS is at the geometric middle of old equilibrium over k and new one; inf if never."""
    drop, (old, new) = cell.parameters["before"], cell.values["equilibrium"]
    squares = np.convolve(cell.values[name][layer][drop:] ** 2, np.ones(WINDOW) / WINDOW, "valid")
    there = np.flatnonzero(squares > old / cell.parameters["factor"] * new)
    return float(there[0] + WINDOW / 2) if there.size else np.inf


def published_time(cell: Cell) -> float:
    """log(k) (1 - alpha)/(2 eta lambda) steps after the drop, as Corollary 3.1 has it, with the new eta."""
    from proofs.experiments.cells.lr_drop import OWN

    given = cell.parameters
    decay = given["rate"] / given["factor"] * given["wd"]
    return float(np.log(given["factor"]) * (1 - OWN["sgdm"]["momentum"]) / (2 * decay))


def _near_published(cell: Cell, name: str, layer: int) -> float:
    at = round(published_time(cell))
    return _part(cell, name, layer, at - WINDOW, at + WINDOW) / float(cell.values["equilibrium"][1])


def _over(read: Callable[[Cell, str, int], float], layer: int) -> Callable[[Cell], float]:
    return lambda cell: read(cell, "angle", layer) / read(cell, "predicted", layer)


def _ended(cell: Cell, name: str, layer: int) -> float:
    return _part(cell, name, layer, cell.parameters["after"] - LAST, cell.parameters["after"])


def _entered(layer: int, begins: int, ends: int) -> Callable[[Cell], float]:
    return lambda cell: _part(cell, "angle", layer, begins, ends) / float(cell.values["equilibrium"][1])


def _energy_fell(layer: int) -> Callable[[Cell], float]:
    def read(cell: Cell) -> float:
        energy, drop = cell.values["energy"][layer], cell.parameters["before"]
        return float(energy[drop - 100 : drop].mean() / energy[drop + 50 : drop + 150].mean())

    return read


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    for (network, optimizer, noise, rescaled), own in _at(cells).items():
        for layer in range(len(own[0].values["angle"])):
            where = f"{network}, {NAMED[optimizer]}, layer {layer}"
            if rescaled and noise:
                found.append(_rescaled(where, optimizer, layer, own))
            elif noise:
                found += _dropped(where, optimizer, layer, own)
            elif not rescaled:
                found += _fitting(where, layer, own)
    return found


def _dropped(where: str, optimizer: str, layer: int, own: Sequence[Cell]) -> list[Finding]:
    begins, ends = ENTERED
    found = [
        Finding(
            f"{where}: fall of the angle at once, over the law's", 1.0,
            over_seeds(own, _over(fallen, layer)),
            AT_ONCE, f"a mean over {FIRST} steps, in which minibatches differ", claims=(DROP,),
        ),
        Finding(
            f"{where}: steps half way to the new equilibrium, over the law's", 1.0,
            over_seeds(own, _over(half_way, layer)), HALF_WAY,
            f"the running mean over {WINDOW} steps is that coarse", claims=(DROP,),
        ),
        _at_the_end(where, optimizer, layer, own),
        Finding(
            f"control, {where}: {begins} to {ends} steps after the drop the angle is below its new equilibrium", 0.75,
            over_seeds(own, _entered(layer, begins, ends)), 0.0, "without rescaling it must be seen not to be there",
            Relation.AT_MOST, (RESCALING,),
        ),
    ]  # fmt: skip
    if optimizer == "sgdm":
        found.append(
            Finding(
                f"{where}: angle over its new equilibrium at the published least time", 1 / 1.1,
                over_seeds(own, lambda cell: _near_published(cell, "angle", layer)), 0.0,
                "within a tenth, as drop-published-time says of k = 4 and more", Relation.AT_LEAST, (PUBLISHED,),
            )
        )  # fmt: skip
    return found


def _at_the_end(where: str, optimizer: str, layer: int, own: Sequence[Cell]) -> Finding:
    measured = over_seeds(own, _over(_ended, layer))
    if optimizer == "adamw" and layer == 0:
        reason = "blank pixels: the coordinates of the first layer are not alike, as the law has them"
        return Finding(
            f"{where}: angle at the end, over the law's, too small", 0.95, measured, 0.0, reason, Relation.AT_MOST,
            (DROP,),
        )  # fmt: skip
    reason = "white noise, and for AdamW coordinates alike, are hypotheses"
    return Finding(
        f"{where}: angle at the end, over the law's", 1.0, measured, SETTLED, reason, claims=(DROP,)
    )  # fmt: skip


def _rescaled(where: str, optimizer: str, layer: int, own: Sequence[Cell]) -> Finding:
    if optimizer == "sgdm":
        return Finding(
            f"{where}, rescaled: angle over its new equilibrium from {ENTERED[0]} to {ENTERED[1]} steps after the drop",
            1.0, over_seeds(own, _entered(layer, *ENTERED)), AT_ONCE,
            "the unit gradient's energy is not quite constant; the norm follows its fourth root", claims=(RESCALING,),
        )  # fmt: skip
    return Finding(
        f"{where}, rescaled: angle over its new equilibrium in the first {MEMORY} steps, too large", 1.25,
        over_seeds(own, _entered(layer, 0, MEMORY)), 0.0,
        "the second moment remembers the gradients of longer weights", Relation.AT_LEAST, (RESCALING,),
    )  # fmt: skip


def _fitting(where: str, layer: int, own: Sequence[Cell]) -> list[Finding]:
    where = f"{where}, right labels"
    early = lambda cell, name, at: _part(cell, name, at, 0, 60)  # noqa: E731
    return [
        Finding(
            f"{where}: energy of the unit gradient before the drop, over that after", 1.25,
            over_seeds(own, _energy_fell(layer)), 0.0, "a constant one is the published hypothesis", Relation.AT_LEAST,
            (FITS,),
        ),
        Finding(
            f"{where}: angle over the white law's in the first 60 steps", 1.1,
            over_seeds(own, _over(early, layer)), 0.0, "descent along a valley is no white noise", Relation.AT_LEAST,
            (FITS,),
        ),
        Finding(
            f"{where}: angle at the end, over the law's", 1.0, over_seeds(own, _over(_ended, layer)),
            SETTLED, "white noise is a hypothesis", claims=(FITS,),
        ),
    ]  # fmt: skip


def _at(cells: Sequence[Cell]) -> dict[tuple[Any, ...], list[Cell]]:
    return groups(cells, "network", "optimizer", "label_noise", "rescaled")


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, optimizer, noise, rescaled), own in _at(cells).items():
        for layer in range(len(own[0].values["angle"])):
            mean = lambda read: over_seeds(own, read).value  # noqa: E731, B023
            first, half = (mean(lambda c, r=r: r(c, "angle", layer)) for r in (fallen, half_way))  # noqa: B023
            law = "" if rescaled else mean(lambda c: half_way(c, "predicted", layer))  # noqa: B023
            rows.append((
                f"{network}, {NAMED[optimizer]}", layer, noise, "yes" if rescaled else "no", first * FACTOR,
                "" if rescaled else half, law, *(mean(_entered(layer, *part)) for part in ((0, MEMORY), ENTERED)),
                mean(_over(_ended, layer)),
            ))  # fmt: skip
    columns = (
        "network", "layer", "wrong labels", "rescaled", "fall at once", "half way, steps", "by the law",
        f"over equilibrium, steps 0 to {MEMORY}", f"{ENTERED[0]} to {ENTERED[1]}", "end, over the law",
    )  # fmt: skip
    caption = (
        f"lr divided by {FACTOR:g} at step {BEFORE}: by what the angle per step falls, when it is half way (in the "
        "geometric sense) to its new equilibrium, and where it is then. Means over seeds."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import SERIES, panels

    figure, axes = panels(sharey=False)
    at = {key[1:]: own for key, own in _at(cells).items() if key[0] == "mlp"}
    for axis, optimizer in zip(axes, RULES, strict=True):
        for rescaled, colour in ((True, SERIES[1]), (False, SERIES[0])):
            for own in filter(None, [at.get((optimizer, NOISY["label_noise"], rescaled))]):
                _curves(axis, own, rescaled, colour)
        axis.set(yscale="log", xlabel="steps after the drop", title=NAMED[optimizer])
    axes[0].set(ylabel="angle per step, radians")
    axes[0].legend()
    return figure


def _curves(axis: Any, own: Sequence[Cell], rescaled: bool, colour: str) -> None:
    from proofs.experiments.drawing import ASIDE, THEORY

    drop, after = own[0].parameters["before"], own[0].parameters["after"]
    steps = np.arange(-200, after) + 0.5
    mean = {n: np.sqrt(np.mean([c.values[n][0] ** 2 for c in own], 0))[drop - 200 :] for n in ("angle", "predicted")}
    axis.plot(steps, mean["angle"], color=colour, linewidth=0.8, label="rescaled" if rescaled else "not rescaled")
    if not (rescaled and own[0].parameters["optimizer"] == "adamw"):  # restarted there without its second moment
        label = None if rescaled else "law"
        axis.plot(steps, mean["predicted"], color=THEORY, linestyle="--", linewidth=0.8, label=label)
    if not rescaled:
        for level, x in zip(own[0].values["equilibrium"], ((-200, 0), (0, after)), strict=True):
            axis.plot(x, (level, level), color=ASIDE, linestyle=":", label="equilibrium" if x[0] else None)


EXPERIMENT = Experiment(
    name="lr-drop",
    title="A learning rate that drops, with and without rescaled norms",
    claims=(DROP, RESCALING, PUBLISHED, FITS),
    tests=(
        "A batch-norm network all of whose trained weights are scale-invariant, on digits; lr is divided by ten at the "
        "same weight decay. The angle per step of each layer against the law from start norms, schedule and the "
        "measured energy of each row's unit gradient; nothing is fitted. Half of the labels are wrong and minibatches "
        "small, so that gradients are mostly noise; once labels are right, and the hypotheses are seen to fail."
    ),
    cell="proofs.experiments.cells.lr_drop:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 6, Mode.FULL: 6},
    seconds={Mode.QUICK: 30.0, Mode.FULL: 3600.0},
    published=("SMD-DROP", "SMD-RESC", "SMD-C31", "SMD-X6"),
)
