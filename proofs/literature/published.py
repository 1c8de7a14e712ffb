"""A published statement as data, and what it is set beside.

``provenance`` says how it was seen: *text* (in the source itself), *code* (in its official code), *second-hand* (in
somebody else's exposition), *recalled* (from memory, unchecked). A verdict is about the statement as it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import lcm
from typing import TypeAlias

from sympy import Expr, Pow, Rational, powdenest

from proofs.claim import Formula
from proofs.latex import latex

Recipe = Mapping[str, float]
"""Hyper-parameters by name; other symbols by their own name. An int stays one."""
Side: TypeAlias = Expr | Callable[[Recipe], float]
"""An expression in the theory's symbols, or a number from a recipe where the theory computes numbers."""

PROVENANCES = ("text", "code", "second-hand", "recalled")


class Relation(StrEnum):
    """How the derived quantity is said to stand to the published one."""

    EQUAL = "="
    PROPORTIONAL = "∝"
    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True)
class Published:
    """One statement: the quantity ``of`` stands in ``relation`` to ``published``; ``derived`` is that quantity.

    ``recipe`` is where the ratio is reported. ``limit`` holds the exponents k with which hyper-parameters x go as
    x e^k when e tends to zero: where a leading order must agree. ``given`` are the statement's own hypotheses on the
    hyper-parameters and ``held`` those that it keeps fixed. ``tolerance`` is half a unit of a printed number's last
    digit, over the number. ``page`` names the claim or the page that derives. ``why`` says what was translated and
    where a difference comes from. ``shown`` is LaTeX for a published side that has no short formula. ``against`` names
    the statement of the same source that ``derived`` is, where a source is compared with itself.
    """

    id: str
    source: str
    provenance: str
    of: str
    published: Callable[[], Side]
    derived: Callable[[], Side]
    recipe: Recipe
    page: str
    relation: Relation = Relation.EQUAL
    limit: Mapping[str, float] = field(default_factory=lambda: {"wd": 1})
    given: Callable[[Recipe], bool] = lambda recipe: True
    held: tuple[str, ...] = ()
    tolerance: float = 0.0
    why: str = ""
    shown: str = ""
    against: str = ""

    @property
    def latex(self) -> str:
        """What is published, as LaTeX: ``shown`` where it is set, a printed number as it was printed."""
        if self.shown:
            return self.shown
        side = self.published()
        if not isinstance(side, Expr):
            raise ValueError(f"{self.id}: a number from a recipe has no formula; shown must say what it is")
        return f"{float(side):.4g}" if self.tolerance else _one_root(side)

    @property
    def statements(self) -> tuple[str, str]:
        """The two statements of one source as LaTeX, where it is compared with itself."""
        other = self.derived()
        if not (self.against and isinstance(other, Expr)):
            raise ValueError(f"{self.id} is not compared with another statement of its source")
        return f"{self.relation} {self.latex}", f"= {_one_root(other)}"

    @property
    def listed(self) -> str:
        """The id in the list of published statements, without what tells its parts apart."""
        return self.id.split(" ")[0]


@dataclass(frozen=True)
class Unaudited:
    """A statement that is set beside nothing, and why."""

    id: str
    source: str
    provenance: str
    of: str
    reason: str

    @property
    def listed(self) -> str:
        """The id in the list of published statements."""
        return self.id.split(" ")[0]


def _one_root(side: Expr) -> str:
    """LaTeX with one root around a rational function, where that is what it is."""
    order = lcm(*(int(power.exp.q) for power in side.atoms(Pow) if power.exp.is_Rational))
    inside = powdenest(side**order, force=True) if order > 1 else side
    return Formula("", inside, "", order).latex.strip() if inside.is_rational_function() else latex(side)


def printed(text: str) -> tuple[Callable[[], Side], float]:
    """A printed number and half a unit of its last digit, over it."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    return lambda: Rational(text), unit / 2 / abs(float(text))
