"""What a claim was derived from, as the derivations themselves recorded it.

Kept on disk beside the derivations, for the sources that they were recorded from: to know what a claim reads, it has to
be derived.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from proofs.claim import Claim
from proofs.claims import CLAIMS
from proofs.evidence import sources_of
from theory.compiled import cache_directory
from theory.derivation import uses

LAYER = "identity"
"""The layer whose sources are those of the claim's derivation."""


@cache
def depends_on(claim: Claim) -> tuple[str, ...]:
    """Ids of the claims about what this derivation read, directly or through quantities that no claim states."""
    if CLAIMS.get(claim.id) is not claim:
        return recorded(claim)
    file = cache_directory() / "dependencies" / f"{claim.id}-{sources_of(claim.id, LAYER)}.json"
    found = _kept(file)
    if found is None:
        found = recorded(claim)
        _keep(file, found)
    return found


def ancestors(claim: Claim) -> set[str]:
    """Ids of everything that the claim was derived from."""
    found: set[str] = set()
    waiting = [claim]
    while waiting:
        new = set(depends_on(waiting.pop())) - found
        found |= new
        waiting += [CLAIMS[one] for one in new]
    return found


def recorded(claim: Claim) -> tuple[str, ...]:
    """The same, derived here and now."""
    about = {label: other.id for other in CLAIMS.values() for label in other.stated}
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(claim.reads)
    while waiting:
        label = waiting.pop()
        if label in seen:
            continue
        seen.add(label)
        if about.get(label, claim.id) != claim.id:
            found.add(about[label])
        else:
            waiting += uses(label)
    return tuple(sorted(found))


def _kept(file: Path) -> tuple[str, ...] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return tuple(found) if isinstance(found, list) and all(one in CLAIMS for one in found) else None


def _keep(file: Path, found: tuple[str, ...]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps(found), encoding="utf-8")
        unfinished.replace(file)
    except OSError:  # what cannot be kept is derived again
        return
