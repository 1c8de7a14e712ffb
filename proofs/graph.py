"""The dependencies of the claims as SVG: what was derived from what, in the colours of the computed statuses.

Dependencies are those that the derivations recorded. Columns are longest paths from the update rule; each connected
part is a band of its own, its columns ordered so that a claim stands near what it was derived from.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from html import escape

from proofs.claim import Claim
from proofs.claims import CLAIMS
from proofs.dependencies import depends_on
from proofs.status import STATUS_MEANING, Status, status

COLOURS = {
    Status.REFUTED: "#b3261e",
    Status.STALE: "#7a5c00",
    Status.UNDECIDED: "#b34700",
    Status.SUPPORTED: "#0072b2",
    Status.DECIDED: "#6a4bc0",
    Status.PROVED: "#2f7d4f",
    Status.FULLY_PROVED: "#14532d",
}
"""Of the boxes, whose words are white."""
MARKS = {
    Status.REFUTED: "✗",
    Status.STALE: "○",
    Status.UNDECIDED: "?",
    Status.SUPPORTED: "≈",
    Status.DECIDED: "◇",
    Status.PROVED: "✓",
    Status.FULLY_PROVED: "✓✓",
}
"""In the boxes too: nobody needs the colours to tell the statuses apart."""
WIDTH, HEIGHT, GAP, COLUMN, MARGIN = 190, 22, 8, 260, 16
LEGEND = 22
"""Width of a colour in the legend."""


def family(claim_id: str) -> list[str]:
    """A claim with everything that it was derived from and everything that was derived from it."""
    above = {one: set(depends_on(CLAIMS[one])) for one in CLAIMS}
    below = {one: {other for other in CLAIMS if one in above[other]} for one in CLAIMS}
    found = _reached(claim_id, above) | _reached(claim_id, below)
    return [one for one in CLAIMS if one in found]


def _reached(start: str, steps: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = steps[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def connected() -> list[str]:
    """Claims that were derived from another or that another was derived from."""
    ends = {claim for c in CLAIMS.values() for other in depends_on(c) for claim in (c.id, other)}
    return [c for c in CLAIMS if c in ends]


def svg(
    ids: Iterable[str],
    link: Callable[[str], str | None] = lambda claim_id: None,
    status_of: Callable[[Claim], Status] = status,
) -> str:
    """The graph of the claims named; ``link`` gives the address of a claim."""
    chosen = list(ids)
    edges = [(other, one) for one in chosen for other in depends_on(CLAIMS[one]) if other in chosen]
    places = _places(chosen, edges)
    statuses = {one: status_of(CLAIMS[one]) for one in chosen}
    legend = [s for s in Status if s in statuses.values()]
    top = MARGIN + len(legend) * (HEIGHT + 2) + MARGIN
    width = max((x for x, _ in places.values()), default=0) + WIDTH + 2 * MARGIN
    height = top + max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" role="group" aria-label="dependencies of the claims">'
    ]
    for row, known in enumerate(legend):
        y = MARGIN + row * (HEIGHT + 2)
        parts.append(f'<rect x="{MARGIN}" y="{y}" width="{LEGEND}" height="14" rx="3" fill="{COLOURS[known]}"/>')
        parts.append(_mark(known, MARGIN + LEGEND / 2, y + 11))
        words = f"{known}: {escape(STATUS_MEANING[known])}"
        parts.append(f'<text x="{MARGIN + LEGEND + 6}" y="{y + 11}" fill="currentColor">{words}</text>')
    for start, end in edges:
        left, right = places[start][0] + MARGIN + WIDTH, places[end][0] + MARGIN
        above, below = (places[one][1] + top + HEIGHT // 2 for one in (start, end))
        middle = (left + right) // 2
        curve = f"M{left},{above} C{middle},{above} {middle},{below} {right},{below}"
        parts.append(f'<path d="{curve}" fill="none" stroke="#808080"/>')
    for one in chosen:
        x, y = places[one][0] + MARGIN, places[one][1] + top
        colour = COLOURS[statuses[one]]
        box = (
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{colour}">'
            f"<title>{escape(CLAIMS[one].heading)}: {statuses[one]}</title></rect>"
            f'<text x="{x + WIDTH / 2:g}" y="{y + 15}" text-anchor="middle" fill="white">{escape(one)}</text>'
            f"{_mark(statuses[one], x + 12, y + 15)}"
        )
        address = link(one)
        parts.append(f'<a href="{escape(address, quote=True)}">{box}</a>' if address else box)
    return "\n".join([*parts, "</svg>"])


def table(ids: Iterable[str], status_of: Callable[[Claim], Status] = status) -> str:
    """The graph's data as CSV: a row a claim named, with its status and what it was derived from."""
    chosen = list(ids)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("claim", "status", "derived from"))
    for one in chosen:
        above = [other for other in depends_on(CLAIMS[one]) if other in chosen]
        writer.writerow((one, status_of(CLAIMS[one]), " ".join(above)))
    return text.getvalue()


def _mark(known: Status, x: float, y: float) -> str:
    return f'<text x="{x:g}" y="{y}" text-anchor="middle" fill="white" aria-hidden="true">{MARKS[known]}</text>'


def _places(ids: list[str], edges: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Upper left corner of each box."""
    before: dict[str, list[str]] = {one: [] for one in ids}
    for start, end in edges:
        before[end].append(start)
    depths: dict[str, int] = {}

    def depth(one: str) -> int:
        if one not in depths:
            depths[one] = 1 + max((depth(other) for other in before[one]), default=-1)
        return depths[one]

    places: dict[str, tuple[int, int]] = {}
    top = 0
    for band in _bands(ids, edges):
        columns: dict[int, list[str]] = {}
        for one in sorted(band, key=depth):
            columns.setdefault(depth(one), []).append(one)
        rows: dict[str, float] = {}
        for column in sorted(columns):
            ordered = sorted(columns[column], key=lambda one: _mean([rows[other] for other in before[one]], rows))
            for row, one in enumerate(ordered):
                rows[one] = row
                places[one] = (column * COLUMN, top + row * (HEIGHT + GAP))
        top += max(map(len, columns.values())) * (HEIGHT + GAP) + GAP
    return places


def _mean(values: list[float], rows: Mapping[str, float]) -> float:
    return sum(values) / len(values) if values else float(len(rows))


def _bands(ids: list[str], edges: list[tuple[str, str]]) -> list[list[str]]:
    """The connected parts, in the order of their first claims."""
    part = {one: one for one in ids}

    def root(one: str) -> str:
        while part[one] != one:
            one = part[one]
        return one

    for start, end in edges:
        part[root(end)] = root(start)
    found: dict[str, list[str]] = {}
    for one in ids:
        found.setdefault(root(one), []).append(one)
    return list(found.values())
