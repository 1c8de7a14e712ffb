"""Mutants of AdamW's lagging denominator: the moments' map with one place changed, or without its lag.

Each is iterated from one start and shown to a simulated trajectory; only its norm is its own. What the trajectory does
not see is iterated from equilibrium, where v is at its mean: there it must stay at the norm that one step of AdamW
confronts, which is far sharper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from sympy import Expr, lambdify, sqrt, symbols

import theory
from numerics import Result
from proofs import trajectories
from proofs.comparison import Confrontation
from proofs.confrontation.alterations import KINDS
from proofs.confrontation.mutants import NORM, Mutant, shown_place
from proofs.confrontation.subject import Bench
from proofs.confrontation.trials import Trial, trials
from theory.domain import OutOfDomain
from theory.lagging import Moments, bias_correction, settled, step
from theory.schedule import Schedule, scheduled
from theory.symbols import beta1, beta2, contraction, dim, lr
from theory.trajectory import Trajectory, trajectory

CLAIM, NAMES, NO_LAG = "adamw-lag", ("v'", "X'", "Y'", "Z'"), "v without its lag"
BEFORE = Moments(*symbols("v X Y Z", positive=True))
AT = (1, 50, 200, 500, 799)
BENCH = Bench(law="fixed", dim=512, replicas=32, seed=43)
HYPER: dict[str, Any] = {"beta1": 0.9, "beta2": 0.999, "dim": 512.0}
SETTING: dict[str, Any] = {"lr": 0.02, "wd": 0.25}
RESTING = 1000
"""Steps of the map from equilibrium."""


@cache
def after() -> Moments:
    """The map of theory as expressions, at L = d, which drops out of the norm."""
    return step(BEFORE, lr=lr, contraction=contraction, beta1=beta1, beta2=beta2, energy=dim, dim=dim, root=sqrt)


def mutants() -> Iterator[tuple[Mutant, Moments | None]]:
    """Every mutant of the map, with the map; None for the one whose v does not lag."""
    whole = after()
    for place, (name, true) in enumerate(zip(NAMES, whole, strict=True)):
        seen = {true}
        for kind, change in KINDS.items():
            for changed in change(true):
                if changed.whole not in seen:
                    seen.add(changed.whole)
                    mutant = Mutant(CLAIM, "adamw", "trajectory", kind, f"in {name}: {shown_place(changed)}", true,
                                    changed.whole, "adamw")  # fmt: skip
                    yield mutant, Moments(*(*whole[:place], changed.whole, *whole[place + 1 :]))
    yield Mutant(CLAIM, "adamw", "trajectory", NO_LAG, "whole", whole.v, 1 / BEFORE.x, "adamw"), None


@cache
def _run() -> tuple[Schedule, float, Result]:
    still = scheduled("constant", steps=800, **SETTING)
    start = 2 * float(theory.predict("adamw", beta1=HYPER["beta1"], dim=HYPER["dim"], **SETTING).equilibrium_norm)
    return still, start, trajectories.simulated("adamw", still, start, BENCH, HYPER)


@cache
def truth() -> Trajectory:
    """Theory's own trajectory."""
    still, start, _ = _run()
    return trajectory("adamw", still, start, **HYPER)


def iterated(moments: Moments | None) -> Trajectory | None:
    """The trajectory of a map, or None where it has no number; without a map that of v at its mean."""
    still, start, _ = _run()
    try:
        if moments is None:
            return trajectory("adamw", still, start, **{k: v for k, v in HYPER.items() if k != "beta2"})
        squares = _squares(moments, start, len(still.lr))
    except (OutOfDomain, ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    fine = np.isfinite(squares).all() and (squares > 0).all()
    return replace(truth(), norm=np.sqrt(squares)) if fine else None


def _squares(moments: Moments, start: float, steps: int) -> np.ndarray:
    function = compiled(tuple(moments))
    now: tuple[float, ...] = (0.0, start**2, 0.0, 0.0)
    squares = [start**2]
    kept = 1 - SETTING["lr"] * SETTING["wd"]
    for t in range(steps):
        size = SETTING["lr"] * bias_correction(HYPER["beta1"], HYPER["beta2"], t + 1)
        now = function(*now, size, kept, HYPER["beta1"], HYPER["beta2"], HYPER["dim"])
        squares.append(now[1])
    return np.array(squares, dtype=float)


def resting() -> Trial:
    """The point of AdamW at whose equilibrium the map must rest."""
    return trials("adamw")[0]


def at_rest(moments: Moments) -> float | None:
    """E|w|^2 after steps of the map from theory's equilibrium, without bias correction; None without a number."""
    trial, function = resting(), compiled(tuple(moments))
    at = trial.hyperparameters
    now: tuple[float, ...] = settled(trial.expected.moments, energy=at["dim"], dim=at["dim"])
    try:
        for _ in range(RESTING):
            now = function(*now, at["lr"], 1 - at["lr"] * at["wd"], at["beta1"], HYPER["beta2"], at["dim"])
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    return now[1] if np.isfinite(now[1]) and now[1] > 0 else None


def shown_at_rest(squared_norm: float) -> Confrontation:
    """One step of AdamW from the predicted moments with this squared norm among them."""
    return resting().shown(NORM, squared_norm)


def compiled(moments: tuple[Expr, ...]) -> Callable[..., tuple[float, ...]]:
    """The map as a function of v, X, Y, Z, the step size, 1 - p, the betas and d."""
    return lambdify([*BEFORE, lr, contraction, beta1, beta2, dim], moments, modules="math", cse=True)


def shown(found: Trajectory) -> Confrontation:
    """The simulated trajectory against this one."""
    return trajectories.compared(CLAIM, _run()[2], found, BENCH, AT, HYPER)
