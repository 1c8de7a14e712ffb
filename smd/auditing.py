"""Published statements beside what is derived, each with its computed verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from proofs.literature import ROWS, UNAUDITED, Comparison, Published, Unaudited, at_standard_recipes, compare

NOT_AUDITED = "not audited"


class UnknownRow(ValueError):
    """No published statement has this id; the message names it."""


def rows_named(row_id: str | None) -> tuple[list[Published], list[Unaudited]]:
    """The statements to audit: all, or those listed under one id."""
    if row_id is None:
        return list(ROWS), list(UNAUDITED)
    audited = [row for row in ROWS if row_id in (row.id, row.listed)]
    others = [row for row in UNAUDITED if row_id in (row.id, row.listed)]
    if not audited and not others:
        raise UnknownRow(f"row = {row_id} is no published statement; smd audit lists them")
    return audited, others


def audit(rows: Sequence[Published], on_row: Callable[[int, str], None] = lambda done, name: None) -> list[Comparison]:
    """The verdicts; ``on_row`` is called after each with how many are done and its id."""
    found = []
    for done, row in enumerate(rows, 1):
        found.append(compare(row))
        on_row(done, row.id)
    return found


def as_json(found: Iterable[Comparison], others: Iterable[Unaudited]) -> dict[str, Any]:
    """The keys of ``smd audit --json``; ``standard_recipes`` holds derived over published at recipes in use."""
    compared, left = list(found), list(others)
    rows: list[dict[str, Any]] = [
        {
            "id": one.row.id,
            "source": one.row.source,
            "provenance": one.row.provenance,
            "of": one.row.of,
            "relation": str(one.row.relation),
            "published": one.row.latex,
            "verdict": one.verdict,
            "proved": one.proved,
            "derived_over_published": one.ratio,
            "recipe": dict(one.recipe),
            "standard_recipes": at_standard_recipes(one.row),
            "statements": list(one.row.statements) if one.row.against else None,
            "witness": None if one.witness is None else dict(one.witness),
            "derived_in": one.row.page,
            "why": one.row.why,
        }
        for one in compared
    ]
    rows += [
        {
            "id": row.id,
            "source": row.source,
            "provenance": row.provenance,
            "of": row.of,
            "verdict": NOT_AUDITED,
            "why": row.reason,
        }
        for row in left
    ]
    return {"rows": rows, "summary": summary(compared, left)}


def summary(found: Iterable[Comparison], others: Sequence[Unaudited]) -> dict[str, int]:
    """How many statements have each verdict."""
    return {**Counter(one.verdict for one in found), **({NOT_AUDITED: len(others)} if others else {})}
