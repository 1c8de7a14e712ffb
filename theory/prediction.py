"""Numbers for given hyper-parameters: the equilibrium of one optimizer, checked for existence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from theory.compiled import NAMES, CompiledRule, load
from theory.domain import NoEquilibrium, OutOfDomain

FAST = 0.5
"""Below this modulus a multiplier has its digits itself, above it its distance from 1 has them."""


@dataclass(frozen=True)
class Prediction:
    """The equilibrium of an optimizer at given hyper-parameters.

    ``equilibrium_norm`` = sqrt(E|w|^2); ``cos_angular_update`` = E<w, w'>/E|w|^2; ``angular_update`` is its
    arccosine in radians; ``chord`` and ``sine`` are those of that angle. ``convergence_rate`` is the
    signed multiplier per step of the squared norm's deviation (a modulus where multipliers are a
    complex pair, said in ``warnings``), ``half_life`` its half-life in steps.
    """

    optimizer: str
    hyperparameters: dict[str, float | None]
    equilibrium_norm: float
    angular_update: float
    cos_angular_update: float
    chord: float
    sine: float
    convergence_rate: float | None
    half_life: float | None
    leading_order: dict[str, float]
    warnings: list[str] = field(default_factory=list)


def complete(optimizer: str, given: Mapping[str, float | None]) -> dict[str, float | None]:
    """The hyper-parameters with defaults filled in and every range checked; raises OutOfDomain."""
    if optimizer not in NAMES:
        raise OutOfDomain(f"optimizer = {optimizer} is unknown; known are {', '.join(NAMES)}")
    rule = load(optimizer)
    own = {p.name: p for p in rule.parameters}
    for name, value in given.items():
        if value is not None and name not in own:
            raise OutOfDomain(f"{name} = {value:g} does not apply to {optimizer}, which takes {', '.join(own)}")
    chosen: dict[str, float | None] = {}
    for name, parameter in own.items():
        value = given.get(name)
        value = parameter.default if value is None else value
        if value is None and not parameter.optional:
            raise OutOfDomain(f"{name} is missing; its range is {parameter.range}")
        chosen[name] = None if value is None else parameter.check(value)
    return chosen


def predict(optimizer: str, **hyperparameters: float | None) -> Prediction:
    """The equilibrium of ``optimizer``; raises OutOfDomain, or NoEquilibrium where none attracts."""
    chosen = complete(optimizer, hyperparameters)
    rule = load(optimizer)
    values = symbol_values(rule, chosen)
    slow = slowest_deviation(rule, values)
    _require_attracting(rule, values, slow)
    lagging = optimizer == "adamw" and chosen["beta2"] is not None
    return Prediction(
        optimizer=optimizer,
        hyperparameters=chosen,
        equilibrium_norm=float(rule("norm", values)),
        angular_update=float(rule("angle", values)),
        cos_angular_update=1 - float(rule("one_minus_cosine", values)),
        chord=float(rule("chord", values)),
        sine=float(rule("sine", values)),
        convergence_rate=None if lagging else signed_multiplier(slow),
        half_life=None if lagging else half_life(slow),
        leading_order={
            "equilibrium_norm": float(rule("norm_leading", values)),
            "angular_update": float(rule("angle_leading", values)),
        },
        warnings=_warnings(rule, values, chosen, slow, lagging),
    )


def symbol_values(rule: CompiledRule, chosen: Mapping[str, float | None]) -> dict[str, float]:
    """Numbers for the theory's symbols, the series T included; raises NoEquilibrium outside existence."""
    values = {SYMBOL_NAMES[name]: value for name, value in chosen.items() if name in SYMBOL_NAMES and value is not None}
    values["p"] = decay = float(chosen["lr"] or 0) * float(chosen["wd"] or 0)
    if "grad_norm" in chosen:
        scale = float(chosen["grad_norm"] or 0)
        values["L"] = scale * scale
        if not 0 < values["L"] < math.inf:
            raise OutOfDomain(f"grad_norm = {scale:g} has a square outside double precision")
    if decay == 0 or not all(map(math.isfinite, values.values())):
        raise NoEquilibrium(f"lr*wd = {decay:.12g} is not resolved in double precision")
    limit = existence_limit(rule, values)
    if not 0 < decay < limit:
        raise NoEquilibrium(
            f"lr*wd = {decay:.12g} is outside (0, {limit:g}): the weights grow without bound, so no equilibrium exists"
        )
    for symbol, series in rule.series(values).items():
        values[symbol] = series.sum()[0]
    return values


def existence_limit(rule: CompiledRule, values: Mapping[str, float]) -> float:
    """The smallest p > 0 at which E|w|^2 diverges."""
    return min(_positive(rule, "divergences", values), default=math.inf)


def flip_points(rule: CompiledRule, values: Mapping[str, float]) -> list[float]:
    """The p inside the range of existence at which a multiplier is -1."""
    limit = existence_limit(rule, values)
    return [p for p in _positive(rule, "flips", values) if p < limit]


def slowest_deviation(rule: CompiledRule, values: Mapping[str, float]) -> complex:
    """y = 1 - z for the multiplier z of largest modulus of the Gram recursion at its fixed point."""
    found = [y for row in rule("deviation_polynomials", values) for y in _roots([float(c) for c in row])]
    return min(found, key=contraction_margin)


def contraction_margin(deviation: complex) -> float:
    """1 - |z|^2 for z = 1 - y, without cancellation; positive where the multiplier contracts."""
    return 2 * deviation.real - abs(deviation) ** 2


def angle_convergence_rate(rule: CompiledRule, values: Mapping[str, float]) -> float:
    """Modulus of the slowest multiplier that shows in the angle, for rules with white input.

    It is the norm's own rate unless the angle is blind to that mode.
    """
    gradient = np.array(rule("log_cosine_gradient", values), dtype=float)
    size = len(gradient)
    modes, vectors = np.linalg.eig(np.array(rule("jacobian", values), dtype=float)[:size, :size])
    unit_gram = np.array(rule("unit_gram", values), dtype=float)
    scale = np.sqrt(np.diag(unit_gram))
    moments = np.outer(scale, scale)[np.triu_indices(len(scale))]
    shown = np.abs(gradient @ vectors) > 1e-9 * (np.abs(gradient * moments) @ np.abs(vectors / moments[:, None]))
    return float(np.abs(modes[shown]).max(initial=0.0))


def slowest_at_constant_energy(rule: CompiledRule, values: Mapping[str, float]) -> complex:
    """y = 1 - z for the slowest multiplier of G -> M G M^T, when the input's energy does not depend on |w|."""
    modes = np.linalg.eigvals(np.array(rule("transition", values), dtype=float))
    slow = complex(modes[np.argmax(np.abs(modes))])
    return 1 - slow * slow


def signed_multiplier(deviation: complex) -> float:
    """z = 1 - y with its sign where it is real, else its modulus."""
    return float(abs(1 - deviation)) if deviation.imag else 1 - deviation.real


def half_life(deviation: complex) -> float:
    """Steps in which the deviation halves, log(1/2)/log|z|; 0 where z = 0."""
    size = abs(1 - deviation)
    if size < FAST:
        return math.log(0.5) / math.log(size) if size else 0.0
    return 2 * math.log(0.5) / math.log1p(-contraction_margin(deviation))


def _positive(rule: CompiledRule, function: str, values: Mapping[str, float]) -> list[float]:
    with np.errstate(all="ignore"):
        numbers = [float(x) for x in rule(function, {k: np.float64(v) for k, v in values.items()})]
    return sorted(x for x in numbers if 0 < x < math.inf)


def _roots(coefficients: list[float]) -> list[complex]:
    """Roots of a real polynomial; those of degree two in the form that keeps the digits of a small root."""
    while coefficients[0] == 0:
        coefficients = coefficients[1:]
    if len(coefficients) == 2:
        return [complex(-coefficients[1] / coefficients[0])]
    if len(coefficients) == 3:
        a, b, c = coefficients
        discriminant = b * b - 4 * a * c
        if discriminant >= 0:
            large = -(b + math.copysign(math.sqrt(discriminant), b)) / 2
            return [complex(large / a), complex(c / large if large else 0.0)]
    return [complex(root) for root in np.roots(coefficients)]


def _require_attracting(rule: CompiledRule, values: Mapping[str, float], slow: complex) -> None:
    flips = flip_points(rule, values)
    on_a_flip = any(math.isclose(values["p"], p, rel_tol=1e-12) for p in flips)
    if contraction_margin(slow) > 0 and not on_a_flip:
        return
    limit = existence_limit(rule, values)
    except_at = "".join(f" except {p:g}" for p in flips)
    raise NoEquilibrium(
        f"lr*wd = {values['p']:.12g} is outside (0, {limit:g}){except_at}: "
        "the multiplier of the squared norm's deviation is "
        f"{signed_multiplier(slow):g}, so the norm alternates between two values and no equilibrium attracts"
    )


def _warnings(
    rule: CompiledRule,
    values: Mapping[str, float],
    chosen: Mapping[str, float | None],
    slow: complex,
    lagging: bool,
) -> list[str]:
    found = []
    if lagging:
        found += [
            f"beta2 = {chosen['beta2']:g}: norm and angle are those of v at its instantaneous mean, "
            "right to relative order 1 - beta2; the correction is not derived here",
            "convergence_rate and half_life are null: with v lagging behind 1/|w|^2 they have no derivation here",
        ]
    elif slow.imag:
        found.append(
            "the slowest multipliers are a complex pair: the norm oscillates; convergence_rate is their modulus"
        )
    neglected = abs(float(rule("angle_next", values))) * values["p"]
    if neglected > 0.1:
        found.append(f"leading_order neglects about {neglected:.0%} of the angle here")
    return found


SYMBOL_NAMES = {
    "lr": "eta",
    "momentum": "alpha",
    "dampening": "tau",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "dim": "d",
}
"""The theory's symbols by hyper-parameter; wd enters as p = eta*lambda and grad_norm as L = grad_norm^2."""
