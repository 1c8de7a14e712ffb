"""The network layer: experiments in training networks and their like, a quick and a full matrix of each.

Trainings take minutes and more, so that ``smd verify`` does not start them: ``smd run`` does, and records what an
experiment found as evidence on the claims that it names.
"""

from __future__ import annotations

from collections.abc import Iterable

from proofs.verdict import Outcome, Verdict


def verdict(
    layer: str, experiment: str, outcomes: Iterable[Outcome], failed: int, seconds: float, detail: dict[str, object]
) -> Verdict:
    """What the findings of an experiment say together: refuted by one, held by all; undecided where cells failed."""
    found = list(outcomes)
    if Outcome.REFUTED in found:
        outcome = Outcome.REFUTED
    else:
        whole = found and not failed and all(one is Outcome.HOLDS for one in found)
        outcome = Outcome.HOLDS if whole else Outcome.UNDECIDED
    held = sum(one is Outcome.HOLDS for one in found)
    method = f"{experiment}, {detail['mode']}, seeds {detail['seeds']}: {held} of {len(found)} findings hold"
    return Verdict(layer, outcome, method, seconds, detail)
