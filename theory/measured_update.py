"""Norm and angle of every step from the updates' measured autocorrelation: ``stationary_update`` without its rest.

w_{t+1} = a_t w_t - eta_t u_t with a_t = 1 - p_t. Unrolled,
w_t = (a_{t-1} ... a_0) w_0 - sum_{s<t} (a_{t-1} ... a_{s+1}) eta_s u_s,
so that with E<u_s, u_t> = sqrt(U_s U_t) R_{t-s} and E<w_0, u_t> = 0

    C_t = E<w_t, u_t> = -sqrt(U_t) sum_{s<t} (a_{t-1} ... a_{s+1}) eta_s sqrt(U_s) R_{t-s}
    A_{t+1} = a_t^2 A_t - 2 a_t eta_t C_t + eta_t^2 U_t          E<w_t, w_{t+1}> = a_t A_t - eta_t C_t.

At constant lr, wd and U this settles at ``stationary_update.from_correlations``. Nothing is assumed of the optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from theory.domain import OutOfDomain
from theory.driven import Driven
from theory.schedule import Schedule
from theory.summation import Array
from theory.trajectory import REPORT, _angle


def interpolated(lags: Array, values: Array, last: int) -> Array:
    """R_1, ..., R_last from its values at some lags k >= 1: linear in log k between them, and 0 beyond the last."""
    known, found = np.asarray(lags, dtype=float), np.asarray(values, dtype=float)
    if known.ndim != 1 or known.shape != found.shape or not known.size:
        raise OutOfDomain("lags: there must be as many correlations as lags, one at least")
    if not ((known >= 1).all() and (np.diff(known) > 0).all()):
        raise OutOfDomain("lags: they must rise and begin at 1 or later")
    if not (np.isfinite(found).all() and (np.abs(found) <= 1 + 1e-6).all()):
        raise OutOfDomain("correlations: they must be numbers in [-1, 1]")
    k = np.arange(1, last + 1)
    return np.asarray(np.interp(np.log(k), np.log(known), found, right=0.0))


def moved_by(
    schedule: Schedule,
    start: float,
    correlations: Array,
    energy: Array | float,
    *,
    decay: Array | None = None,
    on_step: Callable[[int], None] = lambda done: None,
) -> Driven:
    """The motion from squared norm ``start`` under updates of R_1, R_2, ... (0 beyond) and energy U_t, [T] or one.

    ``decay`` p_t [T] is lr wd unless given. Raises OutOfDomain.
    """
    known = np.asarray(correlations, dtype=float)
    energies = np.broadcast_to(np.asarray(energy, dtype=float), (schedule.steps,))
    if not (np.isfinite(energies).all() and (energies >= 0).all()):
        raise OutOfDomain("energy: E|u|^2 must be finite and not negative at each step")
    if not (math.isfinite(start) and start > 0):
        raise OutOfDomain(f"start = {start:g}: the squared norm is outside its range (0, inf)")
    kept = 1 - (schedule.decay if decay is None else np.asarray(decay, dtype=float))
    steps = schedule.lr * np.sqrt(energies)
    # remembered[k - 1] is the share of the update k steps ago that the weights still hold.
    remembered = np.zeros(known.size)
    squares, angles = [np.array([start])], []
    for t in range(schedule.steps):
        if t % REPORT == 0:
            on_step(t)
        before, a, step = float(squares[-1][0]), float(kept[t]), float(steps[t])
        along = step * float(remembered @ known)  # -eta_t C_t
        after = a * a * before + 2 * a * along + step * step
        angles.append(_angle(before, a, along, step * step))
        squares.append(np.array([after]))
        if not (math.isfinite(after) and after > 0):
            raise OutOfDomain(f"correlations: at step {t} they belong to no process, E|w|^2 would be {after:g}")
        remembered[1:] = a * remembered[:-1]
        if remembered.size:
            remembered[0] = step
    return Driven(np.array(squares), np.array(angles))
