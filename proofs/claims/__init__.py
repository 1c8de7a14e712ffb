"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adam, adam_beta2, geometry, lion, sgd, sgdm, sign, trust

CLAIMS: dict[str, Claim] = {
    claim.id: claim for module in (geometry, sgd, sgdm, adam, adam_beta2, lion, sign, trust) for claim in module.CLAIMS
}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
