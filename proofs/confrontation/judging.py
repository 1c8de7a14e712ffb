"""Mutants before the simulation: killed by a design, equal to the truth, or alive, with what it would take to see them.

A design must first agree with the truth at the same point and seed. A mutant that has no number where the truth has
one, or that no second moments can have, needs no simulation. What no simulation sees of a formula to first order in
1 - beta2 is put to quadrature (``expanded``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from proofs.confrontation import expanded
from proofs.confrontation.mutants import NORM, RATE, SIGNS, SLOW, Mutant, formulas
from proofs.confrontation.numbers import number
from proofs.confrontation.signs import LAGS
from proofs.confrontation.trials import Trial, trials, unseen
from theory.symbols import lag

KILLED, EQUIVALENT, SURVIVED = "killed", "equivalent", "survived"
EQUAL = 1e-12
"""Relative difference below which two formulas count as equal."""
NO_NUMBER, NO_MOMENTS = "no number there", "no second moments there"
LEAST = 1e-9
"""The least relative change that is looked for."""

Value = Any
"""A number, or of correlations a tuple."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    ``by`` is the design that killed it, ``at`` the point; of one that survived ``change`` is the largest relative
    change that it makes and ``seen`` the least that the design would have seen, both at ``at``.
    """

    mutant: Mutant
    outcome: str
    by: str = ""
    at: dict[str, object] | None = None
    p_value: float | None = None
    change: float | None = None
    seen: float | None = None
    why: str = ""


class Unusable(RuntimeError):
    """A design that rejects the truth: nothing can be judged there."""


def judge(mutant: Mutant) -> Verdict:
    """Show a mutant to the designs at one point after the other, until one rejects it."""
    places = _usable(mutant.optimizer, mutant.quantity, mutant.entry)
    changes = {trial: _change(mutant, trial) for trial in places}
    if all(change <= EQUAL for change in changes.values()):
        elsewhere = [_change(mutant, trial) for trial in _unseen(mutant.optimizer)]
        if all(change <= EQUAL for change in elsewhere):
            return Verdict(mutant, EQUIVALENT, why=f"equal to {EQUAL:g} at {len(places) + len(elsewhere)} points")
    impossible = {}
    for trial in sorted(places, key=lambda trial: -changes[trial]):
        value = of(mutant, trial, True)
        why = _impossible(mutant, trial, value)
        if why or value is None:
            impossible[trial] = why
            continue
        found = trial.shown(mutant.quantity, value, mutant.entry)
        if found.is_rejected:
            return Verdict(mutant, KILLED, found.design, _point(trial), found.p_value, changes[trial])
    for trial, why in impossible.items():
        return Verdict(mutant, KILLED, why, _point(trial))
    if expanded.is_expanded(mutant.optimizer):
        return _expanded(mutant)
    return max((_alive(mutant, trial, changes[trial]) for trial in places), key=_share)


def _expanded(mutant: Mutant) -> Verdict:
    """A mutant before quadrature; equivalent where it changes nothing to first order in 1 - beta2."""
    formula = _formula(mutant.optimizer, mutant.quantity, mutant.entry)
    alive = []
    for trial in expanded.points(mutant.optimizer):
        exact, room = expanded.exact(trial, mutant.quantity), expanded.allowed(trial)
        true = of(formula, trial, False)
        if true is None or not abs(true / exact - 1) <= room:
            raise Unusable(f"the truth is rejected by quadrature at {trial.hyperparameters}")
        value, change, at = of(mutant, trial, True), _change(mutant, trial), dict[str, object](trial.hyperparameters)
        if value is None or not abs(value / exact - 1) <= room:
            return Verdict(mutant, KILLED, expanded.DESIGN, at, change=change)
        alive.append(Verdict(mutant, SURVIVED, at=at, change=change, seen=room))
    nearer = expanded.nearer(mutant.optimizer)
    if all(_change(mutant, trial) <= EQUAL for trial in nearer):
        near = f"{EQUAL:g} at {len(nearer)} points where that is {expanded.NEARER:g}"
        return Verdict(mutant, EQUIVALENT, why=f"equal to first order in 1 - beta2, by {near}")
    return max(alive, key=_share)


@lru_cache(maxsize=4096)
def of(mutant: Mutant, trial: Trial, altered: bool) -> Value | None:
    """What the formula says at a point: E|w|^2, 1 - cos, an entry, a multiplier, or correlations; None without one."""
    expression = mutant.altered if altered else mutant.true
    values = trial.values(mutant.of if altered else mutant.optimizer)
    if values is None:
        return None
    if mutant.quantity == SIGNS:
        found = [number(expression.subs(lag, k), values) for k in LAGS]
        return None if None in found else tuple(found)
    value = number(expression, values)
    if mutant.quantity != NORM or value is None:
        return value
    power = 2 / float(mutant.power if altered else mutant.true_power)
    return value**power if value > 0 and abs(math.log(value)) < 500 else None


def _change(mutant: Mutant, trial: Trial) -> float:
    """The largest relative change of what the formula says; infinite without a number, or from zero."""
    true = of(_formula(mutant.optimizer, mutant.quantity, mutant.entry), trial, False)
    value = of(mutant, trial, True)
    if true is None or value is None:
        return 0.0 if true is value else math.inf
    pairs = zip(np.atleast_1d(true).tolist(), np.atleast_1d(value).tolist(), strict=True)
    return max(0.0 if a == b else abs(b - a) / abs(a) if a else math.inf for a, b in pairs)


def _impossible(mutant: Mutant, trial: Trial, value: Value | None) -> str:
    """Why no simulation is needed: no number, or no vectors with this |w|^2 beside the predicted other moments."""
    positive = mutant.quantity not in (RATE, SLOW, SIGNS)
    if value is None or (positive and not (value > 0)):
        return NO_NUMBER
    if mutant.quantity == NORM:
        moments = trial.expected.replaced(squared_norm=value).moments
        scale = np.sqrt(np.diag(moments))
        if np.linalg.eigvalsh(moments / np.outer(scale, scale))[0] < -EQUAL:
            return NO_MOMENTS
    return ""


@cache
def _usable(optimizer: str, quantity: str, entry: tuple[int, int] | None) -> tuple[Trial, ...]:
    """The points where the quantity is confronted; raises Unusable where the truth itself is rejected."""
    formula = _formula(optimizer, quantity, entry)
    found = []
    for trial in trials(optimizer):
        value = of(formula, trial, False)
        if quantity == SLOW and not _is_slowest(trial, value):
            continue
        true = trial.shown(quantity, value, entry)
        if not true.agrees:
            raise Unusable(f"the truth is rejected: {true.report()}")
        found.append(trial)
    return tuple(found)


def _formula(optimizer: str, quantity: str, entry: tuple[int, int] | None) -> Mutant:
    """The formula itself, unaltered."""
    return next(one for one in formulas(optimizer) if (one.quantity, one.entry) == (quantity, entry))


def _is_slowest(trial: Trial, value: float | None) -> bool:
    """Whether the multiplier that is 1 at p = 0 is still the one of largest modulus."""
    multipliers = np.linalg.eigvals(trial.expected.jacobian)
    largest = multipliers[int(np.argmax(np.abs(multipliers)))]
    return value is not None and bool(abs(largest - value) <= 1e-6 * abs(largest))


@cache
def _unseen(optimizer: str) -> tuple[Trial, ...]:
    return tuple(unseen(optimizer))


def _share(found: Verdict) -> float:
    """The change that it makes over the least that is seen."""
    return (found.change or 0.0) / (found.seen or 1.0)


def _alive(mutant: Mutant, trial: Trial, change: float) -> Verdict:
    return Verdict(
        mutant, SURVIVED, at=_point(trial), change=change, seen=_least_seen(trial, mutant.quantity, mutant.entry)
    )


@cache
def _least_seen(trial: Trial, quantity: str, entry: tuple[int, int] | None) -> float:
    """The least relative change of the quantity, upwards, that the design rejects here; by bisection to a per cent."""
    true = np.array(of(_formula(trial.optimizer, quantity, entry), trial, False))

    def passes(change: float) -> bool:
        value = true * (1 + change)
        shown = tuple(value.tolist()) if value.ndim else float(value)
        return not trial.shown(quantity, shown, entry).is_rejected

    low, high = LEAST, 1.0
    if passes(high):
        return math.inf
    while high > 1.01 * low:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if passes(middle) else (low, middle)
    return high


def _point(trial: Trial) -> dict[str, object]:
    return {**trial.hyperparameters, **trial.bench.conditions()}
