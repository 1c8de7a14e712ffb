"""Every mutant of every rule with its verdict, and the record of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from numerics.provenance import versions
from numerics.seeding import base_seed
from proofs.comparison import FALSE_ALARM
from proofs.confrontation import lagging
from proofs.confrontation.judging import EQUAL, EQUIVALENT, KILLED, NO_NUMBER, SURVIVED, Unusable, Verdict, judge
from proofs.confrontation.mutants import Mutant, formulas, mutants
from proofs.confrontation.trials import CHOSEN, SEED
from proofs.sources import hash_of

OUTCOMES = (KILLED, EQUIVALENT, SURVIVED)
MODULES = (__name__,)
"""What a record was made from, with all that they import."""


def claims() -> list[str]:
    """The claims that have mutants."""
    return [*dict.fromkeys(one.claim for optimizer in CHOSEN for one in formulas(optimizer)), lagging.CLAIM]


def everything(claim: str | None = None) -> Iterator[tuple[Mutant, lagging.Moments | None]]:
    """Every mutant, of one claim or of all; those of the lagging map with the map."""
    for optimizer in CHOSEN:
        if claim is None or claim.startswith(f"{optimizer}-"):
            yield from ((one, None) for one in mutants(optimizer) if claim in (None, one.claim))
    if claim in (None, lagging.CLAIM):
        yield from lagging.mutants()


def verdict(mutant: Mutant, moments: lagging.Moments | None) -> Verdict:
    """What becomes of it; raises judging.Unusable."""
    return judge(mutant) if mutant.claim != lagging.CLAIM else _of_lag(mutant, moments)


def _of_lag(mutant: Mutant, moments: lagging.Moments | None) -> Verdict:
    true = lagging.truth()
    right = lagging.shown(true)
    if not right.agrees:
        raise Unusable(f"the truth is rejected: {right.report()}")
    at: dict[str, object] = {**right.hyperparameters, **right.conditions}
    found = lagging.iterated(moments)
    if found is None:
        return Verdict(mutant, KILLED, NO_NUMBER, at)
    change = np.abs((found.norm / true.norm) ** 2 - 1)
    if change.max() <= EQUAL:
        return Verdict(mutant, EQUIVALENT, why=f"equal to {EQUAL:g} at every step of the trajectory")
    confrontation = lagging.shown(found)
    if confrontation.is_rejected:
        return Verdict(mutant, KILLED, confrontation.design, at, confrontation.p_value, float(change.max()))
    if moments is not None and (still := _at_rest(mutant, moments)) is not None:
        return still
    norms = right.statistics[::2]
    seen = [right.least_seen(s) / s.predicted for s in norms]
    best = max(range(len(seen)), key=lambda k: change[lagging.AT[k]] / seen[k])
    return Verdict(mutant, SURVIVED, at=at, change=float(change[lagging.AT[best]]), seen=float(seen[best]))


def _at_rest(mutant: Mutant, moments: lagging.Moments) -> Verdict | None:
    """The verdict of one step from equilibrium on a map that the trajectory let pass, if it kills it."""
    true = lagging.at_rest(lagging.after())
    if true is None:
        raise Unusable("the truth has no number at rest")
    right = lagging.shown_at_rest(true)
    if not right.agrees:
        raise Unusable(f"the truth is rejected at rest: {right.report()}")
    at: dict[str, object] = {**right.hyperparameters, **right.conditions}
    squared = lagging.at_rest(moments)
    if squared is None:
        return Verdict(mutant, KILLED, NO_NUMBER, at)
    found = lagging.shown_at_rest(squared)
    if not found.is_rejected:
        return None
    return Verdict(mutant, KILLED, found.design, at, found.p_value, abs(squared / true - 1))


def row(found: Verdict) -> dict[str, Any]:
    """A verdict as JSON has it; formula and point are told of those that were not killed."""
    mutant = found.mutant
    told: dict[str, Any] = {"claim": mutant.claim, "quantity": mutant.quantity, "kind": mutant.kind}
    told |= {"place": mutant.place, "outcome": found.outcome}
    if mutant.entry is not None:
        told["entry"] = list(mutant.entry)
    if found.outcome == KILLED:
        return told | {"by": found.by, "at": found.at, "p": found.p_value}
    if found.outcome == EQUIVALENT:
        return told | {"formula": mutant.formula, "why": found.why}
    return told | {"formula": mutant.formula, "at": found.at, "change": found.change, "seen": found.seen}


def record(rows: Sequence[dict[str, Any]], interrupted: bool = False) -> dict[str, Any]:
    """All that a run found with what is needed to repeat it; points are numbered and stand beside the rows."""
    points: list[Any] = []
    numbered = []
    for one in rows:
        if one.get("at") is not None:
            if one["at"] not in points:
                points.append(one["at"])
            one = {**one, "at": points.index(one["at"])}
        numbered.append(one)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "source": hash_of(*MODULES),
        "versions": dict(versions()), "seed": SEED, "base_seed": base_seed(), "false_alarm": FALSE_ALARM,
        "interrupted": interrupted, "points": points, "mutants": numbered,
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Kind, generated, killed, equivalent, survived, and the share killed of those that are not equivalent."""
    counts = Counter((one["kind"], one["outcome"]) for one in rows)
    kinds = list(dict.fromkeys(one["kind"] for one in rows))
    found = []
    for name, among in (*((kind, [kind]) for kind in kinds), ("all", kinds)):
        killed, equal, alive = (sum(counts[kind, outcome] for kind in among) for outcome in OUTCOMES)
        share = f"{killed / (killed + alive):.4f}" if killed + alive else ""
        found.append((name, *map(str, (killed + equal + alive, killed, equal, alive)), share))
    return found


COLUMNS = ("kind", "generated", "killed", "equivalent", "survived", "killed of those not equivalent")
