"""``smd mutants``: wrong versions of the formulas before the simulation, each to be killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from smd.cli.progress import Bar


def command(
    claim_id: Annotated[str | None, typer.Option("--claim", metavar="ID", help="only mutants of this claim")] = None,
    to: Annotated[Path | None, typer.Option("--json", help="write every verdict with its point and p-value")] = None,
) -> None:
    """Show mutants of the theory's formulas to the simulation; exit 1 if one survives.

    Each is made from a derived expression. One that equals the truth at all points drawn is equivalent. At finite
    beta2, where claims are of first order in 1 - beta2, what the simulation lets pass is put to quadrature.
    """
    from proofs.confrontation import report
    from smd.plotting import check_folder

    if to is not None:
        check_folder("json", to)
    with Bar("making", "mutants") as bar:
        every = []
        for one in report.everything(claim_id):
            every.append(one)
            bar.show(len(every), len(every), one[0].claim)
    if not every:
        raise typer.BadParameter(f"claim = {claim_id} has no mutants; those that have: {', '.join(report.claims())}")
    rows: list[dict[str, Any]] = []
    interrupted = False
    with Bar("judging", "mutants") as bar:
        try:
            for mutant, moments in every:
                rows.append(report.row(report.verdict(mutant, moments)))
                bar.show(len(rows), len(every), mutant.claim)
        except KeyboardInterrupt:
            interrupted = True
    found = report.record(rows, interrupted)
    if to is not None:
        to.write_text(_lines(found), encoding="utf-8")
    _print(rows)
    if interrupted:
        raise KeyboardInterrupt
    if any(row["outcome"] == report.SURVIVED for row in rows):
        raise typer.Exit(1)


def _lines(found: dict[str, Any]) -> str:
    """JSON with a line for each mutant and each point."""
    parts = [f' "{key}": {json.dumps(value)}' for key, value in found.items() if key not in ("points", "mutants")]
    parts += [
        f' "{key}": [\n' + ",\n".join(f"  {json.dumps(one)}" for one in found[key]) + "\n ]"
        for key in ("points", "mutants")
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from proofs.confrontation import report

    shown = Table()
    for column in report.COLUMNS:
        shown.add_column(column, justify="left" if column == "kind" else "right")
    for line in report.table(rows):
        shown.add_row(*line)
    console = Console(highlight=False, soft_wrap=True)
    console.print(shown)
    for one in rows:
        what = f"{one['claim']}, {one['quantity']}, {one['kind']}, {one['place']}"
        if one["outcome"] == report.EQUIVALENT:
            console.print(f"Equivalent: {what}: {one['why']}.", markup=False)
        if one["outcome"] == report.SURVIVED:
            console.print(
                f"Survives: {what}: changes by {one['change']:.2g}, the design sees {one['seen']:.2g}.", markup=False
            )
