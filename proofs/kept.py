"""What the derivation of a claim gave, as plain data: kept on disk for the sources that it was derived from.

To know what a claim reads, how its formulas are printed, or what Coq is told of it, it has to be derived; what one
process derived no other has to derive again. Only the ledger's own claims are kept; others are derived each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from proofs import sources
from proofs.claim import Claim
from proofs.release import versions
from proofs.store import stored

_LEDGER: dict[str, tuple[Claim, str]] = {}


def keep(claim: Claim, stated_in: str) -> None:
    """Let what is derived of a claim be kept; the module that states it is named."""
    _LEDGER[claim.id] = claim, stated_in


@dataclass(frozen=True)
class Printed:
    """A claim as it is printed: its formulas as (LaTeX, relation), and the hash of its content."""

    formulas: tuple[tuple[str, str], ...]
    content_hash: str


@cache
def printed(claim: Claim) -> Printed:
    """What is printed of a claim, without a derivation where one was made before."""
    found = kept(claim, "printed", "proofs.claim", lambda: _printed(claim))
    return Printed(tuple((latex, relation) for latex, relation in found["formulas"]), found["content_hash"])


def _printed(claim: Claim) -> dict[str, Any]:
    formulas = [(formula.latex, formula.relation) for formula in claim.displays]
    return {"formulas": formulas, "content_hash": claim.content_hash}


def kept(claim: Claim, part: str, module: str, derive: Callable[[], Any], besides: str = "") -> Any:
    """``derive()``, which is plain data, from the disk where it was made from the same before.

    It is made from the sources of the claim and of a module, with this SymPy, and from what is named ``besides``.
    """
    known, stated_in = _LEDGER.get(claim.id, (None, ""))
    if known is not claim:
        return derive()
    made_from = [sources.hash_of(stated_in, module), *versions("sympy").values(), besides]
    key = hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:16]
    return stored(f"claims/{claim.id}.{part}-{key}", derive)
