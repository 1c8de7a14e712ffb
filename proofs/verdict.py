"""What a checker says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """Holds, refuted with a witness, or undecided."""

    HOLDS = "holds"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """One layer's verdict on one claim: outcome, method, seconds, and details such as a witness."""

    layer: str
    outcome: Outcome
    method: str
    seconds: float
    detail: dict[str, object] = field(default_factory=dict)
