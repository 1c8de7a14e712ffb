"""Everything that is known of one claim, as plain data: what its page in the book shows and its JSON file holds."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

from proofs.citation import FORMATS, cite, notation
from proofs.claim import SETTING_MEANING, Claim, Kind
from proofs.claims import CLAIMS
from proofs.dependencies import depends_on
from proofs.evidence import Evidence, awaited, of
from proofs.experiments import of_claim
from proofs.experiments.report import command
from proofs.formal import correspondence
from proofs.formal.coq_terms import Outside
from proofs.formal.statements import lemmas
from proofs.kept import printed
from proofs.latex_package import citable
from proofs.layers import TABLE, Worth, kernel, of_worth
from proofs.release import package_version
from proofs.status import STATUS_MEANING, status

MEASURING = of_worth(Worth.MEASURES)
PAGE = "claim/{}.html"
"""Where a claim stands in the book for ever; ``.json`` beside it holds its dossier."""


def dossier(claim: Claim) -> dict[str, Any]:
    """The claim's statement, setting, computed status, evidence, citations and Coq statements.

    Values are strings, numbers, lists and mappings of such. What depends on the claim is not among them: that takes
    all claims, see ``dependents``.
    """
    found = status(claim)
    return {
        "id": claim.id,
        "heading": claim.heading,
        "statement": claim.statement,
        "formulas": [latex for latex, _ in printed(claim).formulas],
        "kind": str(claim.kind),
        "setting": str(claim.setting),
        "setting_meaning": SETTING_MEANING[claim.setting],
        "notation": notation(claim),
        "convention": claim.convention,
        "hypotheses": list(claim.hypotheses),
        "sources": list(claim.sources),
        "status": str(found),
        "status_meaning": STATUS_MEANING[found],
        "depends_on": list(depends_on(claim)),
        "evidence": [*map(_told, of(claim)), *({"label": name, "outcome": NOT_RUN} for name in not_run(claim))],
        "coq": coq(claim),
        "latex": asdict(citable(claim)),
        "citations": {style: cite(claim, style) for style in FORMATS},
        "content_hash": printed(claim).content_hash,
        "version": package_version(),
        "recheck": recheck(claim),
    }


def recheck(claim: Claim) -> str:
    """The command that looks at a claim again: for an empirical one a line for each experiment on it."""
    if claim.kind is not Kind.EMPIRICAL:
        return f"{VERIFIED} --claim {claim.id}"
    return "\n".join(command(one.name, str(next(iter(one.seeds))), "cpu") for one in of_claim(claim.id))


VERIFIED = "smd verify"
NOT_RUN = "not yet run"
"""The outcome of a layer that applies and of which there is no evidence."""


def not_run(claim: Claim) -> list[str]:
    """The layers that apply to a claim and the runs of experiments on it, of which there is no evidence."""
    known = {e.layer for e in of(claim)}
    layers = [name for name in TABLE if name not in known and _applies(name, claim)]
    return [*layers, *awaited(claim)]


def _applies(name: str, claim: Claim) -> bool:
    """Whether ``smd verify`` would look at the claim by the layer, here or where its device or program is."""
    layer = TABLE[name]
    if claim.kind is Kind.EMPIRICAL:  # it owes no identity
        return False
    if layer.run_by != VERIFIED or (layer.device == "cpu" and not layer.program and layer.lacks):
        return False
    return bool(getattr(layer.checker, "applies", lambda _: True)(claim))


def _told(evidence: Evidence) -> dict[str, Any]:
    return {
        "label": evidence.label,
        "layer": evidence.layer,
        "outcome": str(evidence.outcome),
        "stale": evidence.is_stale,
        "method": evidence.method,
        "date": evidence.date,
        "seconds": evidence.seconds,
        "device": evidence.device,
        "versions": evidence.versions,
        "detail": evidence.detail,
    }


def comparisons(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The confrontations that a dossier's simulations recorded, each with its ``statistics``."""
    return [
        {"layer": evidence["layer"], **one}
        for evidence in found["evidence"]
        if evidence.get("layer") in MEASURING
        for one in evidence["detail"].get("comparisons", ())
    ]


def coq(claim: Claim) -> dict[str, Any]:
    """What Coq has of a claim.

    ``theorems``: lemmas that prove its formula from theorems; ``obligations``: its obligations, translated; or
    ``outside``: why these cannot be translated.
    """
    if claim.kind is Kind.EMPIRICAL:
        return {"theorems": [], "obligations": [], "outside": "the claim is empirical and owes none"}
    theorems = [correspondence.statement(name) for name in correspondence.claims().get(claim.id, ())]
    reason = kernel.outside().get(claim.id)
    if reason is not None:
        return {"theorems": theorems, "obligations": [], "outside": reason}
    try:
        owed = [f"(* {one.says} *)\nLemma {one.name} : {one.statement}." for one in lemmas(claim)]
    except Outside as why:
        return {"theorems": theorems, "obligations": [], "outside": str(why)}
    return {"theorems": theorems, "obligations": owed}


@cache
def dependents() -> dict[str, tuple[str, ...]]:
    """By claim, the ids of the claims that were derived from it directly."""
    found: dict[str, list[str]] = {one: [] for one in CLAIMS}
    for claim in CLAIMS.values():
        for other in depends_on(claim):
            found[other].append(claim.id)
    return {one: tuple(others) for one, others in found.items()}
