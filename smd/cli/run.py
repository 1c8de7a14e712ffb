"""``smd run``: run an experiment, and see what it says of its claims."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from proofs.experiments.report import Report

ALL = "all"


def command(
    name: Annotated[str | None, typer.Argument(help="name of the experiment, or all [default: list them]")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    seeds: Annotated[int | None, typer.Option(help="number of seeds [default: the experiment's]", min=1)] = None,
    full: Annotated[bool, typer.Option("--full/--quick", help="the whole matrix, or what takes minutes")] = False,
    out: Annotated[Path, typer.Option(help="folder for cells, table and figure")] = Path("runs"),
    jobs: Annotated[int | None, typer.Option(help="processes [default: the processors; one on a GPU]", min=1)] = None,
    dask: Annotated[str | None, typer.Option(help="address of a Dask scheduler, tcp://host:port")] = None,
    publish: Annotated[
        Path | None, typer.Option(help="folder that gets a copy of report and figure, as the book has them")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Run an experiment and record its evidence; one that was stopped goes on. Exit 1 if it refutes or a cell fails.

    Without a name it lists the experiments with their claims, modes and times.
    """
    from numerics.container import plain
    from proofs.experiments import EXPERIMENTS
    from proofs.experiments.experiment import Mode
    from proofs.experiments.report import check_folder

    if name is None:
        _list(as_json)
        return
    if publish is not None:
        check_folder(publish)
    mode = Mode.FULL if full else Mode.QUICK
    names = [one.name for one in EXPERIMENTS.values() if mode in one.seeds] if name == ALL else [name]
    found = _run(names, device=device, seeds=seeds, mode=mode, folder=out, jobs=jobs, dask=dask)
    if publish is not None:
        for report in found:
            report.publish(_place(report, out), publish)
    if as_json:
        print(json.dumps([asdict(report) for report in found], indent=1, default=plain))
    else:
        for report in found:
            _print(report, out)
    if any(report.failed or report.outcome == "refuted" for report in found):
        raise typer.Exit(1)


def _run(names: Sequence[str], **settings: Any) -> list[Report]:
    """The reports; an experiment is judged and drawn while the cells of the next are run."""
    from proofs.experiments.running import swept

    with ThreadPoolExecutor(1) as beside:
        reports = []
        for name in names:
            with Bar(f"running {name}", "cells") as bar:
                done = swept(name, on_progress=bar.show, on_note=lambda line: print(line, file=sys.stderr), **settings)
            reports.append(beside.submit(done))
        return [report.result() for report in reports]


def _list(as_json: bool) -> None:
    from proofs.experiments import EXPERIMENTS

    rows = [
        {
            "name": one.name, "title": one.title, "claims": list(one.claims), "published": list(one.published),
            "modes": {
                str(mode): {"cells": len(list(one.grid(mode))), "seeds": one.seeds[mode], "seconds": one.seconds[mode]}
                for mode in one.seeds
            },
        }
        for one in EXPERIMENTS.values()
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title="smd run NAME", title_justify="left")
    for column in ("name", "claims", "quick", "full"):
        table.add_column(column)
    for row in rows:
        modes: Any = row["modes"]
        times = {mode: f"{m['cells']} cells, {m['seeds']} seeds, {_time(m['seconds'])}" for mode, m in modes.items()}
        table.add_row(str(row["name"]), ", ".join(row["claims"]), times.get("quick", ""), times["full"])
    Console().print(table)


def _time(seconds: float) -> str:
    return (
        f"{seconds:g} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.0f} h"
    )


def _print(report: Report, out: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from proofs.experiments.report import FINDINGS, finding_row, number

    console = Console(highlight=False)
    for title, columns, rows in (
        (report.title, FINDINGS[:-1], [finding_row(finding)[:-1] for finding in report.findings]),
        (report.table["caption"], report.table["columns"], report.table["rows"]),
    ):
        if rows:
            table = Table(title=escape(title), title_justify="left")
            for column in columns:
                table.add_column(escape(column))
            for row in rows:
                table.add_row(*(escape(number(cell)) for cell in row))
            console.print(table)
    for line in report.failed:
        print(f"failed: {line}", file=sys.stderr)
    console.print(f"{report.experiment}: {report.outcome} ({report.ran})", markup=False, soft_wrap=True)
    console.print(f"table and figure: {_place(report, out)}", markup=False, soft_wrap=True)


def _place(report: Report, out: Path) -> Path:
    return out / report.experiment / f"{report.mode}-{'cpu' if report.device == 'cpu' else 'cuda'}"
