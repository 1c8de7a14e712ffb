"""The status of a claim, computed from evidence; nobody types one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from proofs import evidence as ledger
from proofs.claim import Claim, Kind
from proofs.claims import CLAIMS
from proofs.dependencies import depends_on
from proofs.evidence import Evidence
from proofs.layers import identity, kernel
from proofs.verdict import Outcome

SIMULATIONS = ("simulation-cpu", "simulation-gpu")
PROVING = (identity.LAYER, kernel.LAYER)


class Status(StrEnum):
    """From worst to best."""

    REFUTED = "refuted"
    STALE = "stale"
    UNDECIDED = "undecided"
    SUPPORTED = "supported"
    PROVED = "proved"
    FULLY_PROVED = "fully proved"


STATUS_MEANING = {
    Status.REFUTED: "some layer found a witness against it",
    Status.STALE: "all evidence is older than the claim or its sources",
    Status.UNDECIDED: "no layer has decided it",
    Status.SUPPORTED: "simulation agrees; no layer has proved it",
    Status.PROVED: (
        "its obligations are decided, by symbolic normal form or by Coq, within its setting; "
        "something it was derived from is not"
    ),
    Status.FULLY_PROVED: (
        "its obligations and those of everything that it was derived from are decided, by symbolic normal form "
        "or by Coq, within its setting"
    ),
}


def alone(claim: Claim, evidence: Iterable[Evidence]) -> Status:
    """The status on its own evidence, without its ancestors."""
    everything = list(evidence)
    fresh = [e for e in everything if not e.is_stale]
    outcomes = {e.layer: e.outcome for e in fresh}
    if Outcome.REFUTED in outcomes.values():
        return Status.REFUTED
    if everything and not fresh:
        return Status.STALE
    if claim.kind not in (Kind.EMPIRICAL, Kind.CONJECTURE) and any(
        outcomes.get(layer) is Outcome.HOLDS for layer in PROVING
    ):
        return Status.PROVED
    if any(outcomes.get(layer) is Outcome.HOLDS for layer in SIMULATIONS):
        return Status.SUPPORTED
    return Status.UNDECIDED


def status(claim: Claim, evidence_of: Callable[[Claim], Iterable[Evidence]] = ledger.of) -> Status:
    """The status, *fully proved* when every claim that it was derived from is proved too."""
    own = alone(claim, evidence_of(claim))
    if own is not Status.PROVED:
        return own
    ancestors = [status(CLAIMS[other], evidence_of) for other in depends_on(claim)]
    return Status.FULLY_PROVED if all(s is Status.FULLY_PROVED for s in ancestors) else own
