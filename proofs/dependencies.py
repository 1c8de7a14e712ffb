"""What a claim was derived from, as the derivations themselves recorded it."""

from __future__ import annotations

import json
from functools import cache

from proofs.claim import Claim
from proofs.claims import CLAIMS
from proofs.kept import kept
from theory.derivation import uses


@cache
def depends_on(claim: Claim) -> tuple[str, ...]:
    """Ids of the claims about what this derivation read, directly or through quantities that no claim states."""
    about = json.dumps(sorted(_about().items()))
    return tuple(kept(claim, "dependencies", "proofs.claim", lambda: recorded(claim), about))


def ancestors(claim: Claim) -> set[str]:
    """Ids of everything that the claim was derived from."""
    found: set[str] = set()
    waiting = [claim]
    while waiting:
        new = set(depends_on(waiting.pop())) - found
        found |= new
        waiting += [CLAIMS[one] for one in new]
    return found


@cache
def _about() -> dict[str, str]:
    """By label of a derived quantity the claim about it."""
    return {label: other.id for other in CLAIMS.values() for label in other.stated}


def recorded(claim: Claim) -> tuple[str, ...]:
    """The same, derived here and now."""
    about = _about()
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
