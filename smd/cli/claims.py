"""``smd claims``: every claim with its kind, setting and computed status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar


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
    from proofs import evidence
    from proofs.graph import connected, family, svg
    from smd import ledger
    from smd.cli.cite import claim_named
    from smd.plotting import check_folder

    if graph is not None and graph.suffix != ".svg":
        raise typer.BadParameter(f"graph = {graph}: the name must end in .svg")
    if graph is not None:
        check_folder("graph", graph)
    chosen = list(proofs.CLAIMS) if claim_id is None else family(claim_named(claim_id).id)
    with Bar("reading evidence", "claims") as bar:
        rows = ledger.rows(
            (proofs.CLAIMS[name] for name in chosen), lambda done, name: bar.show(done, len(chosen), name)
        )
    for line in evidence.damaged():
        print(line, file=sys.stderr)
    if graph is not None:
        graph.write_text(svg(chosen if claim_id is not None else connected()), encoding="utf-8")
    if as_json:
        print(json.dumps(ledger.as_json(rows), indent=2))
        return
    table = Table()
    for column in ("claim", "kind", "setting", "status", "evidence"):
        table.add_column(column, no_wrap=column == "claim", overflow="fold")
    for row in rows:
        held = ", ".join(k if v == "holds" else f"{k}: {v}" for k, v in row["evidence"].items())
        table.add_row(row["id"], row["kind"], row["setting"], row["status"], held or "none yet")
    Console().print(table)
