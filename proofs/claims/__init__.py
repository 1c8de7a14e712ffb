"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adamw, correlation, geometry, lion, noise, sgd, sgdm

CLAIMS: dict[str, Claim] = {
    claim.id: claim for module in (geometry, sgd, sgdm, adamw, lion, correlation, noise) for claim in module.CLAIMS
}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
