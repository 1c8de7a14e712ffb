"""Evidence: what a checker said about a claim, when, with what, and about which content.

Written by runs, one JSON file a claim and layer, or experiment and mode of one; a file that is missing or damaged is no
evidence. What continuous integration does not repeat, experiments and what needs a GPU or long, is promoted: copied
with its provenance into the package, where it counts until a source changes that it was made from.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from proofs import experiments, sources
from proofs.claim import Claim
from proofs.claims import CLAIMS, MODULES
from proofs.kept import printed
from proofs.layers import TABLE
from proofs.release import package_version, versions
from proofs.verdict import Outcome, Verdict
from theory.compiled import cache_directory

PROMOTED = Path(__file__).with_name("promoted")
"""Where promoted evidence lies, committed with the sources."""
LONG = 300.0
"""Seconds above which a check is not repeated everywhere."""


@dataclass(frozen=True)
class Evidence:
    """One verdict with its provenance; ``content`` and ``sources`` are what it speaks of.

    ``experiment`` and ``mode`` (quick or full) name the run where ``smd run`` made it, and are empty elsewhere.
    """

    claim: str
    layer: str
    outcome: Outcome
    method: str
    date: str
    seconds: float
    content: str
    sources: str
    device: str
    versions: dict[str, str]
    detail: dict[str, object] = field(default_factory=dict)
    experiment: str = ""
    mode: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether a source that it was made from has changed since; what a claim says is among them."""
        return self.sources != sources_of(self.claim, self.layer, self.experiment)

    @property
    def is_repeatable(self) -> bool:
        """Whether ``smd verify`` makes it anew on every machine in reasonable time."""
        layer = TABLE[self.layer]
        return layer.run_by == "smd verify" and layer.device == "cpu" and self.seconds < LONG

    @property
    def file_name(self) -> str:
        """The name of its file, in whichever folder."""
        return ".".join(filter(None, (self.claim, self.layer, self.experiment, self.mode, "json")))

    @property
    def label(self) -> str:
        """The layer, with experiment and mode where it has them."""
        return label(self.layer, self.experiment, self.mode)


def directory() -> Path:
    """Where evidence lies: $SMD_EVIDENCE_DIR, else beside the derivation cache."""
    chosen = os.environ.get("SMD_EVIDENCE_DIR")
    return Path(chosen) if chosen else cache_directory() / "evidence"


def label(layer: str, experiment: str = "", mode: str = "") -> str:
    """A layer, and what was run of it."""
    return f"{layer}: {experiment}, {mode}" if experiment else layer


@cache
def sources_of(claim_id: str, layer: str, experiment: str = "") -> str:
    """Hash of the sources that a verdict on a claim depends on: the claim's, and the layer's or the experiment's.

    Empty where there is no such claim, layer or experiment.
    """
    stated_in = next((module.__name__ for module in MODULES if any(c.id == claim_id for c in module.CLAIMS)), None)
    if stated_in is None or layer not in TABLE or (experiment and experiment not in experiments.names()):
        return ""
    checks = experiments.modules_of(experiment) if experiment else (f"proofs.layers.{TABLE[layer].module}",)
    return sources.hash_of(stated_in, *checks)


def record(claim: Claim, verdict: Verdict, device: str = "cpu", experiment: str = "", mode: str = "") -> Evidence:
    """Write a verdict as evidence and return it."""
    evidence = Evidence(
        claim=claim.id,
        layer=verdict.layer,
        outcome=verdict.outcome,
        method=verdict.method,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(verdict.seconds, 3),
        content=printed(claim).content_hash,
        sources=sources_of(claim.id, verdict.layer, experiment),
        device=device,
        versions={"spherical-motion": package_version(), "python": platform.python_version()}
        | versions("sympy", "numpy", "torch"),
        detail=verdict.detail,
        experiment=experiment,
        mode=mode,
    )
    _write(evidence, directory())
    return evidence


def promote(claims: Iterable[Claim]) -> list[Path]:
    """Copy the fresh evidence of runs that are not repeated everywhere into the package; the files written."""
    found = [e for claim in claims for e in _in(directory(), claim) if not e.is_stale and not e.is_repeatable]
    return [_write(e, PROMOTED) for e in found]


def of(claim: Claim) -> list[Evidence]:
    """All evidence on a claim, one a label: promoted or made here, fresh before stale, then the later.

    Damaged files, and files that speak of another claim, are left out.
    """
    best: dict[str, Evidence] = {}
    for e in (*_in(PROMOTED, claim), *_in(directory(), claim)):
        before = best.get(e.label)
        if before is None or (not e.is_stale, e.date) >= (not before.is_stale, before.date):
            best[e.label] = e
    return [best[name] for name in sorted(best)]


def said(found: Iterable[Evidence]) -> dict[str, Outcome]:
    """What each layer says; the worst of its runs where there are several."""
    order = (Outcome.HOLDS, Outcome.UNDECIDED, Outcome.REFUTED)
    outcomes: dict[str, Outcome] = {}
    for e in found:
        outcomes[e.layer] = max(outcomes.get(e.layer, Outcome.HOLDS), e.outcome, key=order.index)
    return outcomes


def awaited(claim: Claim) -> list[str]:
    """Labels of the runs of experiments on a claim that have not been made."""
    made = {e.label for e in of(claim)}
    every = (
        label(experiments.LAYER[device], experiment.name, str(mode))
        for experiment in experiments.of_claim(claim.id)
        for mode, device in experiment.awaited
    )
    return [name for name in every if name not in made]


def outdated(claims: Iterable[Claim]) -> list[str]:
    """One line for each promoted verdict that is older than a source and has no fresh one in its place."""
    return [
        f"{e.claim} {e.label}: a source changed after the evidence of {e.date} on {e.device}; run it there again and "
        "smd promote"
        for claim in claims
        for e in _in(PROMOTED, claim)
        if e.is_stale and not any(other.label == e.label and not other.is_stale for other in of(claim))
    ]


def damaged() -> list[str]:
    """One line for each promoted file that is no evidence on a claim."""
    lines = []
    for file in sorted(PROMOTED.glob("*.json")):
        found = _read(file)
        if found is None or found.claim not in CLAIMS or found.file_name != file.name:
            lines.append(f"{PROMOTED.name}/{file.name}: this file is no evidence on a claim and is left out")
    return lines


def _write(evidence: Evidence, folder: Path) -> Path:
    target = folder / evidence.file_name
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    unfinished.write_text(json.dumps(asdict(evidence), indent=1, default=str) + "\n", encoding="utf-8")
    unfinished.replace(target)
    return target


def _in(folder: Path, claim: Claim) -> Iterator[Evidence]:
    """The sound evidence on a claim that a folder holds."""
    for file in sorted(folder.glob(f"{claim.id}.*.json")):
        found = _read(file)
        if found is not None and found.claim == claim.id:
            yield found


def _read(file: Path) -> Evidence | None:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        found = Evidence(**{**fields, "outcome": Outcome(fields["outcome"])})
        words = (found.claim, found.layer, found.date, found.sources, found.device)
        return found if all(isinstance(w, str) for w in words) and isinstance(found.detail, dict) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
