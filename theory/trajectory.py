"""Norm and angle of every step from any start under any schedule: the second moments iterated, never sampled.

White input: G' = M G M^T + q(A) N N^T with M, N at the step's lr and wd. Correlated input of constant energy (Lion):
with c = E<s, x>/q from ``motion.Memory`` the extra terms are q (M c N^T + N c^T M^T); exact from an empty buffer, the
modes left out weigh less than ``motion.TAIL``.
AdamW with beta2: the map of ``lagging``. Taking q at E|w|^2 is the mean field; SGD with |unit gradient|^2 = L is exact.

The angle is arccos E<w, w'> / sqrt(E|w|^2 E|w'|^2). With r = w' - M_00 w its sine squared is
(E|w|^2 E|r|^2 - E<w, r>^2) / (E|w|^2 E|w'|^2), in which the decay, which turns nothing, need not cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from theory import lagging
from theory.compiled import load
from theory.domain import NoEquilibrium, OutOfDomain
from theory.motion import STEP, Memory, Motion, motion
from theory.prediction import SYMBOL_NAMES, complete, symbol_values
from theory.schedule import Schedule
from theory.summation import Array

REPORT = 1000
"""Steps between two reports of progress."""


@dataclass(frozen=True)
class Trajectory:
    """The motion of one optimizer under one schedule.

    ``norm`` [T + 1] is sqrt(E|w_t|^2), ``angle`` [T] the angle in radians of step t, between w_t and w_{t+1}.
    """

    optimizer: str
    hyperparameters: dict[str, float | None]
    schedule: Schedule
    norm: Array
    angle: Array

    @cached_property
    def _adiabatic(self) -> tuple[Array, Array]:
        return adiabatic(self.optimizer, self.schedule, self.hyperparameters)

    @property
    def adiabatic_norm(self) -> Array:
        """Equilibrium norm [T] at each step's lr and wd, NaN where none exists."""
        return self._adiabatic[0]

    @property
    def adiabatic_angle(self) -> Array:
        """Equilibrium angle [T] at each step's lr and wd, radians, NaN where none exists."""
        return self._adiabatic[1]

    @property
    def peak(self) -> tuple[int, float]:
        """(step, radians) of the largest angle."""
        at = int(np.argmax(self.angle))
        return at, float(self.angle[at])

    def settled_at(self, within: float = 0.05) -> int | None:
        """The first step from which the angle stays within a fraction of the adiabatic one; None if never."""
        with np.errstate(invalid="ignore", divide="ignore"):
            away = ~(np.abs(self.angle / self.adiabatic_angle - 1) <= within)
        last = int(np.flatnonzero(away)[-1]) + 1 if away.any() else 0
        return last if last < self.schedule.steps else None


def trajectory(
    optimizer: str,
    schedule: Schedule,
    start_norm: float | None = None,
    *,
    moments: Array | None = None,
    on_step: Callable[[int], None] | None = None,
    **hyperparameters: float | None,
) -> Trajectory:
    """The motion of ``optimizer`` from a start norm with empty buffers, or from the first step's equilibrium.

    ``moments`` [n, n] of the weights and buffers take the place of those at equilibrium; inputs of the past, where
    steps remember them, stay those of the equilibrium.

    ``hyperparameters`` as in ``predict`` without lr and wd, which the schedule holds; AdamW with ``beta2`` is that of
    PyTorch, its denominator lagging behind scale-invariant gradients, with bias correction. Without ``start_norm`` the
    moments begin at the equilibrium of the schedule's first lr and wd, with NAdam's momentum at its limit. ``on_step``
    is called now and then with the number of steps done. Raises OutOfDomain.
    """
    chosen = _completed(optimizer, schedule, hyperparameters)
    if start_norm is not None and not (math.isfinite(start_norm) and 1e-100 <= start_norm <= 1e100):
        raise OutOfDomain(f"start_norm = {start_norm:g} is outside its range [1e-100, 1e+100]")
    run = _lagging if chosen.get("beta2") is not None and optimizer in lagging.OPTIMIZERS else _linear
    if moments is not None:
        if start_norm is not None or run is _lagging:
            raise OutOfDomain("moments: there is a start_norm, or a lag of beta2, that they do not go together with")
        run = partial(_linear, gram=moments)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        squares, angles = run(optimizer, schedule, start_norm, chosen, on_step or (lambda done: None))
    wrong = np.flatnonzero(~(np.isfinite(squares) & (squares > 0)))
    if wrong.size or not np.isfinite(angles).all():
        at = wrong[0] if wrong.size else np.flatnonzero(~np.isfinite(angles))[0]
        raise OutOfDomain(
            f"schedule: at step {at} the norm leaves double precision (lr = {schedule.lr.max():g} at most, "
            f"lr*wd = {schedule.decay.max():g} at most)"
        )
    return Trajectory(optimizer, chosen, schedule, np.sqrt(squares), angles)


def _completed(
    optimizer: str, schedule: Schedule, hyperparameters: Mapping[str, float | None]
) -> dict[str, float | None]:
    for name in ("lr", "wd"):
        if name in hyperparameters:
            raise OutOfDomain(f"{name} belongs to the schedule")
    peak = int(np.argmax(schedule.lr))
    steps = {"lr": float(schedule.lr[peak]), "wd": float(schedule.wd[peak])}
    given, own = dict(hyperparameters), {}
    if optimizer in lagging.OPTIMIZERS and given.get("beta2") is not None:
        own["beta2"] = lagging.BETA2.check(float(given.pop("beta2") or 0))
    tiny = float(np.nextafter(0, 1))  # a schedule may rest at zero, which complete refuses
    return complete(optimizer, {**given, **{k: max(v, tiny) for k, v in steps.items()}}) | steps | own


def symbols_of(chosen: Mapping[str, float | None]) -> dict[str, float]:
    """Numbers for the theory's symbols other than eta and the decay."""
    named = {name: symbol for name, symbol in SYMBOL_NAMES.items() if name not in ("lr", "wd")}
    known = {named[name]: float(value) for name, value in chosen.items() if name in named and value is not None}
    scale = chosen.get("grad_norm")
    if scale is not None:
        known["L"] = float(scale) * float(scale)
        if not 0 < known["L"] < math.inf:
            raise OutOfDomain(f"grad_norm = {scale:g} has a square outside double precision")
    return known


def _linear(
    optimizer: str,
    schedule: Schedule,
    start_norm: float | None,
    chosen: dict[str, float | None],
    on_step: Callable[[int], None],
    gram: Array | None = None,
) -> tuple[Array, Array]:
    found, values = motion(optimizer), symbols_of(chosen)
    rest, past, memory = _start(found, schedule, start_norm, chosen)
    gram = rest if gram is None else gram
    squares, angles = [gram[0, 0]], []
    before = _steps_before(start_norm)
    for t, (lr, wd) in enumerate(zip(schedule.lr.tolist(), schedule.wd.tolist(), strict=True)):
        if t % REPORT == 0:
            on_step(t)
        at = {**values, STEP: before + t + 1, "lam": wd}
        transition, drive = found.matrices({**at, "eta": found.step_size(lr, gram, {**at, "eta": lr})})
        energy = found.amplitude(gram[0, 0], values)
        cross = past @ memory.weights if found.correlated else None
        after, along, across = advance(gram, energy, cross, transition, drive)
        angles.append(_angle(gram[0, 0], float(transition[0, 0]), float(along), float(across)))
        if found.correlated:
            kept, entering = memory.advance()
            past = kept * (transition @ past) + entering * drive[:, None]
        gram = after
        squares.append(gram[0, 0])
    return np.array(squares), np.array(angles)


def advance(
    gram: Array, energy: Array | float, cross: Array | None, transition: Array, drive: Array
) -> tuple[Any, Any, Any]:
    """(G', E<w, r>, E|r|^2) after one step from G [..., n, n] under input of energy q [...], with r = w' - M_00 w.

    ``cross`` [..., n] is E<s, x>/q, None for white input; ``transition`` is M [..., n, n], ``drive`` N [..., n].
    """
    q = np.asarray(energy)[..., None, None]
    back, pushed = transition[..., 0, 1:], drive[..., 0]
    after = transition @ gram @ transition.swapaxes(-1, -2)
    along = _dot(gram[..., 1:, 0], back)
    if cross is not None:
        turned = q * ((transition @ cross[..., None]) * drive[..., None, :])
        after = after + turned + turned.swapaxes(-1, -2)
        along = along + energy * drive[..., 0] * cross[..., 0]
        pushed = pushed + 2 * _dot(back, cross[..., 1:])
    after = after + q * (drive[..., :, None] * drive[..., None, :])
    held = _dot((gram[..., 1:, 1:] @ back[..., None])[..., 0], back)
    return after, along, held + energy * drive[..., 0] * pushed


def _dot(x: Array, y: Array) -> Any:
    """<x, y> [...] of x and y [..., n]."""
    return (x[..., None, :] @ y[..., None])[..., 0, 0]


def _steps_before(start_norm: float | None) -> float:
    """How long the rule has run, for coefficients with a schedule of their own: for ever, where it has settled."""
    return math.inf if start_norm is None else 0


def _start(
    found: Motion, schedule: Schedule, start_norm: float | None, chosen: dict[str, float | None]
) -> tuple[Array, Array, Memory]:
    """Gram matrix, modes of the past [n, modes], and how they go on."""
    values = symbols_of(chosen)
    memory = found.memory(values, settled=start_norm is None)
    if found.correlated and not found.constant_energy:
        raise OutOfDomain(
            f"optimizer = {found.name}: correlated input whose size depends on |w| has no trajectory here"
        )
    if start_norm is not None:
        gram = np.zeros((found.size, found.size))
        gram[0, 0] = start_norm**2
        return gram, np.zeros((found.size, memory.weights.size)), memory
    first = {"eta": float(schedule.lr[0]), "lam": float(schedule.wd[0])}
    gram = settled_gram(found.name, first["eta"], first["lam"], chosen)
    size = found.step_size(first["eta"], gram, {**values, **first, STEP: _steps_before(start_norm)})
    transition, drive = found.matrices({**values, **first, STEP: _steps_before(start_norm), "eta": size})
    kept, entering = memory.advance()
    past = [
        np.linalg.solve(np.eye(found.size) - k * transition, e * drive) for k, e in zip(kept, entering, strict=True)
    ]
    return gram, np.array(past).reshape(kept.size, found.size).T, memory


def settled_gram(optimizer: str, lr: float, wd: float, chosen: Mapping[str, float | None]) -> Array:
    """The Gram matrix at equilibrium; raises NoEquilibrium where there is none."""
    rule = load(optimizer)
    try:
        at = symbol_values(rule, {**chosen, "lr": lr, "wd": wd})
    except NoEquilibrium as none:
        raise NoEquilibrium(f"{none}; without one to start from, start_norm is needed") from none
    unit = np.array(rule("unit_gram", at), dtype=float)
    return np.asarray(float(rule("norm", at)) ** 2 * unit / unit[0, 0])


def _lagging(
    optimizer: str,
    schedule: Schedule,
    start_norm: float | None,
    chosen: dict[str, float | None],
    on_step: Callable[[int], None],
) -> tuple[Array, Array]:
    beta1, beta2, dim = (float(chosen[name] or 0) for name in ("beta1", "beta2", "dim"))
    corrected = start_norm is not None
    if start_norm is None:
        gram = settled_gram(optimizer, float(schedule.lr[0]), float(schedule.wd[0]), chosen)
        now = lagging.settled(gram, energy=dim, dim=dim)
    else:
        now = lagging.Moments(*np.array([0.0, start_norm**2, 0.0, 0.0]))
    squares, angles = [now.x], []
    for t, (lr, decay) in enumerate(zip(schedule.lr, schedule.decay, strict=True)):
        if t % REPORT == 0:
            on_step(t)
        size = lr * (lagging.bias_correction(beta1, beta2, t + 1) if corrected else 1.0)
        kept = 1 - decay
        after = lagging.step(
            now, lr=size, contraction=kept, beta1=beta1, beta2=beta2, energy=dim, dim=dim, root=np.sqrt
        )
        turned = size / np.sqrt(after.v)
        angles.append(_angle(now.x, kept, -turned * beta1 * now.y, turned**2 * after.z))
        now = after
        squares.append(now.x)
    return np.array(squares), np.array(angles)


def _angle(before: float, kept: float, along: float, across: float) -> float:
    """The angle from E|w|^2, M_00, E<w, r> and E|r|^2, with w' = M_00 w + r: tan = (component across) / (along)."""
    # In units of |w|, so that nothing overflows that the norms do not.
    along, across = along / before, across / before
    return math.atan2(math.sqrt(max(across - along**2, 0.0)), kept + along)


def adiabatic(optimizer: str, schedule: Schedule, chosen: Mapping[str, float | None]) -> tuple[Array, Array]:
    """Equilibrium norm and angle at every step's lr and wd, [T]; NaN where none exists."""
    pairs, place = np.unique(np.stack([schedule.lr, schedule.wd]), axis=1, return_inverse=True)
    rule = load(optimizer)
    norms, angles = np.full(pairs.shape[1], np.nan), np.full(pairs.shape[1], np.nan)
    for i, (lr, wd) in enumerate(pairs.T.tolist()):
        try:
            at = symbol_values(rule, {**chosen, "lr": lr, "wd": wd})
        except NoEquilibrium:
            continue
        norms[i], angles[i] = float(rule("norm", at)), float(rule("angle", at))
    place = place.reshape(-1)
    return norms[place], angles[place]
