"""``smd claims``: every claim with its kind, setting and computed status."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from proofs import Claim


def command(
    claim_id: Annotated[
        str | None, typer.Option("--claim", metavar="ID", help="only this claim and those it hangs together with")
    ] = None,
    graph: Annotated[Path | None, typer.Option(help="write what was derived from what as an SVG file")] = None,
    as_json: options.Json = False,
) -> None:
    """List the claims with their computed status; run ``smd verify`` for fresh evidence."""
    from rich.console import Console
    from rich.table import Table

    import proofs
    from proofs.graph import connected, family, svg
    from smd.cli.cite import claim_named

    if graph is not None and graph.suffix != ".svg":
        raise typer.BadParameter(f"graph = {graph}: the name must end in .svg")
    chosen = list(proofs.CLAIMS) if claim_id is None else family(claim_named(claim_id).id)
    rows = []
    with Bar("reading evidence", "claims") as bar:
        for name in chosen:
            rows.append(_row(proofs.CLAIMS[name]))
            bar.show(len(rows), len(chosen), name)
    if graph is not None:
        graph.write_text(svg(chosen if claim_id is not None else connected()), encoding="utf-8")
    if as_json:
        print(json.dumps({"claims": rows, "summary": dict(Counter(row["status"] for row in rows))}, indent=2))
        return
    table = Table()
    for column in ("claim", "kind", "setting", "status", "evidence"):
        table.add_column(column, no_wrap=column == "claim", overflow="fold")
    for row in rows:
        held = ", ".join(k if v == "holds" else f"{k}: {v}" for k, v in row["evidence"].items())
        table.add_row(row["id"], row["kind"], row["setting"], row["status"], held or "none yet")
    Console().print(table)


def _row(claim: Claim) -> dict[str, Any]:
    import proofs
    from proofs import evidence
    from proofs.dependencies import depends_on

    return {
        "id": claim.id,
        "title": claim.heading,
        "kind": str(claim.kind),
        "setting": str(claim.setting),
        "status": str(proofs.status(claim)),
        "evidence": {e.layer: str(e.outcome) for e in evidence.of(claim) if not e.is_stale},
        "depends_on": list(depends_on(claim)),
    }
