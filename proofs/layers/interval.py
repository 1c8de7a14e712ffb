"""The interval layer: Arb's ball arithmetic from the exact expressions.

*Numbers*: what ``theory.predict`` says at printed recipes lies within DIGITS digits of an enclosure of the derived
expression. *Inequalities*: right - left is positive on every box of a subdivision of CORNERS, which shows them there
and nowhere else. *Equalities*: at rational points an enclosure of the difference that leaves zero out refutes; one
that holds zero supports and shows nothing, so that a claim with nothing else stays undecided.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flint import arb
from sympy import Rational, Symbol
from sympy.core.relational import Relational

import theory
from proofs.balls import BITS, NotEnclosed, enclose, enclose_series, exact
from proofs.claim import Claim, Obligation
from proofs.domain import positive_on, span
from proofs.layers import points
from proofs.verdict import Outcome, Verdict
from theory.compiled import NAMES
from theory.leading_order import series_at_zero
from theory.prediction import symbol_values
from theory.symbols import OF_PARAMETER, decay, energy

LAYER = "interval"
DIGITS = 12
"""Digits that a predicted number claims."""
CORNERS = (Rational(1, 8), Rational(7, 8))
"""Shares of a symbol's range between which an inequality is shown."""
BOXES = 400
"""Boxes that are tried for one inequality."""
SAMPLES = 6
RECIPES: dict[str, tuple[dict[str, float], ...]] = {
    "adamw": ({"lr": 6e-4, "wd": 0.1}, {"lr": 0.1, "wd": 0.1}),
    "lion": ({"lr": 0.1, "wd": 0.1}, {"lr": 1e-2, "wd": 1.0}),
    "sgd": ({"lr": 0.1, "wd": 1e-4}, {"lr": 0.5, "wd": 1.2}),
    "lars": ({"lr": 1.0, "wd": 0.5, "trust": 0.1},),
}
"""Recipes that the book prints numbers for; the rest of the hyper-parameters at their defaults."""
ELSEWHERE = ({"lr": 0.1, "wd": 1e-4}, {"lr": 0.1, "wd": 0.1})
PRINTED = {
    "norm_power": ("norm", "norm"),
    "one_minus_cosine": ("one_minus_cosine", "one_minus_cosine"),
    "norm_leading_order": ("norm_leading", "norm_leading_order"),
    "angle_leading_order": ("angle_leading", "angle_leading_order"),
}
"""By a claim's subject: the compiled function behind the printed number and the derived quantity that it states."""
ANGLES = ("angle", "chord", "sine")


@dataclass(frozen=True)
class Number:
    """A printed double beside the ball that holds the exact value."""

    name: str
    recipe: Mapping[str, float | None]
    printed: float
    ball: arb

    @property
    def agrees(self) -> bool:
        """Whether the double lies within DIGITS digits of the ball."""
        return bool(abs(self.ball - exact(self.printed)) <= abs(exact(self.printed)) * arb(10) ** -DIGITS)


def check(claim: Claim) -> Verdict:
    """Enclose the claim's printed numbers and both sides of what it owes."""
    begin = time.perf_counter()
    shown, supported, undecided = 0, 0, {}
    for number in numbers(claim):
        if not number.agrees:
            wrong = {"number": number.name, "recipe": dict(number.recipe), "printed": number.printed}
            return _verdict(Outcome.REFUTED, begin, {**wrong, "enclosure": number.ball.str(20)})
        shown += 1
    for owed in claim.owed:
        try:
            witness = refutes(owed, claim.domain())
            holds = owed.relation == "<=" and witness is None and positive_margin(owed)
        except NotEnclosed as reason:
            undecided[owed.says] = str(reason)
            continue
        if witness is not None:
            return _verdict(Outcome.REFUTED, begin, {"obligation": owed.says, "witness": witness})
        if owed.relation == "<=" and not holds:
            undecided[owed.says] = f"no positive margin on {BOXES} boxes"
        shown, supported = shown + holds, supported + (owed.relation == "=")
    detail: dict[str, object] = {"shown": shown, "supported": supported}
    if undecided:
        detail["undecided"] = undecided
    return _verdict(Outcome.HOLDS if shown and not undecided else Outcome.UNDECIDED, begin, detail)


def _verdict(outcome: Outcome, begin: float, detail: dict[str, object]) -> Verdict:
    method = (
        f"Arb at {BITS} bits: printed numbers to {DIGITS} digits, inequalities on boxes "
        f"between {CORNERS[0]} and {CORNERS[1]} of each range, equalities at {SAMPLES} points"
    )
    return Verdict(LAYER, outcome, method, time.perf_counter() - begin, detail)


def numbers(claim: Claim) -> Iterator[Number]:
    """The doubles that a prediction of this claim's subject prints, with their enclosures."""
    if claim.optimizer not in NAMES or claim.subject not in PRINTED:
        return
    function, quantity = PRINTED[claim.subject]
    found, rule = theory.equilibrium_of(claim.optimizer), theory.load(claim.optimizer)
    derived = {function: getattr(found, "norm" if function == "norm" else quantity)}
    if claim.subject == "one_minus_cosine":
        derived |= {name: getattr(found, name) for name in ANGLES}
    for given in RECIPES.get(claim.optimizer, ELSEWHERE):
        chosen = theory.complete(claim.optimizer, given)
        values = symbol_values(rule, chosen)
        at = balls(claim.optimizer, chosen, values)
        for name, law in derived.items():
            expression = law.leading if hasattr(law, "leading") else law
            yield Number(name, given, float(rule(name, values)), enclose(expression, at))


def balls(optimizer: str, chosen: Mapping[str, float | None], values: Mapping[str, float]) -> dict[Symbol, arb]:
    """The symbols at exact hyper-parameters, series enclosed; a decay behind a gain is taken as it was found."""
    found = theory.equilibrium_of(optimizer)
    at: dict[Symbol, arb] = {}
    for parameter in theory.load(optimizer).parameters:
        value = parameter.absent if chosen[parameter.name] is None else chosen[parameter.name]
        ball = exact(float(value or 0))
        at[OF_PARAMETER[parameter.name]] = ball**2 if OF_PARAMETER[parameter.name] is energy else ball
    at[decay] = exact(values["p"]) if found.rule.gain is not None else exact(chosen["lr"]) * exact(chosen["wd"])
    for symbol, expression in found.rule.definitions:
        at[symbol] = enclose(expression.subs(dict(found.rule.definitions)), at)
    for symbol, series in (found.series | series_at_zero(found.series)).items():
        at[symbol] = enclose_series(series, at)
    return at


def refutes(owed: Obligation, hypotheses: tuple[Relational, ...] = ()) -> dict[str, str] | None:
    """A point at which the enclosures contradict the obligation, or None."""
    scan = points.Scan(random.Random(owed.says), hypotheses)
    free = sorted(owed.left.free_symbols | owed.right.free_symbols, key=str)
    for point in scan.points(free, SAMPLES if free else 1):
        at = {symbol: exact(value) for symbol, value in point.items()}
        difference = enclose(owed.right, at) - enclose(owed.left, at)
        if not difference.is_finite():
            continue
        if difference < 0 or (owed.relation == "=" and difference > 0):
            return {**{str(s): str(v) for s, v in point.items()}, "right - left": difference.str(20)}
    return None


def positive_margin(owed: Obligation) -> bool:
    """Whether right - left > 0 on every box of a subdivision of the symbols' ranges."""
    difference = owed.right - owed.left
    free = sorted(difference.free_symbols, key=str)
    if any(symbol.is_integer or not positive_on(symbol) for symbol in free):
        raise NotEnclosed("a box of whole or of unbounded symbols is not subdivided")
    waiting = [[_range(symbol) for symbol in free]]
    for _ in range(BOXES):
        if not waiting:
            return True
        box = waiting.pop()
        ball = enclose(difference, {s: _ball(low, high) for s, (low, high) in zip(free, box, strict=True)})
        if ball > 0:
            continue
        if ball < 0 or not free:
            return False
        widest = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
        low, high = box[widest]
        middle = (low + high) / 2
        waiting += [[*box[:widest], part, *box[widest + 1 :]] for part in ((low, middle), (middle, high))]
    return False


def _range(symbol: Symbol) -> tuple[Rational, Rational]:
    low, end = span(symbol)
    high = low + 1 if end is None else end
    first, last = CORNERS
    return low + first * (high - low), low + last * (high - low)


def _ball(low: Rational, high: Rational) -> arb:
    return exact(low).union(exact(high))
