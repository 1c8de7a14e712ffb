"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import adamw, adamw_lag, geometry, lion, schedules, sgd, sgdm, trajectories

CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for module in (geometry, sgd, sgdm, adamw, lion, trajectories, schedules, adamw_lag)
    for claim in module.CLAIMS
}
"""Every claim of the book, in its order."""

__all__ = ["CLAIMS"]
