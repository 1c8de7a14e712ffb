"""Formulas and obligations that live in ``proofs.algebra``, loaded when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypedDict

from proofs.claim import Formula, Obligation


class Derived(TypedDict):
    """The derived parts of a claim."""

    formulas: Callable[[], list[Formula]]
    obligations: Callable[[], list[Obligation]]


def derived_in(module: str, name: str) -> Derived:
    """``name`` and ``name_obligations`` of ``proofs.algebra.module``."""

    def formulas() -> list[Formula]:
        return getattr(import_module(f"proofs.algebra.{module}"), name)()

    def obligations() -> list[Obligation]:
        return getattr(import_module(f"proofs.algebra.{module}"), f"{name}_obligations")()

    return {"formulas": formulas, "obligations": obligations}
