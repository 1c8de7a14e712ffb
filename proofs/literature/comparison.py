"""Verdicts: the published against the derived quantity at a recipe, around it, and in the limit.

Expressions are evaluated to ``DIGITS`` digits, numbers of the theory are doubles. *Exact* is agreement at the recipe
and at ``SAMPLES`` points around it, to all digits; *leading order* that the ratio tends to one like a power, along
``PATHS`` paths; *bound* that an inequality holds at the recipe and at ``TRIALS`` points; *refuted* that it fails at a
witness. A printed number is exact when the derived one rounds to it. *Internally inconsistent* are two statements of
one source about one quantity, under the same hypotheses, that differ to leading order too or fail to bound each other.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mpmath import mp, mpf
from sympy import Expr, Rational, cancel, lambdify, powdenest

from proofs.digits import Enclosed, ball, outside, shown
from proofs.literature.published import Published, Recipe, Relation, Side
from theory.symbols import OF_PARAMETER, dampening, decay, lr, wd

if TYPE_CHECKING:
    from flint import arb

DIGITS, DOUBLE = 120, 15
SAMPLES, PATHS = 6, 3
TRIALS = 60
NEAR, FAR = 2.0, 4.0
"""x < 1 is sampled from x^NEAR to x^(1/NEAR), others from x/NEAR to x NEAR; inequalities with FAR."""
SAME = {True: 1e-45, False: 1e-10}
"""Agreement to all digits: of two expressions, and where a side is a double."""
STEPS = {True: (1e-12, 1e-16), False: (1e-5, 1e-7)}
"""The two values of e at which the approach to the limit is measured."""
APPROACH = 0.1
"""Least power of e with which the ratio's difference from its limit must fall."""
DEFAULTS: Recipe = {"grad_norm": 1.0, "dim": 5, "dampening": 0.0}
NAMES = {name: str(symbol) for name, symbol in OF_PARAMETER.items()} | {"rows": "m", "cols": "n"}
INCONSISTENT = "internally inconsistent"
INEQUALITIES = (Relation.AT_MOST, Relation.AT_LEAST)


OUTSIDE = {
    "DEF-2 largest": "quadrature",
    "AMI-3 modulus": "fixed point",
    "AMI-3 stability": "fixed point",
    "AMI-3 with noise": "fixed point",
    "KOS-X1 logger": "single precision",
}
"""The rows whose ratio has no enclosure, with the key of the reason in ``digits.OUTSIDE``."""


@dataclass(frozen=True)
class Comparison:
    """``verdict``: *exact*, *leading order*, *differs*, *bound*, *refuted* or *internally inconsistent*.

    ``ratio`` is derived over published, or the source's one statement over the other.

    ``proved`` says whether an *exact* was also decided by normal form; ``witness`` is a point that refutes.
    """

    row: Published
    verdict: str
    ratio: float
    recipe: Recipe
    proved: bool = False
    witness: Recipe | None = None


STANDARD: dict[str, Recipe] = {
    "SGDM, ResNet-50 on ImageNet": {"lr": 0.1, "wd": 1e-4, "momentum": 0.9},
    "SGDM, Mask R-CNN on COCO": {"lr": 0.02, "wd": 1e-4, "momentum": 0.9},
    "AdamW, GPT-2": {"lr": 6e-4, "wd": 0.1, "beta1": 0.9},
    "AdamW, ViT": {"lr": 1e-3, "wd": 0.05, "beta1": 0.9},
    "Lion, ResNet-20": {"lr": 5e-4, "wd": 1.0, "beta1": 0.9, "beta2": 0.99},
}
"""Recipes that are in use, by what they train."""
COEFFICIENTS = ("lr", "wd", "momentum", "beta1", "beta2")


@mp.workdps(DIGITS)
def at_standard_recipes(row: Published) -> dict[str, float]:
    """Derived over published at every standard recipe of the row's own hyper-parameters, the others as in the row.

    A row that names an optimizer is not compared at the recipe of another.
    """
    own = {name for name in COEFFICIENTS if name in row.recipe}
    owner = {what: what.partition(",")[0] for what in STANDARD}
    named = {name for name in owner.values() if name.lower() in f"{row.id} {row.of}".lower()}
    published, derived = row.published(), row.derived()
    ratio = _ratio(published, derived)
    return {
        what: _enclosed(published, derived, ratio, {**row.recipe, **recipe})
        for what, recipe in STANDARD.items()
        if recipe.keys() == own and owner[what] in (named or owner.values()) and row.given({**row.recipe, **recipe})
    }


def compare(row: Published) -> Comparison:
    """The verdict on a row, computed."""
    found = _judged(row)
    if row.against and found.verdict in ("differs", "refuted"):
        return replace(found, verdict=INCONSISTENT, witness=None)
    return found


@mp.workdps(DIGITS)
def _judged(row: Published) -> Comparison:
    published, derived = row.published(), row.derived()
    ratio = _ratio(published, derived)
    symbolic = isinstance(published, Expr) and isinstance(derived, Expr)
    here, printed = ratio(row.recipe), _enclosed(published, derived, ratio, row.recipe)
    if row.relation in INEQUALITIES:
        witness = _witness(row, ratio, symbolic)
        return Comparison(row, "refuted" if witness else "bound", printed, row.recipe, witness=witness)
    if row.tolerance:
        verdict = "exact" if abs(1 / here - 1) <= row.tolerance else "differs"
        return Comparison(row, verdict, printed, row.recipe)
    around = [row.recipe, *_around(row, SAMPLES, NEAR)]
    same = SAME[symbolic]
    constant = here if row.relation is Relation.PROPORTIONAL else mpf(1)
    if all(abs(ratio(point) / constant - 1) < same for point in around):
        proved = symbolic and row.relation is Relation.EQUAL and _decided(published, derived)
        return Comparison(row, "exact", printed, row.recipe, proved)
    if not row.limit.keys() <= row.recipe.keys():
        return Comparison(row, "differs", printed, row.recipe)
    steps = first, second = STEPS[symbolic]
    if row.relation is Relation.PROPORTIONAL:
        constant = ratio(_towards(row, row.recipe, second / 1e4 if symbolic else second))
    paths = ([abs(ratio(_towards(row, point, e)) / constant - 1) for e in steps] for point in around[:PATHS])
    tends = all(_tends(far, near, first / second, same) for far, near in paths)
    return Comparison(row, "leading order" if tends else "differs", printed, row.recipe)


def ratio_in_print(row: Published, ratio: float, spec: str) -> str:
    """A ratio's digits, enclosed unless the row is OUTSIDE."""
    return outside(ratio, spec, OUTSIDE[row.id]) if row.id in OUTSIDE else shown(ratio, spec)


@mp.workdps(DIGITS)
def ratio_at(row: Published, recipe: Recipe) -> float:
    """Derived over published at a recipe; enclosed where both sides are."""
    published, derived = row.published(), row.derived()
    return _enclosed(published, derived, _ratio(published, derived), recipe)


def _enclosed(published: Side, derived: Side, ratio: Callable[[Recipe], mpf], recipe: Recipe) -> float:
    value = float(ratio(recipe))
    full = {**DEFAULTS, **recipe}
    with mp.workdps(DOUBLE):
        sides = [side if isinstance(side, Expr) else side(full) for side in (published, derived)]
    if not all(isinstance(side, Expr | Enclosed) for side in sides):
        return value
    if sides[0] == sides[1]:  # two zeros agree as well
        return Enclosed(1.0, lambda: ball(1.0))
    return Enclosed(value, lambda: _ball(sides[1], full) / _ball(sides[0], full))


def _ball(side: Expr | Enclosed, recipe: Recipe) -> arb:
    """The ball of a side at a recipe, whose numbers are the decimals that are written."""
    from proofs.balls import enclose, exact

    if isinstance(side, Enclosed):
        return ball(side)
    known = {name: exact(number) for name, number in _symbols(recipe, Rational).items()}
    return enclose(side, {symbol: known[str(symbol)] for symbol in side.free_symbols})


@mp.workdps(DIGITS)
def value(side: Side, recipe: Recipe) -> mpf:
    """One side at a recipe."""
    return _functions(side)(recipe)[0]


def _functions(*sides: Side) -> Callable[[Recipe], list[mpf]]:
    """Sides at a recipe: expressions to DIGITS digits, others as they are."""
    written = [side for side in sides if isinstance(side, Expr)]
    names = sorted(set().union(*(side.free_symbols for side in written)), key=str)
    compiled = lambdify(names, written, modules="mpmath")

    def at(recipe: Recipe) -> list[mpf]:
        full = {**DEFAULTS, **recipe}
        known = _symbols(full)
        found = iter(compiled(*(known[str(s)] for s in names)))
        with mp.workdps(DOUBLE):  # the theory's numbers are doubles, whatever the caller's precision
            numbers = [None if isinstance(side, Expr) else side(full) for side in sides]
        return [mpf(next(found) if number is None else number) for number in numbers]

    return at


def _symbols(recipe: Recipe, number: Callable[[str], Any] = mpf) -> dict[str, Any]:
    """Numbers for symbols: the decay p = eta lambda and L = grad_norm^2 beside the recipe's own."""
    known = {NAMES.get(name, name): number(str(x)) for name, x in recipe.items()}
    known["L"] = known["L"] ** 2
    if {"eta", "lambda"} <= known.keys():
        known["p"] = known["eta"] * known["lambda"]
        known["a"] = 1 - known["p"]
    return known


def _ratio(published: Side, derived: Side) -> Callable[[Recipe], mpf]:
    both = _functions(published, derived)

    def at(recipe: Recipe) -> mpf:
        lower, upper = both(recipe)
        return mpf(1) if lower == upper else upper / lower if lower else mp.inf

    return at


def _around(row: Published, count: int, reach: float) -> Iterator[Recipe]:
    """Points around the recipe that satisfy the statement's hypotheses, drawn anew alike every time."""
    generator = random.Random(row.id)
    start = {**DEFAULTS, **row.recipe}
    free = [name for name in start if name not in row.held]
    found = 0
    for _ in range(100 * count):
        point = {**start, **{name: _near(start[name], reach ** generator.uniform(-1, 1)) for name in free}}
        if row.given(point):
            found += 1
            yield point
        if found == count:
            return
    raise ValueError(f"{row.id}: {found} of {count} points around its recipe satisfy its own hypotheses")


def _near(x: float, factor: float) -> float:
    if isinstance(x, int):
        return max(1, round(x * factor))
    return x**factor if 0 < x < 1 else x * factor


def _towards(row: Published, recipe: Recipe, small: float) -> Recipe:
    return {**recipe, **{name: float(mpf(recipe[name]) * mpf(small) ** k) for name, k in row.limit.items()}}


def _tends(far: mpf, near: mpf, step: float, zero: float) -> bool:
    """Whether differences at e and e / step fall like a power of e, or are nothing at all."""
    if near < zero:
        return True
    return bool(far > near and mp.log(far / near) / math.log(step) > APPROACH)


def _witness(row: Published, ratio: Callable[[Recipe], mpf], symbolic: bool) -> Recipe | None:
    sign = 1 if row.relation is Relation.AT_MOST else -1
    for point in (row.recipe, *_around(row, TRIALS, FAR)):
        if sign * (ratio(point) - 1) > SAME[symbolic]:
            return point
    return None


def _decided(left: Expr, right: Expr) -> bool:
    """Equality of positive roots of rational functions, of order 1, 2 or 4, by normal form."""
    undampened = {decay: lr * wd, dampening: 0}
    left, right = left.subs(undampened), right.subs(undampened)
    return left == right or bool(right != 0 and cancel(powdenest((left / right) ** 4, force=True)) == 1)
