"""What a claim was derived from, as the derivation itself recorded it."""

from __future__ import annotations

from functools import cache

import theory
from proofs.claim import Claim
from proofs.claims import CLAIMS
from theory.derivation import uses


def depends_on(claim: Claim) -> tuple[str, ...]:
    """Ids of the claims whose subjects the derivation of this claim's subject read, nearest first met."""
    if claim.optimizer is None or claim.subject is None:
        return ()
    return _ancestors(claim.optimizer, claim.subject)


@cache
def _ancestors(optimizer: str, subject: str) -> tuple[str, ...]:
    equilibrium = theory.equilibrium_of(optimizer)
    claimed = {c.subject: c.id for c in CLAIMS.values() if c.optimizer == optimizer and c.subject}
    found: set[str] = set()
    waiting = list(uses(equilibrium, subject))
    while waiting:
        name = waiting.pop()
        if name in claimed and name != subject:
            found.add(claimed[name])
        else:
            waiting += uses(equilibrium, name)
    return tuple(sorted(found))
