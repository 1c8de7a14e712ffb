"""A claim: one citable statement with its kind, setting, hypotheses, formula and what it owes its checkers.

Building a claim costs nothing: its formula and obligations are derived when somebody asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

import theory
from theory.derivation import reading

if TYPE_CHECKING:
    from sympy import Expr
    from sympy.core.relational import Relational

    from proofs.comparison import Confrontation


Value = TypeVar("Value")


class Kind(StrEnum):
    """What sort of truth is claimed."""

    EXACT = "exact"
    LEADING_ORDER = "leading order"
    BOUND = "bound"
    IDENTITY = "identity"
    LIMIT = "limit"
    NUMERICAL = "numerical"
    EMPIRICAL = "empirical"
    CONJECTURE = "conjecture"


class Setting(StrEnum):
    """In what sense it holds."""

    PATHWISE = "pathwise"
    EXPECTATION = "expectation"
    MEAN_FIELD = "mean field"
    ALGEBRA = "algebra"
    MEASURED = "measured"


SETTING_MEANING = {
    Setting.PATHWISE: "for each trajectory; where L stands in it, when every unit gradient has squared norm L exactly",
    Setting.EXPECTATION: "an identity between expectations at stationarity",
    Setting.MEAN_FIELD: "as d tends to infinity, or with E[1/|w|^2] replaced by 1/E|w|^2; corrections are O(1/d)",
    Setting.ALGEBRA: "an identity between formulas, without probability",
    Setting.MEASURED: "as runs show it, up to the tolerance that the statement names; nothing is proved",
}


NOTATION = r"$p = \eta\lambda$, $a = 1 - p$; $w'$ follows $w$ by one step"
"""What every formula uses without saying it again."""


@dataclass(frozen=True)
class Formula:
    """A displayed relation: LaTeX on the left, the ``root``-th root of a derived expression on the right."""

    left: str
    right: Expr
    relation: str = "="
    root: int = 1

    @property
    def latex(self) -> str:
        """The relation as LaTeX."""
        from proofs.latex import latex

        right = latex(self.right)
        if self.root > 1:
            right = rf"\sqrt{'' if self.root == 2 else f'[{self.root}]'}{{{right}}}"
        return f"{self.left} {self.relation} {right}"


@dataclass(frozen=True)
class Obligation:
    """What must hold identically for the claim to be true: left = right, or left <= right."""

    says: str
    left: Expr
    right: Expr
    relation: str = "="


@dataclass(frozen=True)
class Claim:
    """A statement with a permanent id.

    ``optimizer`` and ``subject`` name the derived quantity of ``theory.Equilibrium`` that it states, ``states`` are the
    labels of further ones: what reads them depends on the claim.
    ``formulas`` and ``obligations`` are derived on call.
    ``domain`` are the hypotheses that are relations between symbols: what a point must meet to test the claim.
    ``experiment`` confronts the claim with a simulation on the named device; it imports torch itself.
    """

    id: str
    title: str
    statement: str
    kind: Kind
    setting: Setting
    formulas: Callable[[], list[Formula]]
    obligations: Callable[[], list[Obligation]]
    sources: tuple[str, ...]
    optimizer: str | None = None
    subject: str | None = None
    states: tuple[str, ...] = ()
    extra_hypotheses: tuple[str, ...] = ()
    domain: Callable[[], tuple[Relational, ...]] = tuple
    experiment: Callable[[str], list[Confrontation]] | None = None

    @cached_property
    def heading(self) -> str:
        """The title, behind the optimizer's name unless it names its subject itself."""
        if self.optimizer is None or ": " in self.title:
            return self.title
        return f"{theory.load(self.optimizer).title}: {self.title}"

    @property
    def derived_with(self) -> str:
        """What shares its derivations: its optimizer, else the first word of its id."""
        return self.optimizer or self.id.partition("-")[0]

    @cached_property
    def hypotheses(self) -> tuple[str, ...]:
        """The rule's hypotheses and the claim's own."""
        own = () if self.optimizer is None else theory.load(self.optimizer).hypotheses
        return (*own, *self.extra_hypotheses)

    @cached_property
    def displays(self) -> list[Formula]:
        """The formulas, derived once."""
        return self._reading(self.formulas)

    @cached_property
    def owed(self) -> list[Obligation]:
        """The obligations, derived once."""
        return self._reading(self.obligations)

    def _reading(self, derive: Callable[[], Value]) -> Value:
        import_module("theory.optimizers")  # what a module derives when it is loaded is not this claim's
        with reading() as used:
            found = derive()
        self.__dict__.setdefault("_reads", set()).update(used)
        return found

    @cached_property
    def reads(self) -> frozenset[str]:
        """Labels of the derived quantities that its formulas and obligations read."""
        assert self.displays is not None
        assert self.owed is not None
        return frozenset(self.__dict__["_reads"])

    @property
    def stated(self) -> frozenset[str]:
        """Labels of the derived quantities that it is the claim about."""
        own = () if self.optimizer is None or self.subject is None else (f"{self.optimizer}.{self.subject}",)
        return frozenset((*own, *self.states))

    @cached_property
    def convention(self) -> str | None:
        """Which decay, which momentum."""
        return None if self.optimizer is None else theory.load(self.optimizer).convention

    @cached_property
    def content_hash(self) -> str:
        """Hash of what is claimed: formula, kind, setting, hypotheses. Changes when the claim does."""
        from sympy import srepr

        text = [self.id, self.statement, self.kind, self.setting, *self.hypotheses]
        for formula in self.displays:
            text += [formula.left, formula.relation, str(formula.root), srepr(formula.right)]
        return hashlib.sha256("\n".join(text).encode()).hexdigest()[:16]
