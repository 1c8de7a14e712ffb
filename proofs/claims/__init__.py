"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adamw, equivalences, geometry, lion, sgd, sgdm, three_regimes

CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for module in (geometry, sgd, sgdm, adamw, lion, equivalences, three_regimes)
    for claim in module.CLAIMS
}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
