"""Lemmas that support claims, as data: what is asked of the solvers, and where there are ``terms``, a certificate too.

The statements are in the variables of the scalar recursions: a = (1 - p)^2, b = eta^2 L, x = |w|^2 and u = (x/x*)^2
or so, said in each; al is the momentum, be is beta1, q = 1 - p. ``proofs.certificates`` says how they are written.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("lemmas.json")


@cache
def every() -> list[dict[str, Any]]:
    """All lemmas."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def lemmas(claim_id: str) -> list[dict[str, Any]]:
    """The lemmas that support a claim."""
    return [lemma for lemma in every() if lemma["claim"] == claim_id]
