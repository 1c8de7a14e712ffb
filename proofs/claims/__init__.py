"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adamw, fluctuations, geometry, lion, sgd, sgdm, stability

MODULES = (geometry, sgd, sgdm, adamw, lion, fluctuations, stability)
CLAIMS: dict[str, Claim] = {claim.id: claim for module in MODULES for claim in module.CLAIMS}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
