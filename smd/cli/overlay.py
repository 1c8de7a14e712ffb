"""``smd overlay``: a recorded run beside what the theory expects of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar
from smd.cli.trajectory import whole

COLUMNS = ("tensor", "level", "measured / predicted angle", "median error", "norm", "fails, or why there is none")


def command(
    file: Annotated[Path, typer.Argument(help="a monitor's file", metavar="FILE")],
    tensor: Annotated[str | None, typer.Option(help="only this parameter", metavar="NAME")] = None,
    level: Annotated[str | None, typer.Option(help="white, gradients or updates [default: all three]")] = None,
    window: Annotated[
        int | None,
        typer.Option(
            help="steps over which the unit gradient's energy is averaged [default: half a half-life, at most 200]",
            parser=whole,
            metavar="STEPS",
        ),
    ] = None,
    since: Annotated[
        int | None,
        typer.Option(
            help="step from which correlations are taken, and the lines compared that use them [default: half the run]",
            parser=whole,
            metavar="STEP",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write a figure; needs --tensor unless there is only one")] = None,
    as_json: options.Json = False,
) -> None:
    """Norm and angle of a recorded run, measured over predicted, tensor by tensor and level by level."""
    from numerics.monitor import read
    from smd import overlaying, plotting

    if level is not None and level not in overlaying.LEVELS:
        raise typer.BadParameter(f"level = {level} is unknown; known are {', '.join(overlaying.LEVELS)}")
    if window is not None and window < 1:
        raise typer.BadParameter(f"window = {window} is outside its range [1, inf)")
    if out is not None:
        plotting.check_plot(out)
    record = read(file)
    levels = overlaying.LEVELS if level is None else (level,)
    if out is not None or tensor is not None:
        name = overlaying.tensor_of(record, tensor)
        lines = [overlaying.overlay(record, name, one, window=window, since=since) for one in levels]
    else:
        with Bar("predicting", "tensors") as bar:
            lines = overlaying.overlay_all(record, levels, window=window, since=since, on_tensor=bar.show)
    if out is not None:
        overlaying.plot(lines[0], out)
    if as_json:
        print(json.dumps([one.as_json() for one in lines], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for row in overlaying.rows(lines):
        table.add_row(*row)
    Console().print(table)
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        "RMS angles of blocks of one half-life, from the first half-life on and, where correlations are used, from the "
        "step from which they are taken; norms are measured / predicted."
    )
