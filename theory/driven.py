"""Norm and angle of every step when the gradient's energy is data: for one vector, or for the rows of a matrix.

Where each row of W is scale-invariant by itself, the law holds of each row with its own energy of the unit gradient,
L_i = |g_i|^2 |w_i|^2, and its own number of entries d_i. The matrix as a whole has |W|^2 = sum_i |w_i|^2 and
<W, W'> = sum_i <w_i, w'_i>, so that its angle weighs each row's by its squared norm. A row without gradient decays,
never turns, and keeps its weight in that mean for as long as it lasts.

AdamW and its like have v_i = d_i^-1 times the running mean of L_i/|w_i|^2, as ``lagging`` has, with eps in the root.
Sign rules see no energy: q_i = d_i, or 0 where there is no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory import lagging
from theory.domain import OutOfDomain
from theory.motion import STEP, motion
from theory.schedule import Schedule
from theory.summation import Array
from theory.trajectory import REPORT, _angle, _completed, advance, symbols_of


@dataclass(frozen=True)
class Driven:
    """``squares`` [T + 1, n] is E|w_i|^2; ``norm`` [T + 1] and ``angle`` [T] (radians) are of all rows."""

    squares: Array
    angle: Array

    @property
    def norm(self) -> Array:
        """sqrt(sum_i E|w_i|^2), [T + 1]."""
        return np.asarray(np.sqrt(self.squares.sum(axis=1)))


def driven(
    optimizer: str,
    schedule: Schedule,
    start: Array,
    *,
    energy: Array | None = None,
    sizes: Array | None = None,
    eps: float = 0.0,
    correlations: Array | None = None,
    on_step: Callable[[int], None] = lambda done: None,
    **hyperparameters: float | None,
) -> Driven:
    """The motion from squared norms ``start`` [n] and empty buffers, under unit gradients of ``energy`` L_i [T, n].

    ``sizes`` [n] are the rows' numbers of entries, for rules that see no energy. ``hyperparameters`` are those of
    ``trajectory`` without dim and grad_norm; AdamW with ``beta2`` lags and is corrected for bias, and ``eps`` is its
    own. ``correlations`` R_1, R_2, ... (0 beyond) are those of the gradient, or for AdamW of the gradient over its
    root mean square, into a linear rule; white without. A row whose energy is zero throughout has no gradient. A
    rule that sets its step by a norm, such as LARS, is that of one row. Raises OutOfDomain.
    """
    squares = np.asarray(start, dtype=float).reshape(-1)
    rows = squares.size
    if not (squares.sum() > 0 and np.isfinite(squares).all() and (squares >= 0).all()):
        raise OutOfDomain("start: squared norms must be finite, not negative, and not all zero")
    q = None if energy is None else np.asarray(energy, dtype=float)
    if q is not None and q.size != schedule.steps * rows:
        raise OutOfDomain(f"energy: there must be one for each of {schedule.steps} steps and {rows} rows, not {q.size}")
    q = None if q is None else q.reshape(schedule.steps, rows)
    if q is not None and not (np.isfinite(q).all() and (q >= 0).all()):
        raise OutOfDomain("energy: |g|^2 |w|^2 must be finite and not negative at each step")
    dims = np.ones(rows) if sizes is None else np.broadcast_to(np.asarray(sizes, dtype=float), (rows,))
    beta2 = hyperparameters.get("beta2")
    lags = optimizer in lagging.OPTIMIZERS and beta2 is not None
    if lags and q is None:
        raise OutOfDomain(f"energy is missing: the denominator of {optimizer} follows it")
    if lags and q is not None and correlations is None:
        return _lagging(
            schedule, squares, q, dims, eps, float(hyperparameters.get("beta1") or 0), beta2 or 0.0, on_step
        )
    source = _Input(optimizer, schedule, q, dims, hyperparameters, beta2 if lags else None)
    return _linear(source, schedule, squares, correlations, on_step)


class _Input:
    """What enters a linear rule at each step: its matrices, and the energy q_i of each row."""

    def __init__(
        self,
        optimizer: str,
        schedule: Schedule,
        unit: Array | None,
        dims: Array,
        hyperparameters: dict[str, float | None],
        beta2: float | None,
    ) -> None:
        self.rule, self.unit, self.dims, self.beta2 = motion(optimizer), unit, dims, beta2
        if not self.rule.constant_energy and unit is None:
            raise OutOfDomain(f"energy is missing: the steps of {optimizer} are as long as its gradients")
        if "gain" in self.rule.functions and dims.size > 1:
            raise OutOfDomain(f"start: {optimizer} sets its step by the norm of the whole, so it is one row here")
        if self.rule.correlated and not self.rule.constant_energy:
            raise OutOfDomain(f"optimizer = {optimizer}: correlated input whose size depends on |w|")
        self.values = symbols_of(_completed(optimizer, schedule, {**hyperparameters, "grad_norm": None, "dim": None}))
        self.beta1 = float(hyperparameters.get("beta1") or 0)
        self.moving = np.ones(dims.size) if unit is None else (unit > 0).any(axis=0).astype(float)
        self.mean = np.zeros(dims.size)
        self.first = {**self.values, "d": float(dims[0])}

    def at(self, t: int, lr: float, wd: float, gram: Array) -> tuple[Array, Array, Array]:
        """(M, N, q [n]) of step t."""
        here: dict[str, Any] = {**self.values, STEP: float(t + 1), "lam": wd, "d": self.dims, "A": gram[:, 0, 0]}
        if self.unit is not None:
            here["L"] = self.unit[t]
        one = {**self.first, STEP: float(t + 1), "lam": wd}
        if self.unit is not None:
            one["L"] = float(self.unit[t, 0])
        size = self.rule.step_size(lr, gram[0], {**one, "eta": lr}) if "gain" in self.rule.functions else lr
        if self.beta2 is None or self.unit is None:
            energy = np.asarray(self.rule.functions["amplitude"](**here))
        else:
            squared = self.unit[t] / gram[:, 0, 0]
            self.mean = self.beta2 * self.mean + (1 - self.beta2) * squared / self.dims
            energy = squared / self.mean
            corrected = lagging.bias_correction(self.beta1, self.beta2, t + 1)
            # The correction is of the step alone: eta lambda stays what it is.
            size, one["lam"] = size * corrected, wd / corrected
        return (*self.rule.matrices({**one, "eta": size}), np.where(self.moving > 0, energy, 0.0))


def _linear(
    source: _Input, schedule: Schedule, start: Array, correlations: Array | None, on_step: Callable[[int], None]
) -> Driven:
    states = source.rule.size
    memory = source.rule.memory(source.values, settled=False)
    past = np.zeros((states, memory.weights.size))
    known = np.zeros(0) if correlations is None else np.asarray(correlations, dtype=float)
    # held[k - 1] is what the states still hold of the input k steps ago, times the root of its energy.
    held = np.zeros((known.size, states))
    gram = np.zeros((start.size, states, states))
    gram[:, 0, 0] = start
    squares, angles = [start], []
    with np.errstate(all="ignore"):
        for t, (lr, wd) in enumerate(zip(schedule.lr.tolist(), schedule.wd.tolist(), strict=True)):
            if t % REPORT == 0:
                on_step(t)
            transition, drive, energy = source.at(t, lr, wd, gram)
            root = float(np.sqrt(energy.sum()))  # NaN where the correlations make the squared norm negative
            cross = past @ memory.weights if correlations is None else known @ held / (root or 1.0)
            gram, along, across = advance(gram, energy, cross, transition, drive)
            angles.append(_whole(squares[-1], transition[0, 0], along, across))
            kept, entering = memory.advance()
            past = kept * (transition @ past) + entering * drive[:, None]
            if known.size:
                held[1:] = held[:-1] @ transition.T
                held[0] = drive * root
            squares.append(gram[:, 0, 0])
    return _checked(squares, angles, schedule)


def _lagging(
    schedule: Schedule,
    start: Array,
    unit: Array,
    dims: Array,
    eps: float,
    beta1: float,
    beta2: float,
    on_step: Callable[[int], None],
) -> Driven:
    nothing = np.zeros_like(start)
    now = lagging.Moments(nothing, start, nothing, nothing)
    squares, angles = [start], []
    with np.errstate(all="ignore"):
        for t, (lr, decay) in enumerate(zip(schedule.lr, schedule.decay, strict=True)):
            if t % REPORT == 0:
                on_step(t)
            size, kept = lr * lagging.bias_correction(beta1, beta2, t + 1), 1 - decay
            floor = eps * math.sqrt(1 - beta2 ** (t + 1))

            def root(v: Array, floor: float = floor) -> Array:
                return np.where(v > 0, np.sqrt(v) + floor, np.inf)

            after = lagging.step(
                now, lr=size, contraction=kept, beta1=beta1, beta2=beta2, energy=unit[t], dim=dims, root=root
            )
            turned = size / root(after.v)
            angles.append(_whole(now.x, kept, -turned * beta1 * now.y, turned**2 * after.z))
            now = after
            squares.append(now.x)
    return _checked(squares, angles, schedule)


def _whole(squares: Array, kept: float, along: Array, across: Array) -> float:
    """The angle of all rows together, from E<w_i, r_i> and E|r_i|^2, r = w' - kept w."""
    return _angle(float(squares.sum()), float(kept), float(along.sum()), float(across.sum()))


def _checked(squares: list[Array], angles: list[float], schedule: Schedule) -> Driven:
    found, turned = np.array(squares), np.array(angles)
    total = found.sum(axis=1)
    wrong = np.flatnonzero(~(np.isfinite(total) & (total > 0)))
    if wrong.size or not np.isfinite(turned).all():
        at = wrong[0] if wrong.size else int(np.flatnonzero(~np.isfinite(turned))[0])
        raise OutOfDomain(
            f"schedule: at step {at} the squared norm is no positive number (lr = {schedule.lr.max():g} at most)"
        )
    return Driven(found, turned)
