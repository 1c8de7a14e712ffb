"""Limits in which one optimizer becomes another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypedDict

import theory
from proofs.claim import Formula, Obligation, Setting
from proofs.claims.writing import norm_left

if TYPE_CHECKING:
    from sympy import Expr

QUANTITIES = ("norm_power", "one_minus_cosine")


class Comparison(TypedDict):
    """The derived parts of a claim."""

    formulas: Callable[[], list[Formula]]
    obligations: Callable[[], list[Obligation]]


def agrees_with(
    optimizer: str,
    at: Mapping[str, int],
    other: str,
    other_at: Mapping[str, int] | None = None,
    setting: Setting = Setting.EXPECTATION,
) -> Comparison:
    """Norm and cosine of one optimizer at special hyper-parameters against those of another."""

    def sides() -> list[tuple[str, Expr, Expr]]:
        return [(name, _at(optimizer, name, at), _at(other, name, other_at or {})) for name in QUANTITIES]

    def formulas() -> list[Formula]:
        found = theory.equilibrium_of(optimizer)
        (_, norm, _), (_, lost, _) = sides()
        return [
            Formula(norm_left(found, setting), found.display(norm)),
            Formula(r"\cos\theta", found.display(1 - lost)),
        ]

    def obligations() -> list[Obligation]:
        return [Obligation(f"{name} of {optimizer} and {other}", left, right) for name, left, right in sides()]

    return {"formulas": formulas, "obligations": obligations}


def same_cosine(
    optimizer: str, renamed: Mapping[str, str], other: str, other_renamed: Mapping[str, str] | None = None
) -> Comparison:
    """The cosine of one optimizer, its hyper-parameters renamed, against that of another."""

    def sides() -> tuple[Expr, Expr]:
        from theory import symbols

        def lost(name: str, names: Mapping[str, str]) -> Expr:
            swapped = {getattr(symbols, old): getattr(symbols, new) for old, new in names.items()}
            return theory.equilibrium_of(name).one_minus_cosine.subs(swapped)

        return lost(optimizer, renamed), lost(other, other_renamed or {})

    def formulas() -> list[Formula]:
        return [Formula(r"\cos\theta", theory.equilibrium_of(other).display(1 - sides()[0]))]

    def obligations() -> list[Obligation]:
        left, right = sides()
        return [Obligation(f"1 - cos of {optimizer} and {other}", left, right)]

    return {"formulas": formulas, "obligations": obligations}


def _at(optimizer: str, quantity: str, at: Mapping[str, int]) -> Expr:
    from theory.symbols import OF_PARAMETER, index

    found = theory.equilibrium_of(optimizer)
    values = {OF_PARAMETER[name]: value for name, value in at.items()}
    expression = getattr(found, quantity)
    for symbol, series in found.series.items():
        if series.weight.subs(values).subs(index, 0) == 0:  # the ratio of weights is bounded: all of them vanish
            expression = expression.subs(symbol, 0)
    return expression.subs(values)
