"""Inverse problems in numbers: the hyper-parameter at which an equilibrium takes a wanted value.

Every optimizer goes the same way, through its own prediction: the unknown runs up from its lower end until
the wanted quantity is crossed, and the crossing is refined to the last digits. So the answer is the
smallest one where there are several. Where the exact formula inverts, ``theory.inverse`` derives the
closed form, and the tests hold the two against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from theory.domain import OutOfDomain
from theory.prediction import Prediction, predict

QUANTITIES = {"angle": "angular_update", "norm": "equilibrium_norm", "half_life": "half_life"}
"""What can be asked for, and the field of the prediction that holds it."""
LEAST_DECAY, MOST_DECAY = 1e-15, 1e4
"""The decays per step lr*wd that are searched."""
COARSE, FINE, FINE_FROM = 2.0, 1.1, 1e-3
"""Ratios of the search grid; the fine one where lr*wd is of order one and quantities turn around."""
MOST_STEPS, LAST_DIGITS, TINY = 100, 1e-16, 1e-300
"""Where the refinement stops: steps, and a change of the coordinate; the least value with a logarithm."""
ROUNDING = 1e-12
"""Relative difference that counts as none on a stretch where the quantity does not change."""
GOLDEN, TURNED = (math.sqrt(5) - 1) / 2, 1e-9
"""Share of the golden section, and the width at which a turning point is known as well as its flatness allows."""

Function = Callable[[float], float | None]


class Unreachable(OutOfDomain):
    """No value of the unknown gives the wanted quantity; the message says what can be reached."""


@dataclass(frozen=True)
class Solution:
    """The unknown, its value, and the equilibrium there."""

    unknown: str
    value: float
    prediction: Prediction


@dataclass(frozen=True)
class Path:
    """Where an unknown is searched: ascending values, and the coordinate in which quantities are smooth."""

    values: list[float]
    coordinate: Callable[[float], float]
    back: Callable[[float], float]

    def middle(self, a: float, b: float) -> float:
        """The point half-way in the coordinate."""
        return self.back((self.coordinate(a) + self.coordinate(b)) / 2)


def solve(
    optimizer: str,
    unknown: str,
    quantity: str,
    wanted: float,
    *,
    forward: Callable[..., Prediction] = predict,
    **given: float | None,
) -> Solution:
    """The smallest value of ``unknown`` at which ``quantity`` of the equilibrium is ``wanted``.

    ``unknown`` is lr, wd or a coefficient such as beta1 or momentum; ``quantity`` is angle (radians per
    step), norm (units of the weights) or half_life (steps). ``forward`` predicts. Raises OutOfDomain for
    a value outside its range and Unreachable, which names the reachable range.
    """
    check_wanted(quantity, wanted)
    if given.get(unknown) is not None:
        raise OutOfDomain(f"{unknown} = {given[unknown]:g} is given, but it is what to solve for")
    at = {name: value for name, value in given.items() if name != unknown}
    mistakes: list[OutOfDomain] = []

    def value(x: float) -> float | None:
        try:
            found = forward(optimizer, **{**at, unknown: x})
        except OutOfDomain as mistake:
            mistakes.append(mistake)
            return None
        number = getattr(found, QUANTITIES[quantity])
        if number is None:
            raise Unreachable(f"{quantity} = {wanted:g} cannot be solved for: {'; '.join(found.warnings)}")
        return float(number)

    try:
        x = first_crossing(value, wanted, path_of(unknown, at))
    except NoCrossing as none:
        if not none.met:
            raise mistakes[0] from None
        values = [y for _, y in none.met]
        raise Unreachable(
            f"{quantity} = {wanted:g} is not reached by {optimizer}: while {unknown} runs from {none.met[0][0]:.3g} to "
            f"{none.met[-1][0]:.3g}, where an equilibrium exists, it stays between {min(values):.6g} and "
            f"{max(values):.6g}"
        ) from None
    return Solution(unknown, x, forward(optimizer, **{**at, unknown: x}))


def check_wanted(quantity: str, wanted: float) -> None:
    """Raise OutOfDomain for a quantity that is unknown or a value that it cannot take."""
    if quantity not in QUANTITIES:
        raise OutOfDomain(f"quantity = {quantity} is unknown; known are {', '.join(QUANTITIES)}")
    high = math.pi if quantity == "angle" else math.inf
    if not 0 < wanted < high:
        raise OutOfDomain(f"{quantity} = {wanted:g} is outside its range (0, {high:g})")


def path_of(unknown: str, given: dict[str, float | None]) -> Path:
    """The search grid of an unknown: lr and wd by ratios of lr*wd, a coefficient by ratios of its gap to 1."""
    if unknown in ("lr", "wd"):
        other = given.get("wd" if unknown == "lr" else "lr")
        scale = 1.0 if other is None or not 0 < other < math.inf else float(other)
        return logarithmic([p / scale for p in _decays()])
    gaps = [2.0 ** (-k / 4) for k in range(80)]
    return Path([1 - gap for gap in gaps], lambda x: -math.log1p(-x), lambda u: -math.expm1(-u))


def logarithmic(values: list[float]) -> Path:
    """A path of positive values, smooth in the logarithm."""
    return Path(values, math.log, math.exp)


def _decays() -> Iterator[float]:
    p = LEAST_DECAY
    while p < MOST_DECAY:
        yield p
        p *= COARSE if p < FINE_FROM else FINE


class NoCrossing(LookupError):
    """The values over the whole path stay on one side of the wanted one."""

    def __init__(self, met: list[tuple[float, float]]) -> None:
        self.met = met


def first_crossing(function: Function, wanted: float, path: Path) -> float:
    """The first x along the path at which the function takes the wanted value; None marks a gap in its domain."""
    met: list[tuple[float, float]] = []
    before: tuple[float, float] | None = None
    outside = False
    for x in path.values:
        here = function(x)
        if here is None and outside:
            continue
        outside = here is None
        for point in _up_to_edge(function, before, x, path) if here is None else [(x, here)]:
            y = point[1]
            if math.isclose(y, wanted, rel_tol=ROUNDING):  # level stretches are never crossed
                return point[0]
            if before is not None and (before[1] < wanted) != (y < wanted):
                return _refine(function, wanted, before, point, path)
            if len(met) > 1 and before is not None and not outside:
                turn = _turn_beyond(function, wanted, met[-2], before, point, path)
                if turn is not None:
                    return _refine(function, wanted, met[-2], turn, path)
            before = point
            met.append(point)
    raise NoCrossing(met)


def _turn_beyond(
    function: Function,
    wanted: float,
    left: tuple[float, float],
    middle: tuple[float, float],
    right: tuple[float, float],
    path: Path,
) -> tuple[float, float] | None:
    """A point beyond the wanted value where the function turns around between three points on its near side.

    Golden-section search for the turning point in the path's coordinate, which ends at the first point beyond.
    """
    side = math.copysign(1, _log_ratio(middle[1], wanted))

    def gap(y: float | None) -> float:
        return math.inf if y is None else side * _log_ratio(y, wanted)

    if not gap(middle[1]) < min(gap(left[1]), gap(right[1])):
        return None
    low, high = path.coordinate(left[0]), path.coordinate(right[0])
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_a, at_b = gap(function(path.back(a))), gap(function(path.back(b)))
    for _ in range(MOST_STEPS):
        nearest, u = min((at_a, a), (at_b, b))
        if nearest < 0:
            x = path.back(u)
            y = function(x)
            return None if y is None else (x, y)
        if high - low <= TURNED * max(1.0, abs(high)):
            return None
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - GOLDEN * (high - low)
            at_a = gap(function(path.back(a)))
        else:
            low, a, at_a = a, b, at_b
            b = low + GOLDEN * (high - low)
            at_b = gap(function(path.back(b)))
    return None


def _up_to_edge(
    function: Function, before: tuple[float, float] | None, outside: float, path: Path
) -> list[tuple[float, float]]:
    """Points of the domain between its last one and its edge, ever closer to the edge."""
    points: list[tuple[float, float]] = []
    if before is None:
        return points
    inside = before[0]
    while inside < (x := path.middle(inside, outside)) < outside:
        y = function(x)
        if y is None:
            outside = x
        else:
            inside = x
            points.append((x, y))
    return points


def _refine(
    function: Function, wanted: float, before: tuple[float, float], after: tuple[float, float], path: Path
) -> float:
    """Ridders' method between two points on either side, in the path's own coordinate, to the last digits."""

    def off(u: float, nudge: float) -> float:
        y = function(path.back(u))
        if y is None:  # a single point without an equilibrium, such as a flip
            y = function(path.back(u + nudge))
        return math.nan if y is None else _log_ratio(y, wanted)

    low, high = path.coordinate(before[0]), path.coordinate(after[0])
    at_low, at_high = _log_ratio(before[1], wanted), _log_ratio(after[1], wanted)
    best = middle = (low + high) / 2
    for _ in range(MOST_STEPS):
        middle, last = (low + high) / 2, best
        at_middle = off(middle, (high - low) / 1024)
        if at_middle == 0 or math.isnan(at_middle):
            return path.back(middle)
        best = middle + (middle - low) * math.copysign(1, at_low) * at_middle / math.hypot(
            at_middle, math.sqrt(-at_low * at_high)
        )
        at_best = off(best, (high - low) / 1024)
        if at_best == 0 or math.isnan(at_best) or abs(best - last) <= LAST_DIGITS * max(1.0, abs(best)):
            break
        if (at_middle < 0) != (at_best < 0):
            low, at_low, high, at_high = middle, at_middle, best, at_best
        elif (at_low < 0) != (at_best < 0):
            high, at_high = best, at_best
        else:
            low, at_low = best, at_best
    return path.back(best)


def _log_ratio(y: float, wanted: float) -> float:
    return math.log(max(y, TINY) / wanted)


__all__ = [
    "QUANTITIES",
    "NoCrossing",
    "Path",
    "Solution",
    "Unreachable",
    "check_wanted",
    "first_crossing",
    "logarithmic",
    "path_of",
    "solve",
]
