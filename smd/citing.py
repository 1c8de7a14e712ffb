"""Claims, their status and their citations."""

from proofs.citation import cite
from proofs.claims import CLAIMS
from proofs.status import status

__all__ = ["CLAIMS", "cite", "status"]
