"""``smd solve``: the weight decay, or the learning rate, for a wanted equilibrium."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from smd.cli import hyperparameters, options


def command(
    context: typer.Context,
    optimizer: options.Optimizer,
    angle: Annotated[
        float | None, typer.Option(help="wanted angle per step, radians", parser=options.number, metavar="NUMBER")
    ] = None,
    norm: Annotated[
        float | None, typer.Option(help="wanted equilibrium norm", parser=options.number, metavar="NUMBER")
    ] = None,
    half_life: Annotated[
        float | None, typer.Option(help="wanted half-life, steps", parser=options.number, metavar="NUMBER")
    ] = None,
    unknown: Annotated[
        str, typer.Option("--for", help="what to solve for: wd, lr or another hyper-parameter", metavar="NAME")
    ] = "wd",
    decay: options.Decay = None,
    lr_max: options.LrMax = None,
    as_json: options.Json = False,
) -> None:
    """Weight decay (or lr, or beta1, ...) for a wanted angle, norm or half-life.

    Every other hyper-parameter is given by its name: smd solve adamw --lr 1e-3 --beta1 0.95 --angle 0.01
    """
    from smd import solving

    given = hyperparameters.read(context)[""] | options.given(decay=decay, lr_max=lr_max)
    found = solving.solve(optimizer, angle=angle, norm=norm, half_life=half_life, unknown=unknown, **given)
    if as_json:
        print(json.dumps(solving.as_json(found), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    from smd.cli.tables import LABELS, print_notes, title
    from smd.cli.tables import number as digits

    table = Table(title=title(found.prediction), title_justify="left")
    table.add_column("quantity")
    table.add_column("value", justify="right")
    table.add_row(found.unknown, f"{found.value:.10g}")
    table.add_row("decay per step  lr*wd", digits(solving.decay_per_step(found.prediction)))
    for name in ("angular_update", "half_life", "equilibrium_norm"):
        table.add_row(LABELS[name], digits(getattr(found.prediction, name)))
    Console().print(table)
    print_notes(found.prediction, found.prediction.warnings)
