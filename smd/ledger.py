"""Claims with their computed status and evidence, as the command line prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import proofs
from proofs import Claim, evidence
from proofs.dependencies import depends_on
from proofs.evidence import Evidence


def row(claim: Claim, evidence_of: Callable[[Claim], list[Evidence]] = evidence.of) -> dict[str, Any]:
    """One claim: id, title, kind, setting, status, evidence (layer or run to verdict), what it was derived from."""
    return {
        "id": claim.id,
        "title": claim.heading,
        "kind": str(claim.kind),
        "setting": str(claim.setting),
        "status": str(proofs.status(claim, evidence_of)),
        "evidence": {e.label: str(e.outcome) for e in evidence_of(claim) if not e.is_stale}
        | dict.fromkeys(evidence.awaited(claim), "not yet run"),
        "depends_on": list(depends_on(claim)),
    }


def rows(claims: Iterable[Claim], on_row: Callable[[int, str], None] = lambda done, name: None) -> list[dict[str, Any]]:
    """The claims in turn; ``on_row`` is called after each with how many are done and its id."""
    found = []
    known = cache(evidence.of)
    for claim in claims:
        found.append(row(claim, known))
        on_row(len(found), claim.id)
    return found


def as_json(found: list[dict[str, Any]]) -> dict[str, Any]:
    """``claims`` as rows and ``summary`` as counts of statuses."""
    return {"claims": found, "summary": dict(Counter(one["status"] for one in found))}
