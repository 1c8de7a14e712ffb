"""``smd audit``: what was published, beside what is derived."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar


def command(
    row: Annotated[str | None, typer.Option("--row", metavar="ID", help="only this published statement")] = None,
    as_json: options.Json = False,
) -> None:
    """Published statements with their computed verdict.

    Exact, leading order, bound, differs or refuted; internally inconsistent where a source contradicts itself.
    """
    from proofs.literature.comparison import INCONSISTENT
    from smd import auditing

    rows, others = auditing.rows_named(row)
    with Bar("comparing", "statements") as bar:
        found = auditing.audit(rows, lambda done, name: bar.show(done, len(rows), name))
    if as_json:
        print(json.dumps(auditing.as_json(found, others), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ("row", "seen as", "of", "verdict", "derived / published"):
        table.add_column(column, no_wrap=column == "row", overflow="fold")
    for one in found:
        table.add_row(one.row.id, one.row.provenance, one.row.of, one.verdict, f"{one.ratio:.6g}")
    for left in others:
        table.add_row(left.id, left.provenance, left.of, auditing.NOT_AUDITED, "")
    Console().print(table)
    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        if one.witness is not None:
            console.print(f"{one.row.id} fails at {', '.join(f'{k} = {v:g}' for k, v in one.witness.items())}.")
        if one.verdict == INCONSISTENT:
            first, second = one.row.statements
            console.print(f"{one.row.id}: the source has {first} and, in {one.row.against}, {second}.", markup=False)
        if row is not None and one.row.why:
            console.print(f"{one.row.id}: {one.row.why}.", markup=False)
    counts = auditing.summary(found, others)
    console.print(", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    console.print("The last column is at the row's recipe. A row recalled or second-hand is judged as it stands here.")
