"""The interval layer: Arb's ball arithmetic from the exact expressions.

*Numbers*: what the theory predicts at the recipes that the book prints, and what it derives over what was published,
lies within its digits of an enclosure of the derived expression; the book's build asks the same of every printed
digit (``proofs.digits``). *Inequalities*: right - left is positive on every box of a subdivision of CORNERS, which
shows them there and nowhere else. *Equalities*: at rational points an enclosure of the difference that leaves zero
out refutes; one that holds zero supports and shows nothing, so that a claim with nothing else stays undecided.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flint import arb
from sympy import Rational, Symbol
from sympy.core.relational import Relational

from proofs.balls import BITS, NotEnclosed, enclose, exact
from proofs.claim import Claim, Obligation
from proofs.digits import Enclosed
from proofs.domain import positive_on, span
from proofs.enclosed import predicted
from proofs.layers import points
from proofs.literature import ROWS
from proofs.literature.comparison import ratio_at
from proofs.printed import RECIPES
from proofs.verdict import Outcome, Verdict
from theory.compiled import NAMES

LAYER = "interval"
DIGITS, OF_RATIOS = 12, 7
"""Digits that a prediction claims, and those that are printed of what is derived over what was published."""
CORNERS = (Rational(1, 8), Rational(7, 8))
"""Shares of a symbol's range between which an inequality is shown."""
BOXES = 400
"""Boxes that are tried for one inequality."""
SAMPLES = 6
ELSEWHERE = ({"lr": 0.1, "wd": 1e-4}, {"lr": 0.1, "wd": 0.1})
"""Recipes of the rules that the book prints no predictions of."""
MOTION = ("cos_angular_update", "angular_update", "chord", "sine")
NUMBERS = {
    "norm_power": ("equilibrium_norm",),
    "one_minus_cosine": MOTION,
    "characteristic_polynomial": ("convergence_rate", "half_life"),
    "norm_leading_order": ("equilibrium_norm of leading_order",),
    "angle_leading_order": ("angular_update of leading_order",),
}
"""By a claim's subject: the fields of a prediction that it states."""
MUON = {
    "muon-norm": ("equilibrium_norm",),
    "muon-angle": MOTION,
    "muon-rate": ("convergence_rate", "half_life"),
    "muon-leading": ("equilibrium_norm of leading_order", "angular_update of leading_order", "update_persistence"),
}
"""The same for Muon's claims, which have no subject."""


@dataclass(frozen=True)
class Number:
    """A printed double beside the ball that holds the exact value."""

    name: str
    recipe: Mapping[str, float | None]
    printed: float
    ball: arb
    digits: int = DIGITS

    @property
    def agrees(self) -> bool:
        """Whether the double lies within ``digits`` digits of the ball."""
        return bool(abs(self.ball - exact(self.printed)) <= abs(exact(self.printed)) * arb(10) ** -self.digits)


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
        f"Arb at {BITS} bits: printed numbers to {DIGITS} digits ({OF_RATIOS} of a ratio), inequalities on boxes "
        f"between {CORNERS[0]} and {CORNERS[1]} of each range, equalities at {SAMPLES} points"
    )
    return Verdict(LAYER, outcome, method, time.perf_counter() - begin, detail)


def numbers(claim: Claim) -> Iterator[Number]:
    """The doubles that are printed of this claim, with their enclosures: predictions, and published over derived."""
    rule = claim.optimizer if claim.optimizer in NAMES else "muon"
    fields = MUON.get(claim.id, ()) if rule == "muon" else NUMBERS.get(str(claim.subject), ())
    for given in RECIPES.get(rule, ELSEWHERE) if fields else ():
        found = predicted(rule, given)
        for field in fields:
            name, _, table = field.partition(" of ")
            printed = getattr(found, table)[name] if table else getattr(found, name)
            if printed is not None:
                yield Number(field, given, printed, printed.ball)
    for row in ROWS:
        ratio = ratio_at(row, row.recipe) if row.page == claim.id else None
        if isinstance(ratio, Enclosed):
            yield Number(f"derived over published, {row.id}", row.recipe, ratio, ratio.ball, OF_RATIOS)


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
