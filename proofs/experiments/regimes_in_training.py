"""The regimes as they show in ordinary training: SGD's own effective learning rate, on the curve of fixed ones.

Seeds 1000 to 1007 refuted that without decay it falls by what fixed runs turn, within 25 per cent: it fell to
0.60 and 0.47 of that. So it is claimed to fall by as much at least, and judged by other seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, largest, over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIXED = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1)
LOWER = (1e-5, 3e-5)
"""Of the whole matrix alone, whose runs without decay fall further."""
RATE, DECAYS = 0.1, (0.06, 0.2, 1.0, 3.0)
SECOND, THIRD = (4.0, 8.0), (20.0, 200.0)
"""Learning rates without decay at which the run begins in the second and in the third regime."""
EXACT, CLAIM = "effective-lr-direction", "regimes-in-training"
ROUNDING = 1e-9
LOSS, ELR = math.log(1.5), math.log(1.25)
"""As the claim has it."""


def _grid(mode: Mode) -> list[dict[str, Any]]:
    size, steps = {"width": 32, "depth": 3}, 800
    rates: tuple[float, ...] = FIXED
    if mode is Mode.FULL:
        size, steps, rates = {"width": 128, "depth": 4}, 8000, (*LOWER, *FIXED)
    fixed = [("projected", rate, 0.0) for rate in rates]
    ordinary = [("sgd", RATE, wd) for wd in DECAYS] + [("sgd", rate, 0.0) for rate in (*SECOND, *THIRD)]
    return [{**size, "rule": rule, "phases": [[rate, steps]], "wd": wd} for rule, rate, wd in (*fixed, *ordinary)]


@dataclass(frozen=True)
class Curve:
    """What runs at fixed ELR of one seed show, by log ELR: log loss, and log of the mean of log(1 + Phi^2 G).

    NaN beyond the lowest and the highest of them, but that ELRs are followed down with the growth of the lowest.
    """

    logs: np.ndarray
    losses: np.ndarray
    growths: np.ndarray

    def loss(self, elr: float) -> float:
        """Log loss at an ELR, between the runs'."""
        return float(np.interp(math.log(elr), self.logs, self.losses, math.nan, math.nan))

    def growth(self, elr: float) -> float:
        """By how much log Phi falls in a step."""
        return float(np.exp(np.interp(math.log(elr), self.logs, self.growths)))

    def balanced(self, gain: float) -> float:
        """The least ELR at which a step's growth is ``gain``."""
        return float(
            np.exp(np.interp(math.log(gain), np.maximum.accumulate(self.growths), self.logs, math.nan, math.nan))
        )

    @property
    def best(self) -> float:
        """The ELR of the least loss."""
        return float(np.exp(self.logs[self.losses.argmin()]))

    def followed(self, elr: float, steps: int) -> float:
        """Where the ELR falls to in so many steps without decay."""
        for _ in range(steps):
            elr *= math.exp(-self.growth(elr))
        return elr


def curves(cells: Sequence[Cell]) -> dict[int, Curve]:
    """The curve of each seed."""
    found: dict[int, list[Cell]] = {}
    for cell in cells:
        if cell.parameters["rule"] == "projected":
            found.setdefault(cell.seed, []).append(cell)
    made = {}
    for seed, own in found.items():
        own = sorted(own, key=lambda cell: cell.values["elr"])
        made[seed] = Curve(*(np.log([cell.values[name] for cell in own]) for name in ("elr", "loss", "growth")))
    return made


def gain(wd: float) -> float:
    """log B, by which decay raises log Phi in a step at RATE."""
    from theory import effective_lr
    from theory.symbols import decay, lr

    constant = {effective_lr.later_lr: lr, effective_lr.later_decay: decay}
    return math.log(float(effective_lr.growth().subs(constant).subs(decay, RATE * wd)))


def _ordinary(cells: Sequence[Cell], rate: float, wd: float) -> list[Cell]:
    return [c for c in cells if (c.parameters["rule"], c.parameters["phases"][0][0], c.parameters["wd"]) ==
            ("sgd", rate, wd)]  # fmt: skip


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    by_seed, found = curves(cells), []

    def seen(own: Sequence[Cell], make: Callable[..., float], *more: Any) -> Any:
        return over_seeds(own, lambda cell: make(cell.values, by_seed[cell.seed], *more))

    for rate, wd in _runs():
        own, where = _ordinary(cells, rate, wd), f"lr {rate:g}, wd {wd:g}"
        found += [
            Finding(f"{where}: log Phi's recursion, summed over the run", 0.0, largest(own, "balance"), ROUNDING,
                    "rounding; the largest of all seeds", claims=(EXACT,)),
            Finding(f"{where}: losses of projected SGD at the run's Phi_t over the run's, less 1", 0.0,
                    largest(own, "replay"), ROUNDING, "rounding; the first 20 steps, chaos multiplies it",
                    claims=(EXACT,)),
        ]  # fmt: skip
    reason = "the claim's; interpolated between runs of the same seed"
    for wd in DECAYS:
        own, where = _ordinary(cells, RATE, wd), f"lr {RATE:g}, wd {wd:g}"
        found += [
            Finding(f"{where}: log of the ELR over that at which fixed runs turn as much as decay makes up for", 0.0,
                    seen(own, _moved, gain(wd)), ELR, reason,
                    claims=(CLAIM,)),
            Finding(f"{where}: log of the loss over that at the predicted ELR", 0.0,
                    seen(own, _lost, gain(wd)), LOSS, reason,
                    claims=(CLAIM,)),
        ]  # fmt: skip
    for wd in DECAYS[1:]:
        found.append(
            Finding(f"control, lr {RATE:g}, wd {wd:g}: log of the loss over that at the ELR of the start", LOSS,
                    seen(_ordinary(cells, RATE, wd), lambda v, c: math.log(v["loss"]) - c.loss(v["first_elr"])), 0.0,
                    "a wrong ELR must be seen", Relation.AT_LEAST, (CLAIM,))
        )  # fmt: skip
    for rate in (*SECOND, *THIRD):
        own, where = _ordinary(cells, rate, 0.0), f"lr {rate:g}, no decay"
        found.append(
            Finding(f"{where}: log of the loss over that at the run's ELR", 0.0,
                    seen(own, lambda v, c: math.log(v["loss"]) - c.loss(v["elr"])), LOSS, reason, claims=(CLAIM,))
        )  # fmt: skip
        steps = int(own[0].parameters["phases"][0][1])
        if rate in SECOND:
            found.append(
                Finding(f"{where}: log of the last ELR over that which falls by what fixed runs turn", 0.0,
                        seen(own, _fallen, steps), 0.0,
                        "the claim's: by as much at least", Relation.AT_MOST, (CLAIM,))
            )  # fmt: skip
        else:
            found.append(
                Finding(f"{where}: log of the last ELR over that of the least loss", 0.0,
                        seen(own, lambda v, c: math.log(v["last_elr"] / c.best)), 0.0,
                        "the claim's: in the first regime", Relation.AT_MOST, (CLAIM,))
            )  # fmt: skip
    return found


def _moved(values: Mapping[str, Any], curve: Curve, raised: float) -> float:
    return math.log(values["elr"] / curve.balanced(raised))


def _lost(values: Mapping[str, Any], curve: Curve, raised: float) -> float:
    return math.log(values["loss"]) - curve.loss(curve.balanced(raised))


def _fallen(values: Mapping[str, Any], curve: Curve, steps: int) -> float:
    return math.log(values["last_elr"] / curve.followed(values["first_elr"], steps))


def _runs() -> list[tuple[float, float]]:
    return [*((RATE, wd) for wd in DECAYS), *((rate, 0.0) for rate in (*SECOND, *THIRD))]


def _table(cells: Sequence[Cell]) -> Table:
    by_seed, rows = curves(cells), []
    for rate, wd in _runs():
        own = _ordinary(cells, rate, wd)
        elr, loss = over_seeds(own, "elr"), over_seeds(own, "loss")
        curve = over_seeds(own, lambda cell: math.exp(by_seed[cell.seed].loss(cell.values["elr"])))
        raised = gain(wd) if wd else 0.0
        balanced = float(np.mean([by_seed[c.seed].balanced(raised) for c in own])) if wd else ""
        rows.append((rate, wd, over_seeds(own, "first_elr").value, elr.value, elr.standard_error, balanced,
                     over_seeds(own, "last_elr").value, loss.value, loss.standard_error, curve.value))  # fmt: skip
    columns = ("lr", "wd", "first ELR", "ELR", "its error", "predicted", "last ELR", "loss", "its error",
               "loss at fixed ELR")  # fmt: skip
    caption = (
        "SGD with coupled decay on the network of three-regimes-network. ELR and loss are means over the second half "
        "(the ELR's geometric); predicted: where runs at fixed ELR turn as much as decay makes up for; the last column "
        "is interpolated at the run's own ELR."
    )
    return Table(columns, rows, caption)


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import MARKERS, SERIES, THEORY, panels

    figure, axes = panels(sharey=True)
    fixed = [[c for c in cells if c.parameters["rule"] == "projected" and c.parameters["phases"][0][0] == rate]
             for rate in FIXED]  # fmt: skip
    losses = [over_seeds(own, "loss").value for own in fixed]
    for axis in axes:
        axis.plot(FIXED, losses, THEORY, linestyle="--", marker=".", linewidth=1, label="fixed ELR")
        axis.set(xscale="log", yscale="log", xlabel="effective learning rate")
    shown = ([(RATE, wd) for wd in DECAYS], [(rate, 0.0) for rate in (*SECOND, *THIRD)])
    for axis, runs in zip(axes, shown, strict=True):
        for (rate, wd), colour, marker in zip(runs, SERIES, MARKERS, strict=False):
            own = _ordinary(cells, rate, wd)
            axis.plot(own[0].values["elrs"], own[0].values["losses"], color=colour, linewidth=0.8, alpha=0.6)
            label = f"lr {rate:g}, wd {wd:g}" if wd else f"lr {rate:g}"
            axis.scatter([c.values["elr"] for c in own], [c.values["loss"] for c in own], color=colour, marker=marker,
                         s=22, label=label, zorder=3)  # fmt: skip
    for axis, place in zip(axes, ("left", "right"), strict=True):
        figure.legend(*axis.get_legend_handles_labels(), loc=f"outside lower {place}", ncols=3)
    axes[0].set(ylabel="loss", title="with weight decay")
    axes[1].set(title="without")
    return figure


EXPERIMENT = Experiment(
    name="regimes-in-training",
    title="The regimes in ordinary training",
    claims=(EXACT, CLAIM),
    tests=(
        "SGD at a constant learning rate, with and without weight decay, on a network all of whose trained weights are "
        "scale-invariant, in float64. Exact: it is projected SGD at Phi_t = lr/((1 - p)|theta_t|^2), and log Phi's "
        "recursion. As measured: its loss is that of runs at the fixed ELR that it comes to, which with decay is "
        "predicted from those runs and lr wd alone. Control: the ELR of the start."
    ),
    cell="proofs.experiments.cells.regimes:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 8, Mode.FULL: 8},
    seconds={Mode.QUICK: 80.0, Mode.FULL: 7200.0},
    first_seed=2000,
)
