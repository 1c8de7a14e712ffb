"""Norm and angle of every step when the gradient's energy is data: for one vector, or for the rows of a matrix.

Where each row of W is scale-invariant by itself, the law holds of each row with its own energy of the unit gradient,
L_i = |g_i|^2 |w_i|^2, and its own number of entries d_i. The matrix as a whole has |W|^2 = sum_i |w_i|^2 and
<W, W'> = sum_i <w_i, w'_i>, so that its angle weighs each row's by its squared norm. A row without gradient decays,
never turns, and keeps its weight in that mean for as long as it lasts. A row may be told in parts, entries of small
and of large gradients: then L_i = |g_i|^2 |w|^2 of a part's gradient and the whole row's norm.

Adam and its kin divide each entry by the root of its own running mean of squares. In the mean field (many entries,
1 - beta2 small) that is one number for each part, v_i' = beta2 v_i + (1 - beta2) E|h_i|^2 / d_i, and the step is that
of the rule linear in h at the rate lr / sqrt(v_i'), as ``lagging`` has it of AdamW. h is the gradient, and with L2
(adam_l2, nadam_l2, rmsprop) the gradient with the decay in it: E|h_i|^2 = L_i/|w|^2 + lambda^2 |w_i|^2.
Sign rules see no energy: q_i = d_i, or 0 where there is no gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.domain import OutOfDomain
from theory.lagging import BETA2
from theory.motion import STEP, motion
from theory.schedule import Schedule
from theory.summation import Array
from theory.trajectory import REPORT, _angle, _completed, advance, symbols_of

LAGGING = ("adamw", "nadamw", "rmspropw", "adam_l2", "nadam_l2", "rmsprop")
"""The rules whose denominator lags where beta2 is given; without it, v is at its mean."""


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
    rows: Array | None = None,
    eps: float = 0.0,
    correlations: Array | None = None,
    on_step: Callable[[int], None] = lambda done: None,
    **hyperparameters: float | None,
) -> Driven:
    """The motion from squared norms ``start`` [n] and empty buffers, under unit gradients of ``energy`` L_i [T, n].

    ``sizes`` [n] are the parts' numbers of entries, for rules that see no energy or one of each entry; ``rows`` [n]
    says which row a part is of, by default each is a row. ``hyperparameters`` are those of ``trajectory`` without dim
    and grad_norm; with ``beta2`` the LAGGING rules lag and are corrected for bias as PyTorch's, and ``eps`` is theirs.
    ``correlations`` R_1, R_2, ... (0 beyond) are those of the gradient, or for the LAGGING rules of the gradient over
    its root mean square, into a linear rule; white without. A part whose energy is zero throughout has no gradient. A
    rule that sets its step by a norm, such as LARS, is that of one row. Raises OutOfDomain.
    """
    squares = np.asarray(start, dtype=float).reshape(-1)
    parts = squares.size
    if not (squares.sum() > 0 and np.isfinite(squares).all() and (squares >= 0).all()):
        raise OutOfDomain("start: squared norms must be finite, not negative, and not all zero")
    q = None if energy is None else np.asarray(energy, dtype=float)
    if q is not None and q.size != schedule.steps * parts:
        raise OutOfDomain(
            f"energy: there must be one for each of {schedule.steps} steps and {parts} rows, not {q.size}"
        )
    q = None if q is None else q.reshape(schedule.steps, parts)
    if q is not None and not (np.isfinite(q).all() and (q >= 0).all()):
        raise OutOfDomain("energy: |g|^2 |w|^2 must be finite and not negative at each step")
    dims = np.ones(parts) if sizes is None else np.broadcast_to(np.asarray(sizes, dtype=float), (parts,))
    of = np.arange(parts) if rows is None else np.asarray(rows, dtype=int)
    if of.shape != (parts,) or (of < 0).any():
        raise OutOfDomain(f"rows: there must be the number of a row for each of {parts} parts")
    beta2 = hyperparameters.pop("beta2", None) if optimizer in LAGGING else None
    known = optimizer, schedule, q, dims, of, hyperparameters
    source = _Input(*known) if beta2 is None else _Lagging(*known, beta2=beta2, eps=eps)
    return _linear(source, schedule, squares, correlations, on_step)


class _Input:
    """What enters a linear rule at each step: its matrices, and the energy q_i of each part."""

    def __init__(
        self,
        optimizer: str,
        schedule: Schedule,
        unit: Array | None,
        dims: Array,
        rows: Array,
        hyperparameters: dict[str, float | None],
    ) -> None:
        self.rule, self.unit, self.dims, self.rows = motion(optimizer), unit, dims, rows
        self._check(optimizer)
        self.values = symbols_of(_completed(optimizer, schedule, {**hyperparameters, "grad_norm": None, "dim": None}))
        self.moving = np.ones(dims.size) if unit is None else (unit > 0).any(axis=0).astype(float)
        self.first = {**self.values, "d": float(dims[0])}

    def _check(self, optimizer: str) -> None:
        if not self.rule.constant_energy and self.unit is None:
            raise OutOfDomain(f"energy is missing: the steps of {optimizer} are as long as its gradients")
        if "gain" in self.rule.functions and self.dims.size > 1:
            raise OutOfDomain(f"start: {optimizer} sets its step by the norm of the whole, so it is one row here")
        if self.rule.correlated and not self.rule.constant_energy:
            raise OutOfDomain(f"optimizer = {optimizer}: correlated input whose size depends on |w|")

    def whole(self, gram: Array) -> Array:
        """E|w|^2 [n] of the row that each part is of."""
        return np.asarray(np.bincount(self.rows, gram[:, 0, 0])[self.rows])

    def at(self, t: int, lr: float, wd: float, gram: Array) -> tuple[Array, Array, Array]:
        """(M, N, q [n]) of step t."""
        here: dict[str, Any] = {**self.values, STEP: float(t + 1), "lam": wd, "d": self.dims, "A": self.whole(gram)}
        if self.unit is not None:
            here["L"] = self.unit[t]
        one = {**self.first, STEP: float(t + 1), "lam": wd}
        if self.unit is not None:
            one["L"] = float(self.unit[t, 0])
        size = self.rule.step_size(lr, gram[0], {**one, "eta": lr}) if "gain" in self.rule.functions else lr
        energy = np.asarray(self.rule.functions["amplitude"](**here))
        return (*self.rule.matrices({**one, "eta": size}), np.where(self.moving > 0, energy, 0.0))


class _Lagging(_Input):
    """The same where v is a running mean: the matrices at the rate lr / sqrt(v_i), with the raw gradient as input."""

    def __init__(self, *known: Any, beta2: float, eps: float) -> None:
        super().__init__(*known)
        self.beta2, self.eps = BETA2.check(beta2), eps
        # Where the rule divides its decay by the root, the gain that stands for it at its mean says so.
        self.coupled = "gain" in self.rule.functions
        self.v = np.zeros(self.dims.size)
        self.momenta = 1.0  # the product of those so far

    def _check(self, optimizer: str) -> None:
        if self.unit is None:
            raise OutOfDomain(f"energy is missing: the denominator of {optimizer} follows it")

    def at(self, t: int, lr: float, wd: float, gram: Array) -> tuple[Array, Array, Array]:
        """(M [n, ...], N [n, ...], q [n]) of step t."""
        assert self.unit is not None
        here = {**self.values, STEP: float(t + 1)}
        energy = self.unit[t] / self.whole(gram)
        squares = energy + wd**2 * gram[:, 0, 0] if self.coupled else energy
        self.v = self.beta2 * self.v + (1 - self.beta2) * squares / self.dims
        corrected, filled = self._correction(t + 1, here)
        # Entries that never had a gradient do not move but by decay, at any rate.
        size = np.where(self.v > 0, lr * corrected / (np.sqrt(self.v) + self.eps * filled), lr)
        decay = wd if self.coupled else lr * wd / size
        return (*self.rule.matrices({**here, "eta": size, "lam": decay}), energy)

    def _correction(self, count: int, here: dict[str, float]) -> tuple[float, float]:
        """What step ``count`` = 1, 2, ... multiplies lr by, and eps: PyTorch's RMSprop has no bias correction."""
        if self.rule.size == 1:
            return 1.0, 1.0
        scheduled = "momentum" in self.rule.functions
        self.momenta *= self.rule.momentum(here) if scheduled else self.values["beta_1"]
        filled = (1 - self.beta2**count) ** 0.5
        return filled / (1 - self.momenta), filled


def _linear(
    source: _Input, schedule: Schedule, start: Array, correlations: Array | None, on_step: Callable[[int], None]
) -> Driven:
    states = source.rule.size
    memory = source.rule.memory(source.values, settled=False)
    past = np.zeros((states, memory.weights.size))
    known = np.zeros(0) if correlations is None else np.asarray(correlations, dtype=float)
    held = _Held(known, start.size, states)
    gram = np.zeros((start.size, states, states))
    gram[:, 0, 0] = start
    squares, angles = [start], []
    with np.errstate(all="ignore"):
        for t, (lr, wd) in enumerate(zip(schedule.lr.tolist(), schedule.wd.tolist(), strict=True)):
            if t % REPORT == 0:
                on_step(t)
            transition, drive, energy = source.at(t, lr, wd, gram)
            root = np.sqrt(energy)  # NaN where the correlations make the squared norm negative
            cross = past @ memory.weights if correlations is None else held.cross(root)
            kept = transition[..., 0, 0]
            gram, along, across = advance(gram, energy, cross, transition, drive)
            angles.append(_whole(squares[-1], kept, along, across))
            if memory.weights.size:
                fading, entering = memory.advance()
                past = fading * (transition @ past) + entering * drive[:, None]
            if known.size:
                held.advance(transition, drive, root)
            squares.append(gram[:, 0, 0])
    return _checked(squares, angles, schedule)


class _Held:
    """``parts`` [states, K, n]: what the states of each part still hold of the input k steps ago, times its root."""

    def __init__(self, correlations: Array, parts: int, states: int) -> None:
        self.correlations, self.parts = correlations, np.zeros((states, correlations.size, parts))

    def cross(self, root: Array) -> Array:
        """E<s, x>/q [n, states] for the roots of the energies now."""
        return np.asarray((self.correlations @ self.parts / np.where(root > 0, root, 1)).T)

    def advance(self, transition: Array, drive: Array, root: Array) -> None:
        """Take the step that the states take."""
        each = np.broadcast_to(transition, (root.size, *transition.shape[-2:])).T  # [from, to, n]
        before = self.parts[:, :-1]
        after = [sum(x[i] * held for x, held in zip(each, before, strict=True)) for i in range(len(before))]
        self.parts[:, 1:], self.parts[:, 0] = after, (drive * root[:, None]).T


def _whole(squares: Array, kept: Array, along: Array, across: Array) -> float:
    """The angle of all parts together, from E|w_i|^2, E<w_i, r_i> and E|r_i|^2, r_i = w'_i - kept_i w_i.

    Parts that decay unequally turn the whole, too: w' - mean w has (kept_i - mean) w_i beside r_i.
    """
    total = float(squares.sum())
    mean = float(np.sum(kept * squares)) / total
    beside = kept - mean
    across = across + beside * (beside * squares + 2 * along)
    return _angle(total, mean, float(along.sum()), float(across.sum()))


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
