"""Evidence: what a checker said about a claim, when, with what, and about which content.

Written by runs, one JSON file a claim and layer; a file that is missing or damaged is no evidence.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import theory
from proofs.claim import Claim
from proofs.release import package_version, versions
from proofs.verdict import Outcome, Verdict
from theory.compiled import cache_directory


@dataclass(frozen=True)
class Evidence:
    """One verdict with its provenance; ``content`` and ``sources`` are what it speaks of."""

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

    @property
    def is_stale(self) -> bool:
        """Whether a source has changed since; what a claim says is part of the sources."""
        return self.sources != source_hash()


def directory() -> Path:
    """Where evidence lies: $SMD_EVIDENCE_DIR, else beside the derivation cache."""
    chosen = os.environ.get("SMD_EVIDENCE_DIR")
    return Path(chosen) if chosen else cache_directory() / "evidence"


@cache
def source_hash() -> str:
    """Hash of the sources of theory, numerics and proofs."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for package in (Path(str(theory.__file__)).parent, here.parent / "numerics", here):
        for file in sorted(f for kind in ("*.py", "*.json", "*.v") for f in package.rglob(kind)):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def record(claim: Claim, verdict: Verdict, device: str = "cpu") -> Evidence:
    """Write a verdict as evidence and return it."""
    evidence = Evidence(
        claim=claim.id,
        layer=verdict.layer,
        outcome=verdict.outcome,
        method=verdict.method,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(verdict.seconds, 3),
        content=claim.content_hash,
        sources=source_hash(),
        device=device,
        versions={"spherical-motion": package_version(), "python": platform.python_version()}
        | versions("sympy", "numpy", "torch"),
        detail=verdict.detail,
    )
    target = directory() / f"{claim.id}.{verdict.layer}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    unfinished.write_text(json.dumps(asdict(evidence), indent=1, default=str), encoding="utf-8")
    unfinished.replace(target)
    return evidence


def of(claim: Claim) -> list[Evidence]:
    """All evidence on a claim; damaged files, and files that speak of another claim, are left out."""
    return [e for e in _readable(sorted(directory().glob(f"{claim.id}.*.json"))) if e.claim == claim.id]


def _readable(files: Iterable[Path]) -> Iterable[Evidence]:
    for file in files:
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            yield Evidence(**{**fields, "outcome": Outcome(fields["outcome"])})
        except (OSError, ValueError, TypeError, KeyError):
            continue
