"""What warmup is for: early updates with and without it, controlled rotation, and the critical batch size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import (
    Cell,
    Estimate,
    Experiment,
    Finding,
    Mode,
    Relation,
    Table,
    groups,
    over_seeds,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EARLY = (0, 1, 3, 10, 30, 100)
WINDOW = 50
AT_FIRST = 10
"""Steps that count as the first ones."""
OPTIMIZERS = {"adamw": "AdamW", "rotational": "rotational AdamW", "lion_ar": "LionAR"}
ANGLE, BATCH, CONTROLLED = "warmup-early-angle", "warmup-early-correlation", "warmup-controlled-rotation"
WHITE = "early correlation of gradients is not in the law; the angle itself changes about tenfold meanwhile"


def _grid(mode: Mode) -> list[dict[str, Any]]:
    quick = mode is Mode.QUICK
    sizes = {"part": "sizes", "width": 32 if quick else 256, "depth": 3, "batch": 16, "rate": 0.022, "wd": 0.045}
    found: list[dict[str, Any]] = [{**sizes, "steps": 1200 if quick else 3000, "warm": warm} for warm in (False, True)]
    width, steps = (16, 160) if quick else (128, 4000)
    gpt = {"width": width, "batch": 8 if quick else 32}
    for optimizer in OPTIMIZERS:
        for rate in (0.03, 0.3) if quick else (0.003, 0.01, 0.03, 0.1, 0.3):
            common = {"part": "descent", **gpt, "optimizer": optimizer, "rate": rate, "wd": 0.1, "steps": steps}
            found += [{**common, "warm": warm} for warm in (False, True)]
    many = {"parts": 48, "size": 2} if quick else {"parts": 256, "size": 4}
    noise: dict[str, Any] = {"part": "batches", **gpt, "wd": 0.1, "steps": 120 if quick else 4000, **many}
    noise["marks"] = [0, 10, 40, 120] if quick else [0, 10, 40, 120, 400, 1200, 4000]
    return [*found, *({**noise, "rate": rate} for rate in (0.01, 0.0))]


def _of(cells: Sequence[Cell], part: str) -> list[Cell]:
    return [cell for cell in cells if cell.parameters["part"] == part]


def _predicted(cell: Cell, warm: bool | None = None, *, settled: bool = False) -> dict[str, np.ndarray]:
    """By the law of white gradients, from the norms at the start: ``norm``, ``change`` and ``angle`` of each layer.

    ``warm`` takes the schedule of the other runs, ``settled`` starts in equilibrium: both are wrong on purpose.
    """
    from proofs.experiments.cells.watching import change_between

    p = cell.parameters
    warm = p["warm"] if warm is None else warm
    starts = [None if settled else float(norm[0]) for norm in cell.values["norm"]]
    laws = [
        _law(p["rate"], p["wd"], p["steps"], warm, start, float(dim))
        for start, dim in zip(starts, cell.values["dim"], strict=True)
    ]
    norms, angles = (np.array(found) for found in zip(*laws, strict=True))
    return {"norm": norms, "angle": angles, "change": change_between(norms[:, :-1], norms[:, 1:], angles)}


@cache
def _law(
    rate: float, wd: float, steps: int, warm: bool, start: float | None, dim: float
) -> tuple[np.ndarray, np.ndarray]:
    from proofs.experiments.cells.warmup import BETAS, rates
    from theory.schedule import Schedule
    from theory.trajectory import trajectory

    schedule = Schedule(rates(rate, steps, warm, falls=False), np.full(steps, wd))
    found = trajectory("adamw", schedule, start, beta1=BETAS[0], beta2=BETAS[1], dim=dim)
    return found.norm, found.angle


def _windows(cell: Cell, early: bool) -> list[slice]:
    """Before the first half-life of the squared norm, in windows that grow; after it, in equal ones."""
    p = cell.parameters
    half = round(np.log(2) / (2 * p["rate"] * p["wd"]))
    edges = [*(e for e in EARLY if e < half), half] if early else list(range(half, p["steps"] + 1, WINDOW))
    return [slice(a, b) for a, b in pairwise(edges)]


def _missed(cell: Cell, early: bool, **wrong: bool) -> float:
    """Median over layers and windows of the relative error of the angle's root mean square."""
    law = _predicted(cell, **wrong)["angle"]
    ratios = [_rms(cell.values["angle"][:, w]) / _rms(law[:, w]) for w in _windows(cell, early)]
    return float(np.median(np.abs(np.array(ratios) - 1)))


def _rms(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.mean(values**2, axis=-1)))


def _excess(cell: Cell, steps: slice) -> float:
    """Measured over predicted angle, the mean over layers."""
    return float((_rms(cell.values["angle"][:, steps]) / _rms(_predicted(cell)["angle"][:, steps])).mean())


def _early_excess(cell: Cell, late: slice) -> float:
    """Of the first 30 steps, less that of the late ones."""
    return _excess(cell, slice(0, 30)) - _excess(cell, late)


def _fall(cell: Cell, what: str) -> float:
    """First over last steps of a size, over the same as predicted: the mean over layers."""
    law = _predicted(cell)[what]
    return float(np.mean(_first_over_last(cell.values[what]) / _first_over_last(law)))


def _first_over_last(size: np.ndarray) -> np.ndarray:
    return _rms(size[:, :AT_FIRST]) / _rms(size[:, -WINDOW:])


def _responses(cell: Cell) -> np.ndarray:
    """Relative representation change over the angle of the step, [layers, marks]."""
    return np.asarray(cell.values["representation"] / cell.values["angle"][:, cell.values["marks"]])


def _early_response(cell: Cell) -> float:
    """Of the first steps over that of the last quarter, the mean over layers."""
    marks, found = cell.values["marks"], _responses(cell)
    late = found[:, marks >= 0.75 * cell.parameters["steps"]].mean(1)
    return float((found[:, marks < AT_FIRST].mean(1) / late).mean())


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    return [*_judge_sizes(_of(cells, "sizes")), *_judge_batches(_of(cells, "batches")), *_judge_descent(cells)]


def _judge_sizes(cells: Sequence[Cell]) -> list[Finding]:
    def said(
        name: str, of: Callable[[Cell], float], at: float, tolerance: float, why: str, how: Relation = Relation.EQUAL,
        claim: str = ANGLE,
    ) -> Finding:  # fmt: skip
        return Finding(f"{named}: {name}", at, over_seeds(own, of), tolerance, why, how, (claim,))

    found: list[Finding] = []
    for (warm,), own in groups(cells, "warm").items():
        named = "with warmup" if warm else "without warmup"
        late = slice(_windows(own[0], False)[0].start, None)
        bar = "the bar set for white-noise laws on networks"
        found += [
            said("first angle over predicted", partial(_excess, steps=slice(0, 1)), 1.0, 0.05,
                 "the weights are drawn without regard to the gradient's signs; a layer has about 1000 of them"),
            said("angle after the first half-life, error", partial(_missed, early=False), 0.0, 0.05, bar,
                 Relation.AT_MOST),
            said("angle before the first half-life, error", partial(_missed, early=True), 0.0, 0.2, WHITE,
                 Relation.AT_MOST),
            said("|dW|, first over last steps, over predicted", partial(_fall, what="change"), 1.0, 0.2, WHITE),
            said("angle, first over last steps, over predicted", partial(_fall, what="angle"), 1.0, 0.2, WHITE),
            said("angle over predicted, first 30 steps less late ones",
                 partial(_early_excess, late=late), 0.0, 0.0,
                 "direction: gradients are more correlated early", Relation.AT_LEAST, BATCH),
            said("representation change over angle, first over last steps", _early_response, 1.0, 0.0,
                 "direction: early updates change representations more", Relation.AT_LEAST, BATCH),
        ]  # fmt: skip
        wrong = "a wrong law must be seen"
        found.append(
            said("control, the other schedule: error of the early angle",
                 lambda c: _missed(c, True, warm=not c.parameters["warm"]), 0.3, 0.0, wrong, Relation.AT_LEAST)
        )  # fmt: skip
        if not warm:
            found.append(
                said("control, a start in equilibrium: error of the early angle",
                     lambda c: _missed(c, True, settled=True), 0.3, 0.0, wrong, Relation.AT_LEAST)
            )  # fmt: skip
    return found


def _judge_batches(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    for (rate,), own in groups(cells, "rate").items():
        for i, mark in enumerate(own[0].values["marks"][1:], 1):
            measured = over_seeds(own, partial(_against_start, at=i))
            if rate:
                name = f"critical batch size at the start over that at step {mark}"
                why = "direction: it grows"
                found.append(Finding(name, 1.0, measured, 0.0, why, Relation.AT_MOST, (BATCH,)))
            else:
                name = f"control, not trained: critical batch size at the start over that at step {mark}"
                why = "within a half: nothing was trained, what is left is the estimate's own chance"
                found.append(Finding(name, 1.0, measured, 0.5, why, claims=(BATCH,)))
    return found


def _against_start(cell: Cell, at: int) -> float:
    return _inverse(cell, at) / _inverse(cell, 0)


def _inverse(cell: Cell, at: int) -> float:
    """One over the critical batch size at a mark; finite also where the mean gradient cannot be told from none."""
    return float(cell.values["signal"][at] / cell.values["noise"][at])


def _judge_descent(cells: Sequence[Cell]) -> list[Finding]:
    own = _gains(cells)
    rate = max(rate for _, rate in own)
    gain = own["adamw", rate]
    why = "direction: what a rate too high without warmup costs"
    name = f"loss that warmup saves AdamW at lr {rate:g}"
    found = [Finding(name, 0.0, _mean(gain), 0.0, why, Relation.AT_LEAST, (CONTROLLED,))]
    for other in ("rotational", "lion_ar"):
        name = f"loss that warmup saves AdamW, less what it saves {OPTIMIZERS[other]}, at lr {rate:g}"
        why = "direction: controlled rotation lessens the need"
        less = _mean(gain - own[other, rate])
        found.append(Finding(name, 0.0, less, 0.0, why, Relation.AT_LEAST, (CONTROLLED,)))
    return found


def _gains(cells: Sequence[Cell]) -> dict[tuple[str, float], np.ndarray]:
    """Loss without warmup less that with it, [seeds], by optimizer and rate."""
    found = {}
    for key, own in groups(_of(cells, "descent"), "optimizer", "rate").items():
        by_seed = [sorted((c for c in own if c.parameters["warm"] == w), key=lambda c: c.seed) for w in (False, True)]
        cold, warm = (np.array([cell.values["loss"] for cell in some]) for some in by_seed)
        found[key] = cold - warm
    return found


def _mean(values: np.ndarray) -> Estimate:
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf
    return Estimate(float(values.mean()), error, len(values))


def _table(cells: Sequence[Cell]) -> Table:
    rows: list[tuple[Any, ...]] = []
    for (warm,), own in groups(_of(cells, "sizes"), "warm").items():
        for i, layer in enumerate(own[0].values["layers"]):
            for what, title in (("change", "|dW|"), ("angle", "angle")):
                for name, steps in (("steps 1 to 10", slice(0, AT_FIRST)), ("last 50", slice(-WINDOW, None))):
                    law = np.mean([_rms(_predicted(cell)[what][i, steps]) for cell in own])
                    seen = over_seeds(own, partial(_size, what=what, layer=i, steps=steps))
                    rows.append((title, f"{layer}, {name}", _yes(warm), float(law), seen.value, seen.standard_error))
            for name, early in (("steps 1 to 10", True), ("last quarter", False)):
                seen = over_seeds(own, partial(_representation, layer=i, early=early))
                rows.append(
                    ("relative representation change", f"{layer}, {name}", _yes(warm), "", seen.value,
                     seen.standard_error)
                )  # fmt: skip
    for (rate,), own in groups(_of(cells, "batches"), "rate").items():
        for i, mark in enumerate(own[0].values["marks"]):
            seen = over_seeds(own, partial(_inverse, at=i))
            place = f"{'AdamW' if rate else 'not trained'}, step {mark}"
            rows.append(("1 / critical batch size", place, "no", "", seen.value, seen.standard_error))
    for (optimizer, rate, warm), own in groups(_of(cells, "descent"), "optimizer", "rate", "warm").items():
        seen = over_seeds(own, "loss")
        place = f"{OPTIMIZERS[optimizer]}, lr {rate:g}"
        rows.append(("held-out loss", place, _yes(warm), "", seen.value, seen.standard_error))
    columns = ("what", "where", "warmup", "predicted", "measured", "standard error")
    caption = (
        "Sizes of AdamW's updates on digits, by the law of white gradients and as measured; the critical batch size "
        "(sequences) and the loss (nats per byte) of a two-layer GPT."
    )
    return Table(columns, rows, caption)


def _size(cell: Cell, what: str, layer: int, steps: slice) -> float:
    return float(_rms(cell.values[what][layer, steps]))


def _yes(warm: bool) -> str:
    return "yes" if warm else "no"


def _representation(cell: Cell, layer: int, early: bool) -> float:
    marks = cell.values["marks"]
    chosen = marks < AT_FIRST if early else marks >= 0.75 * cell.parameters["steps"]
    return float(cell.values["representation"][layer, chosen].mean())


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels(2, 2)
    (angle, response), (batch, loss) = axes
    for (warm,), own in groups(_of(cells, "sizes"), "warm").items():
        colour, named = SERIES[int(warm)], "with warmup" if warm else "without"
        cell = own[0]
        steps = np.arange(1, cell.parameters["steps"] + 1)
        angle.plot(steps, cell.values["angle"][-1], color=colour, linewidth=0.8, label=named)
        law = _predicted(cell)["angle"][-1]
        angle.plot(steps, law, color=THEORY, linestyle="--", linewidth=1, label=None if warm else "predicted")
        mean = np.mean([_responses(c).mean(0) for c in own], axis=0)
        response.plot(
            cell.values["marks"] + 1, mean, color=colour, marker=MARKERS[int(warm)], markersize=3, linewidth=1,
            label=named,
        )  # fmt: skip
    angle.set(xscale="log", yscale="log", xlabel="step", ylabel="angle, last layer", title="AdamW, digits")
    response.set(xscale="log", xlabel="step", ylabel="change / angle", title="Relative representation change")
    for i, ((rate,), own) in enumerate(groups(_of(cells, "batches"), "rate").items()):
        marks = own[0].values["marks"]
        size = np.mean([c.values["noise"] for c in own], 0) / np.mean([c.values["signal"] for c in own], 0)
        named = "AdamW" if rate else "not trained"
        batch.plot(marks + 1, size, color=SERIES[i], marker=MARKERS[i], markersize=4, linewidth=1, label=named)
    batch.set(xscale="log", yscale="log", xlabel="step", ylabel="sequences", title="Critical batch size, GPT")
    for i, (optimizer, named) in enumerate(OPTIMIZERS.items()):
        own_gains = {rate: gain for (name, rate), gain in _gains(cells).items() if name == optimizer}
        means = [_mean(gain) for gain in own_gains.values()]
        loss.errorbar(
            [rate * (1 + 0.06 * (i - 1)) for rate in own_gains], [m.value for m in means],
            [m.standard_error for m in means], color=SERIES[i], marker=MARKERS[i], markersize=4, linewidth=1,
            label=named,
        )  # fmt: skip
    loss.axhline(0, color=THEORY, linewidth=0.6)
    loss.set(xscale="log", xlabel="learning rate", ylabel="loss saved, nats", title="What warmup saves, GPT")
    for axis in axes.flat:
        axis.legend()
    for axis, which, at in ((batch, "y", (2, 5, 10, 20)), (loss, "x", sorted({rate for _, rate in _gains(cells)}))):
        axis.tick_params(axis=which, which="minor", labelleft=False, labelbottom=False)
        (axis.set_yticks if which == "y" else axis.set_xticks)(at, [f"{tick:g}" for tick in at])
    return figure


EXPERIMENT = Experiment(
    name="warmup",
    title="What warmup is for",
    claims=(ANGLE, BATCH, CONTROLLED),
    tests=(
        "The angle and length of AdamW's early updates, with and without warmup, predicted from the norms at the "
        "start, the schedule, bias correction and the lag of the second moment; nothing is fitted. The relative "
        "representation change per angle and the critical batch size (gradient noise scale) are measured. What warmup "
        "saves at a high learning rate under weight decay, and where the angle is controlled instead. Controls: the "
        "law of the other schedule, the law in equilibrium, and the critical batch size of a network not trained."
    ),
    cell="proofs.experiments.cells.warmup:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 5, Mode.FULL: 5},
    seconds={Mode.QUICK: 50.0, Mode.FULL: 14400.0},
    published=("WARM-1", "WARM-2 batch", "WARM-4", "WARM-Q", "KOS-X9"),
)
