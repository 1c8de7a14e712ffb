"""Weights under decoupled decay, w' = a w - eta u, for any stationary update u.

With E|u|^2 = U, E<u_t, u_{t+k}> = U R_k and a = 1 - p, the norm and the angle see the whole
autocorrelation through one number, S = sum_{k>=1} a^(k-1) R_k. AdamW, SGDW, Lion and Muon are the
cases of their own R_k. No law of the gradients is used (compare key ``wen2025hyperball``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from sympy import Expr, Symbol, factor, lambdify, solve

from theory.derivation import recorded
from theory.domain import NoEquilibrium, OutOfDomain
from theory.symbols import contraction, decay, lr, memory, squared_norm, update_energy

Array = np.ndarray
ROUNDING = 1e-12


@recorded
@cache
def equilibrium_squared_norm() -> Expr:
    """A = E|w|^2 = eta^2 U (1 + 2 a S) / (1 - a^2), from A = E|a w - eta u|^2 and E<w, u> = -eta U S."""
    after = contraction**2 * squared_norm - 2 * contraction * lr * alignment() + lr**2 * update_energy
    (found,) = solve(after - squared_norm, squared_norm)
    return factor(found)


@recorded
def alignment() -> Expr:
    """E<w_t, u_t> = -eta U S: the weights remember a^(k-1) of the update k steps ago."""
    return -lr * update_energy * memory


@recorded
@cache
def one_minus_cosine() -> Expr:
    """1 - E<w, w'>/A = p (1 - p S) / (1 + 2 (1 - p) S)."""
    lost = (1 - contraction) * squared_norm + lr * alignment()
    return factor((lost / squared_norm).subs(squared_norm, equilibrium_squared_norm()).subs(contraction, 1 - decay))


@recorded
@cache
def cosine_of_norm() -> Expr:
    """E<w, w'>/A from A alone: |w' - a w|^2 = eta^2 |u|^2 closes a triangle whatever the autocorrelation."""
    overlap = Symbol("overlap")
    (found,) = solve(
        (1 + contraction**2) * squared_norm - 2 * contraction * overlap - lr**2 * update_energy, overlap
    )  # fmt: skip
    return factor(found / squared_norm)


@recorded
def memory_of_mode(weight: Expr, mode: Expr) -> Expr:
    """S of R_k = weight mode^(k-1)."""
    return weight / (1 - contraction * mode)


@dataclass(frozen=True)
class StationaryUpdate:
    """Equilibrium of one autocorrelation; each ``range`` holds the value for every R_k beyond those given."""

    equilibrium_norm: float
    angular_update: float
    one_minus_cosine: float
    memory: float
    norm_range: tuple[float, float]
    angle_range: tuple[float, float]


@recorded
def memory_of_correlations(correlations: Sequence[float] | Array, a: float, beyond: float = 1.0) -> tuple[float, float]:
    """(S, bound on its error) from R_1, R_2, ..., R_n, with |R_k| <= ``beyond`` for k > n; |a| < 1.

    |sum_{k>n} a^(k-1) R_k| <= beyond |a|^n / (1 - |a|); without ``beyond`` it is Cauchy-Schwarz's 1.
    """
    known = np.asarray(correlations, dtype=float)
    if known.ndim != 1 or not (np.abs(known) <= 1).all():
        raise OutOfDomain("correlations = R_1, R_2, ... must be numbers in [-1, 1]")
    if not 0 <= beyond <= 1:
        raise OutOfDomain(f"beyond = {beyond:g} is outside its range [0, 1]")
    powers = np.power(float(a), np.arange(known.size))
    return float(powers @ known), beyond * abs(a) ** known.size / (1 - abs(a))


@recorded
def from_correlations(
    correlations: Sequence[float] | Array, *, lr: float, wd: float, energy: float, beyond: float = 1.0
) -> StationaryUpdate:
    """The equilibrium of w' = (1 - lr wd) w - lr u for an update of energy E|u|^2 and correlations R_1, R_2, ...

    ``beyond`` bounds |R_k| past the array. The ranges also use that a spectrum is nonnegative, so that
    (1 - |a|)/(1 + |a|) <= 1 + 2 a S <= (1 + |a|)/(1 - |a|). Raises OutOfDomain, or NoEquilibrium.
    """
    for name, value in (("lr", lr), ("wd", wd), ("energy", energy)):
        if not (math.isfinite(value) and value > 0):
            raise OutOfDomain(f"{name} = {value:g} is outside its range (0, inf)")
    p = lr * wd
    if not 0 < p < 2:
        raise NoEquilibrium(f"lr*wd = {p:g} is outside (0, 2): the weights grow without bound")
    a = 1 - p
    centre, error = memory_of_correlations(correlations, a, beyond)
    if a:
        least = (1 - abs(a)) / (1 + abs(a))
        low, high = sorted(((least - 1) / (2 * a), (1 / least - 1) / (2 * a)))
        slack = error + ROUNDING * (1 + abs(high) + abs(low))
        if not low - slack <= centre <= high + slack:
            raise OutOfDomain("correlations = R_1, R_2, ... belong to no stationary process: its spectrum is negative")
        ends = min(max(centre - error, low), high), max(min(centre + error, high), low)
    else:
        ends = centre - error, centre + error
    centre = min(max(centre, ends[0]), ends[1])
    squares, losses = zip(*(numbers(lr, p, energy, s) for s in (centre, *ends)), strict=True)
    norms = [math.sqrt(x) for x in squares]
    angles = [2 * math.asin(math.sqrt(min(max(x / 2, 0.0), 1.0))) for x in losses]
    return StationaryUpdate(
        equilibrium_norm=norms[0],
        angular_update=angles[0],
        one_minus_cosine=losses[0],
        memory=centre,
        norm_range=(min(norms[1:]), max(norms[1:])),
        angle_range=(min(angles[1:]), max(angles[1:])),
    )


@recorded
@cache
def _compiled() -> tuple[object, object]:
    norm = equilibrium_squared_norm().subs(contraction, 1 - decay)
    return (
        lambdify((lr, decay, update_energy, memory), factor(norm), modules="math"),
        lambdify((decay, memory), one_minus_cosine(), modules="math"),
    )


@recorded
def numbers(eta: float, p: float, energy: float, s: float) -> tuple[float, float]:
    """(E|w|^2, 1 - cos) at lr, p, E|u|^2 and S."""
    square, lost = _compiled()
    return float(square(eta, p, energy, s)), float(lost(p, s))  # type: ignore[operator]
