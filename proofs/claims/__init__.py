"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adamw, geometry, lion, recipes, sgd, sgdm

CLAIMS: dict[str, Claim] = {
    claim.id: claim for module in (geometry, sgd, sgdm, adamw, lion, recipes) for claim in module.CLAIMS
}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
