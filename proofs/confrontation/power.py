"""How small an error the confrontation sees: the power of its designs over decays per step, computed and measured.

What a design resolves is computed from its error bars. It is then measured: predictions that are wrong by exactly that
are put to fresh runs, and nearly all must be rejected, while the right prediction must never be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proofs.comparison import Confrontation, Hyperparameters
from proofs.confrontation.catalogue import at, designs, law_for
from proofs.confrontation.designs import stationarity
from proofs.confrontation.signs import BUFFER, sign_stationarity
from proofs.confrontation.subject import Bench, Predicted
from theory.catalogue import REFINED
from theory.compiled import NAMES, load

REPETITIONS = 20
DECAYS = (1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 0.5)
"""lr*wd of the map."""
LEAST_DECAY = 1e-5
"""Below it identities and enclosures decide; what one step still shows there is limited by rounding."""
GOALS = {"norm": 0.01, "angle": 0.01, "rate": 0.05}
"""The relative errors that must be seen from LEAST_DECAY on."""
GOAL_AT_RECIPES = 0.002
"""The same of norm and angle at the recipes."""
RECIPES: dict[str, dict[str, float]] = {
    "momentum": {"lr": 0.1, "wd": 1e-4},
    "elementwise": {"lr": 6e-4, "wd": 0.1},
    "sign": {"lr": 5e-4, "wd": 1.0},
}
"""ResNet-50's, GPT-2's and Lion's on ResNet-20, as in the audit; the coefficients are each rule's defaults."""
DESIGNS = ("stationarity", "perturbation")
BENCHES = {"fixed": (64, 64), "sphere": (1024, 128), "iid": (1024, 256)}
"""Coordinates and replicas by law."""
SIGNS = ((128, 128), (512, 1024), (2048, 3072))
"""The same of Lion and Signum, whose history takes time.

The power is measured on the first and computed on the second, at the recipe on the third.
"""
MEASURED = (1e-5, 1e-2)
"""Decays per step of the map at which the power is measured as well, beside the recipes."""


@dataclass(frozen=True)
class Power:
    """What one design resolves of one quantity at one point, and how many of ``of`` fresh runs rejected just that.

    ``rejected`` and ``alarms`` are None where it was computed only.
    """

    optimizer: str
    design: str
    quantity: str
    law: str
    dim: int
    replicas: int
    hyperparameters: dict[str, float]
    decay: float
    recipe: bool
    resolves: float
    rejected: int | None = None
    alarms: int | None = None
    of: int = REPETITIONS

    @property
    def goal(self) -> float | None:
        """The relative error that it must resolve; None below LEAST_DECAY."""
        if self.decay < LEAST_DECAY * (1 - 1e-9):
            return None
        return GOAL_AT_RECIPES if self.recipe and self.quantity != "rate" else GOALS[self.quantity]


def points(optimizer: str) -> Iterator[tuple[bool, dict[str, float]]]:
    """(whether it is a recipe, hyper-parameters) of the map."""
    kind = (
        "sign"
        if optimizer in (*BUFFER, "signsgd")
        else "momentum"
        if optimizer.startswith(("sgd", "nesterov", "ngd", "lars"))
        else "elementwise"
    )
    own = {p.name for p in load(optimizer).parameters}
    rest = {"trust": 0.1, "lr": 1.0} if "trust" in own else {}
    yield True, {**RECIPES[kind], **rest}
    for decay in DECAYS:
        yield False, {"lr": 0.1, "wd": decay / 0.1}


def benches(optimizer: str, design: str, recipe: bool) -> list[tuple[Bench, bool]]:
    """(bench, whether the power is measured there) of a design.

    Gradients of one length and, where the claim allows both, of random length, which leave a spread.
    """
    law = law_for(optimizer, design)
    if optimizer in BUFFER and design == "stationarity":
        return [(Bench(law, *SIGNS[0]), True), (Bench(law, *SIGNS[2 if recipe else 1]), False)]
    return [(Bench(one, *BENCHES[one]), True) for one in ((law, "sphere") if law == "fixed" else (law,))]


def judged(
    optimizer: str, design: str, hyperparameters: Hyperparameters, bench: Bench, quantity: str = "", error: float = 0.0
) -> Confrontation:
    """The design with a prediction whose ``quantity`` is wrong by a relative ``error``."""
    if error and quantity == "norm":
        right = Predicted.of(optimizer, hyperparameters)
        wrong = right.replaced(squared_norm=(1 + error) ** 2 * right.moments[0, 0])
        one_step = sign_stationarity if optimizer in BUFFER else stationarity
        return one_step(optimizer, hyperparameters, bench, wrong)
    found = designs(optimizer)[design](hyperparameters, bench)
    return found.with_error(quantity, error) if error else found


def power(optimizer: str, repetitions: int = REPETITIONS) -> Iterator[Power]:
    """The map of one optimizer, point by point; measured at the recipe and at MEASURED."""
    for recipe, chosen in points(optimizer):
        for design in [d for d in designs(optimizer) if d in DESIGNS]:
            for bench, is_measured in benches(optimizer, design, recipe):
                yield from _at(optimizer, design, chosen, bench, recipe, repetitions if is_measured else 0)


def _at(
    optimizer: str, design: str, chosen: dict[str, float], bench: Bench, recipe: bool, repetitions: int
) -> Iterator[Power]:
    decay = chosen["lr"] * chosen["wd"]
    full = at(optimizer, chosen, bench.dim)
    found = designs(optimizer)[design](full, bench)
    for quantity in dict.fromkeys(s.quantity for s in found.statistics if s.quantity in GOALS):
        error = found.resolves(quantity)
        row = Power(
            optimizer, design, quantity, bench.law, bench.dim, bench.replicas, chosen, decay, recipe, error,
            of=repetitions,
        )  # fmt: skip
        among = recipe or any(math.isclose(decay, one) for one in MEASURED)
        if not (among and repetitions and math.isfinite(error)):
            yield row
            continue
        fresh = [replace(bench, seed=seed) for seed in range(1, repetitions + 1)]
        wrong = [judged(optimizer, design, full, one, quantity, error) for one in fresh]
        right = [judged(optimizer, design, full, one) for one in fresh]
        yield replace(
            row,
            rejected=sum(c.is_rejected for c in wrong),
            alarms=sum(c.is_rejected for c in right),
        )


def mapped() -> tuple[str, ...]:
    """The optimizers of the map: those that one step from the prediction confronts."""
    return tuple(name for name in NAMES if name not in REFINED.values())


def unmet(rows: Iterable[Power]) -> list[Power]:
    """The sharpest row of each point that does not resolve what it must."""
    best: dict[tuple[str, str, float, bool], Power] = {}
    for row in rows:
        key = (row.optimizer, row.quantity, row.decay, row.recipe)
        best[key] = min(best.get(key, row), row, key=lambda r: r.resolves)
    return [row for row in best.values() if row.goal is not None and row.resolves > row.goal]


def mapped_table(rows: Iterable[Mapping[str, Any]]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The map as rows and heads: for each optimizer and quantity the sharpest law at the recipe and at each decay.

    Takes the rows as they are kept (``dataclasses.asdict``); a dagger marks what misses its goal.
    """
    best: dict[tuple[str, str], dict[str, Power]] = {}
    for kept in rows:
        row = Power(**kept)
        at = "recipe" if row.recipe else f"{row.decay:.0e}" if row.decay < 0.1 else f"{row.decay:g}"
        places = best.setdefault((row.optimizer, row.quantity), {})
        places[at] = min(places.get(at, row), row, key=lambda r: r.resolves)
    heads = list(dict.fromkeys(at for places in best.values() for at in places))
    shown = [(*key, *(_cell(places.get(at)) for at in heads)) for key, places in best.items()]
    return shown, ("optimizer", "quantity", *(at if at == "recipe" else f"p = {at}" for at in heads))


def _cell(row: Power | None) -> str:
    if row is None or not math.isfinite(row.resolves):
        return "-"
    return f"{row.resolves:.1g}" + ("" if row.goal is None or row.resolves <= row.goal else " †")
