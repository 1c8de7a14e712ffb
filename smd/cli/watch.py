"""``smd watch``: a recorded run, finished or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import options

WIDEST = 130
"""Columns of the table, where the terminal has fewer or is none."""

if TYPE_CHECKING:
    from numerics.monitor import Record


def command(
    file: Annotated[Path, typer.Argument(help="what a Monitor recorded")],
    tensor: Annotated[str | None, typer.Option(help="show this tensor alone")] = None,
    out: Annotated[Path | None, typer.Option(help="write a figure of norms and angles")] = None,
    follow: Annotated[
        float, typer.Option(help="look again after so many seconds until the run is finished", parser=options.number,
                            metavar="SECONDS")
    ] = 0.0,
) -> None:  # fmt: skip
    """Show the tensors of a recorded run, also while it goes on: labels, norms, angles, correlations."""
    from numerics.monitor import read
    from smd import watching
    from smd.plotting import check_plot

    if out is not None:
        check_plot(out)
    if not follow >= 0:
        raise typer.BadParameter(f"follow = {follow} is outside its range [0, inf)")
    while True:
        record = read(file)
        _print(record, tensor)
        if out is not None:
            watching.plot(record, tensor, out)
        if record.finished or not follow:
            return
        time.sleep(follow)


def _print(record: Record, tensor: str | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd import watching

    found = watching.chosen(record, tensor)
    state = "finished" if record.finished else "unfinished"
    table = Table(title=f"{record.header['optimizer']}, {record.steps} steps, {state}", title_justify="left")
    for column in ("tensor", "label"):
        table.add_column(column, no_wrap=True)
    for column in ("norm", "RMS angle", "|dw|/|w|", "|g|", "corr(u,1)", "corr(g,1)"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in found.values():
        table.add_row(*watching.row(record, one))
    console = Console(highlight=False, soft_wrap=True)
    Console(width=max(console.width, WIDEST)).print(table)
    console.print(
        "norm at the last sample; angle in radians and the rest over the last half of the steps; corr(x,1) is "
        "<x_t, x_t+1>/E|x|^2 of updates u and gradients g, not centred.",
        markup=False,
    )
    decays = sorted({f"{one.decay}, gain {one.decay_gain:g}" for one in found.values() if one.label != "frozen"})
    console.print(f"Weight decay: {'; '.join(decays)}. Labelled by: {_labelled(record, tensor)}.", markup=False)
    console.print(f"The monitor's own clock: {record.overhead:.1%} of the rest of the run.", markup=False)
    for event in record.events:
        where = f" {event['tensor']}" if event["tensor"] else ""
        console.print(f"Note: step {event['step']}:{where} {event['what']}.", markup=False)


def _labelled(record: Record, tensor: str | None) -> str:
    from smd import watching

    return ", ".join(sorted({one.labelled_by for one in watching.chosen(record, tensor).values()}))
