"""The status of a claim, computed from evidence; nobody types one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from proofs import evidence as ledger
from proofs.claim import Claim, Kind
from proofs.claims import CLAIMS
from proofs.dependencies import ancestors
from proofs.evidence import Evidence
from proofs.layers import Worth, of_worth
from proofs.verdict import Outcome

SIMULATIONS = of_worth(Worth.MEASURES)
PROVING = of_worth(Worth.PROVES)
DECIDING = of_worth(Worth.DECIDES)


class Status(StrEnum):
    """From worst to best."""

    REFUTED = "refuted"
    STALE = "stale"
    UNDECIDED = "undecided"
    SUPPORTED = "supported"
    DECIDED = "decided"
    PROVED = "proved"
    FULLY_PROVED = "fully proved"


STATUS_MEANING = {
    Status.REFUTED: "some layer found a witness against it, or against something that it was derived from",
    Status.STALE: "all evidence for it, or for something it was derived from, is older than the claim or its sources",
    Status.UNDECIDED: "no layer has decided it",
    Status.SUPPORTED: "simulations or trained networks agree; no layer has proved it",
    Status.DECIDED: (
        "two SMT solvers agree that its obligations hold within its setting; their reasons are not rechecked"
    ),
    Status.PROVED: (
        "its obligations are proved within its setting, by symbolic normal forms, by exact certificates that are "
        "rechecked, or by Coq; something it was derived from is not"
    ),
    Status.FULLY_PROVED: (
        "its obligations and those of everything that it was derived from are proved within its setting, by symbolic "
        "normal forms, by exact certificates that are rechecked, or by Coq"
    ),
}


def alone(claim: Claim, evidence: Iterable[Evidence]) -> Status:
    """The status on its own evidence, without its ancestors."""
    everything = list(evidence)
    fresh = [e for e in everything if not e.is_stale]
    outcomes = ledger.said(fresh)
    if Outcome.REFUTED in outcomes.values():
        return Status.REFUTED
    if everything and not fresh:
        return Status.STALE
    holding = {layer for layer, outcome in outcomes.items() if outcome is Outcome.HOLDS}
    if claim.kind not in (Kind.EMPIRICAL, Kind.CONJECTURE):
        if holding & set(PROVING):
            return Status.PROVED
        if holding & set(DECIDING):
            return Status.DECIDED
    if holding & set(SIMULATIONS):
        return Status.SUPPORTED
    return Status.UNDECIDED


def status(claim: Claim, evidence_of: Callable[[Claim], Iterable[Evidence]] = ledger.of) -> Status:
    """The status with that of everything that the claim was derived from.

    A refuted or stale ancestor makes the claim so; it is *fully proved* when all of them are.
    """
    own = alone(claim, evidence_of(claim))
    above = [alone(CLAIMS[other], evidence_of(CLAIMS[other])) for other in sorted(ancestors(claim))]
    for bad in (Status.REFUTED, Status.STALE):
        if bad in (own, *above):
            return bad
    if own is Status.PROVED and all(s is Status.PROVED for s in above):
        return Status.FULLY_PROVED
    return own
