"""Numbers for given hyper-parameters: the equilibrium of one optimizer, checked for existence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from theory import lagging
from theory.catalogue import REFINED, Choice, refined, the_choice
from theory.compiled import NAMES, CompiledRule, load
from theory.domain import NoEquilibrium, OutOfDomain, shown

if TYPE_CHECKING:
    from theory.update_rule import UpdateRule

EXPANSION_HOLDS = 0.3
"""Largest (kurtosis - 1)(1 - beta2) at which the first order in 1 - beta2 is believed."""
LEAST_DECAY = 1e-30
LARGEST_DECAY = 1e6
RESOLVED = 1e-9
"""How far rounding may put an eigenvalue that decay leaves just below 1."""
FAST = 0.5
"""Below this modulus a multiplier has its digits itself, above it its distance from 1 has them."""


@dataclass(frozen=True)
class Prediction:
    """The equilibrium of an optimizer at given hyper-parameters.

    ``optimizer`` is the rule's own name, ``decay`` how its weight decay is meant.
    ``equilibrium_norm`` = sqrt(E|w|^2); ``cos_angular_update`` = E<w, w'>/E|w|^2; ``angular_update`` is its
    arccosine in radians; ``chord`` and ``sine`` are those of that angle. ``convergence_rate`` is the
    signed multiplier per step of the squared norm's deviation (a modulus where multipliers are a
    complex pair, said in ``warnings``), ``half_life`` its half-life in steps.
    """

    optimizer: str
    decay: str
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
    """The hyper-parameters of a rule with defaults filled in and every range checked; raises OutOfDomain."""
    if optimizer not in NAMES:
        raise OutOfDomain(f"optimizer = {optimizer} is unknown; known are {', '.join(NAMES)}")
    return complete_rule(load(optimizer), given)


def complete_rule(rule: CompiledRule | UpdateRule, given: Mapping[str, float | None]) -> dict[str, float | None]:
    """As ``complete``, for a rule in hand."""
    own = {p.name: p for p in rule.parameters}
    for name, value in given.items():
        if value is not None and name not in own:
            raise OutOfDomain(f"{name} = {shown(value)} does not apply to {rule.name}, which takes {', '.join(own)}")
    chosen: dict[str, float | None] = {}
    for name, parameter in own.items():
        value = given.get(name)
        value = parameter.default if value is None else value
        if value is None and not parameter.optional:
            raise OutOfDomain(f"{name} is missing; its range is {parameter.range}")
        chosen[name] = None if value is None else parameter.check(value)
    return chosen


def predict(
    optimizer: str, *, decay: Any = None, lr_max: float | None = None, **hyperparameters: float | None
) -> Prediction:
    """The equilibrium of ``optimizer``; raises OutOfDomain, or NoEquilibrium where none attracts.

    ``optimizer`` is a name of ``catalogue.names``, ``decay`` one of ``catalogue.DECAYS``; "adam" and "nadam" need it.
    """
    return predict_choice(the_choice(optimizer, decay), lr_max=lr_max, **hyperparameters)


def predict_choice(choice: Choice, *, lr_max: float | None = None, **hyperparameters: float | None) -> Prediction:
    """The equilibrium of one rule and meaning of its decay."""
    given = {name: value for name, value in hyperparameters.items() if value is not None}
    optimizer = refined(choice.rule, set(given))
    chosen = complete(optimizer, given)
    rule = load(optimizer)
    meant = float(chosen["wd"] or 0)
    if lr_max is not None and choice.decay != "corrected":
        raise OutOfDomain(f"lr_max = {shown(lr_max)} does not apply to {choice.decay} decay")
    chosen["wd"] = choice.coefficient(float(chosen["lr"] or 0), meant, lr_max)
    return predict_rule(rule, chosen, choice.decay, _about_decay(choice, meant, chosen))


def predict_rule(
    rule: CompiledRule, chosen: Mapping[str, float | None], decay: str, warnings: Sequence[str] = ()
) -> Prediction:
    """The equilibrium of a rule in hand at its completed hyper-parameters, with the decay described in a word."""
    values = symbol_values(rule, chosen)
    _require_bounded(rule, values)
    slow = slowest_deviation(rule, values)
    _require_attracting(rule, values, slow)
    return Prediction(
        optimizer=rule.name,
        decay=decay,
        hyperparameters=dict(chosen),
        equilibrium_norm=float(rule("norm", values)),
        angular_update=float(rule("angle", values)),
        cos_angular_update=1 - float(rule("one_minus_cosine", values)),
        chord=float(rule("chord", values)),
        sine=float(rule("sine", values)),
        convergence_rate=signed_multiplier(slow),
        half_life=half_life(slow),
        leading_order={
            "equilibrium_norm": float(rule("norm_leading", values)),
            "angular_update": float(rule("angle_leading", values)),
        },
        warnings=[*warnings, *_warnings(rule, values, slow)],
    )


def _about_decay(choice: Choice, meant: float, chosen: Mapping[str, float | None]) -> list[str]:
    own = float(chosen["wd"] or 0)
    if own == meant:
        return []
    return [f"wd = {meant:g} as {choice.decay} decay is wd = {own:g} in lr*wd, which stands among the hyper-parameters"]


def symbol_values(rule: CompiledRule, chosen: Mapping[str, float | None]) -> dict[str, float]:
    """Numbers for the theory's symbols, the series T included; raises NoEquilibrium outside existence."""
    given = {p.name: p.absent if chosen.get(p.name) is None else chosen[p.name] for p in rule.parameters}
    values = {SYMBOL_NAMES.get(name, name): value for name, value in given.items() if value is not None}
    values["p"] = decay = float(chosen["lr"] or 0) * float(chosen["wd"] or 0)
    if "grad_norm" in chosen:
        scale = float(chosen["grad_norm"] or 0)
        values["L"] = scale * scale
        if not 0 < values["L"] < math.inf:
            raise OutOfDomain(f"grad_norm = {scale:g} has a square outside double precision")
    if decay == 0 or not all(map(math.isfinite, values.values())):
        raise NoEquilibrium(f"lr*wd = {decay:.12g} is not resolved in double precision")
    values |= {name: float(number) for name, (number,) in zip(rule.defined, rule("definitions", values), strict=True)}
    limit = existence_limit(rule, values)
    if rule.has_gain:
        values["p"] = decay_behind_gain(rule, values, limit)
    elif not 0 < decay < limit:
        raise NoEquilibrium(
            f"lr*wd = {decay:.12g} is outside (0, {limit:g}): the weights grow without bound, so no equilibrium exists"
        )
    for symbol, series in rule.series(values).items():
        values[symbol] = series.sum()[0]
    return values


def decay_behind_gain(rule: CompiledRule, values: Mapping[str, float], limit: float) -> float:
    """The smallest decay per step p with p = y eta lambda, y being the gain at the equilibrium that p has.

    Raises NoEquilibrium with the largest learning rate that has one.
    """

    def learning_rate(decay: float) -> float:
        at = {**values, "p": decay}
        squared = float(rule("norm", at)) ** 2
        unit_gram = np.array(rule("unit_gram", at), dtype=float)
        moments = squared * unit_gram / unit_gram[0, 0]
        names = {f"G_{i}{j}": moments[i, j] for i, j in zip(*np.triu_indices(len(moments)), strict=True)}
        return decay / (values["lambda_"] * float(rule("gain", {**at, **names, "A": squared})))

    top = min(limit, LARGEST_DECAY)
    low, high = np.geomspace(LEAST_DECAY, top / 2, 240, endpoint=False), top * (1 - np.geomspace(0.5, 1e-9, 40))
    grid = np.concatenate([low, high])
    wanted = values["eta"]
    with np.errstate(all="ignore"):
        rates = np.array([learning_rate(p) for p in grid])
        above = np.flatnonzero(rates >= wanted)
        if not above.size:
            raise NoEquilibrium(
                f"lr = {wanted:g} is outside (0, {np.nanmax(rates):.6g}), where the gain lets an equilibrium exist"
            )
        if above[0] == 0:
            raise NoEquilibrium(f"lr = {wanted:g} gives a decay per step below {LEAST_DECAY:g}, which is not resolved")
        return _bisect(lambda p: learning_rate(p) - wanted, float(grid[above[0] - 1]), float(grid[above[0]]))


def _bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """The sign change of a function between two positive numbers, to the last digit."""
    while True:
        middle = math.sqrt(low) * math.sqrt(high)
        if not low < middle < high:
            middle = (low + high) / 2
        if not low < middle < high:
            return low
        low, high = (low, middle) if function(middle) >= 0 else (middle, high)


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
    if not found:
        jacobian = np.array(rule("jacobian", values), dtype=float)
        found = [complex(y) for y in np.linalg.eigvals(np.eye(len(jacobian)) - jacobian)]
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
    """The positive roots in p of the polynomials that a derived function lists."""
    with np.errstate(all="ignore"):
        found = [root for row in rule(function, values) for root in _roots([float(c) for c in row])]
    return sorted(root.real for root in found if root.imag == 0 and 0 < root.real < math.inf)


def _roots(coefficients: list[float]) -> list[complex]:
    """Roots of a real polynomial; those of degree two in the form that keeps the digits of a small root."""
    while len(coefficients) > 1 and coefficients[0] == 0:
        coefficients = coefficients[1:]
    if len(coefficients) == 1:
        return []
    if len(coefficients) == 2:
        return [complex(-coefficients[1] / coefficients[0])]
    if len(coefficients) == 3:
        a, b, c = coefficients
        discriminant = b * b - 4 * a * c
        if discriminant >= 0:
            large = -(b + math.copysign(math.sqrt(discriminant), b)) / 2
            return [complex(large / a), complex(c / large if large else 0.0)]
    return [complex(root) for root in np.roots(coefficients)]


def _require_bounded(rule: CompiledRule, values: Mapping[str, float]) -> None:
    """The state forgets its past at all: a rule that somebody wrote may grow at every decay."""
    radius = float(np.abs(np.linalg.eigvals(np.array(rule("transition", values), dtype=float))).max())
    if not radius <= 1 + RESOLVED:
        raise NoEquilibrium(
            f"lr*wd = {values['p']:.12g}: M of {rule.name} has an eigenvalue of modulus {radius:.6g}, "
            "so its moments do not converge and no equilibrium exists"
        )


def _require_attracting(rule: CompiledRule, values: Mapping[str, float], slow: complex) -> None:
    flips = flip_points(rule, values)
    on_a_flip = any(math.isclose(values["p"], p, rel_tol=1e-12) for p in flips)
    if contraction_margin(slow) > 0 and not on_a_flip:
        return
    limit = existence_limit(rule, values)
    except_at = "".join(f" except {p:g}" for p in dict.fromkeys(flips))
    raise NoEquilibrium(
        (
            f"lr = {values['eta']:g} makes the decay per step {values['p']:.6g}: "
            if rule.has_gain
            else f"lr*wd = {values['p']:.12g} is outside (0, {limit:g}){except_at}: "
        )
        + "the multiplier of the squared norm's deviation is "
        f"{signed_multiplier(slow):g}, so the norm alternates between two values and no equilibrium attracts"
    )


def _warnings(rule: CompiledRule, values: Mapping[str, float], slow: complex) -> list[str]:
    found = []
    if slow.imag:
        found.append(
            "the slowest multipliers are a complex pair: the norm oscillates; convergence_rate is their modulus"
        )
    if rule.has_gain:
        found.append(f"the decay per step is {values['p']:.6g} rather than lr*wd: the step size has a gain of its own")
    if rule.name in REFINED.values():
        found += _about_second_moment(rule, values)
    neglected = abs(float(rule("angle_neglected", values)))
    if neglected > 0.1:
        found.append(f"leading_order neglects about {neglected:.0%} of the angle here")
    return found


def _about_lag(rule: CompiledRule, values: Mapping[str, float]) -> str:
    constant = "convergence_rate is for gradients of constant size; where they follow 1/|w|, v lags behind |w| and "
    behind = next(base for base, known in REFINED.items() if known == rule.name)
    if behind not in lagging.OPTIMIZERS:
        return constant + "the deviation can decay far slower"
    decay, beta1, beta2 = (values[name] for name in ("p", "beta_1", "beta_2"))
    unit = np.array(load(behind)("unit_gram", {**values, "eta": 1.0, "lambda_": decay}), dtype=float)
    slow = min(map(complex, lagging.deviations(unit, decay, beta1, beta2)), key=contraction_margin)
    return constant + f"it is {abs(1 - slow):.8g} (half-life {half_life(slow):.6g} steps)"


def _about_second_moment(rule: CompiledRule, values: Mapping[str, float]) -> list[str]:
    excess = (values["K"] - 1) * (1 - values["beta_2"])
    found = [_about_lag(rule, values)]
    if excess > EXPANSION_HOLDS:
        found.append(
            f"(kurtosis - 1)(1 - beta2) = {excess:.3g} is not small: the expansion in 1 - beta2 fails here, "
            "norm and angle are a guess"
        )
    else:
        following = float(rule("neglected", values))
        found.append(f"beta2 enters to first order; the next is about {following:.1g} of the squared norm")
    return found


SYMBOL_NAMES = {
    "lr": "eta",
    "wd": "lambda_",
    "momentum": "alpha",
    "dampening": "tau",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "dim": "d",
    "kurtosis": "K",
    "trust": "kappa",
    "at_step": "t",
    "momentum_decay": "psi",
}
"""The theory's symbols by hyper-parameter; p = eta*lambda comes beside them, grad_norm enters as L = grad_norm^2."""
