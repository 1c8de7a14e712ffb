"""``smd diff``: where two libraries' conventions part, in angle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import hyperparameters, options

if TYPE_CHECKING:
    from smd.diffing import Difference

SHORT = {"angular_update": "angle", "half_life": "half-life", "equilibrium_norm": "norm"}


def command(
    context: typer.Context,
    one: Annotated[str | None, typer.Argument(metavar="LIB1:OPT", help="for instance pytorch:AdamW")] = None,
    other: Annotated[str | None, typer.Argument(metavar="LIB2:OPT", help="for instance tfa:AdamW")] = None,
    show: Annotated[bool, typer.Option("--list", help="list the known conventions with their sources")] = False,
    as_json: options.Json = False,
) -> None:
    """The same numbers in two libraries: what each does with them, and the angles that follow.

    Hyper-parameters by name; what is not given stands at each library's default:
    smd diff pytorch:AdamW tfa:AdamW --lr 1e-3 --wd 0.01
    """
    if show:
        _list()
        return
    if one is None or other is None:
        raise typer.BadParameter("two of LIBRARY:OPTIMIZER are needed (smd diff --list shows all)")
    from smd import diffing

    found = diffing.diff(one, other, **hyperparameters.read(context)[""])
    if as_json:
        print(json.dumps(diffing.json_of(found), indent=2))
        return
    _print(found)


def _list() -> None:
    from smd.conventions import CONVENTIONS

    for own in CONVENTIONS:
        print(f"{own.label:26} {own.rule:9} {own.decay:12} {own.provenance:12} {own.source}")


def _print(found: Difference) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd.cli.tables import number
    from smd.diffing import SHARES

    labels = [side.convention.label for side in found.sides]
    table = Table()
    table.add_column("what differs")
    for label in labels:
        table.add_column(label, justify="right")
    for name, pair in found.parts.items():
        table.add_row(name, *pair)
    if not found.parts:
        table.add_row("nothing", "", "")
    for share in SHARES:
        table.add_section()
        for field in SHORT:
            values = [None if p is None else getattr(p, field) for p in (s.predictions[share] for s in found.sides)]
            where = "" if share == 1 else f", lr at {share:g}"
            table.add_row(SHORT[field] + where, *map(number, values))
    console = Console(highlight=False, soft_wrap=True)
    Console().print(table)
    for share in SHARES:
        if (ratio := found.ratio(share)) is not None:
            where = "At the peak learning rate" if share == 1 else f"At {share:g} of it"
            same = abs(ratio - 1) < 1e-9
            told = "the angles are equal" if same else f"{labels[1]} turns {ratio:.4g} times as far a step"
            console.print(f"{where} {told}.", markup=False)
    for side in found.sides:
        own = side.convention
        if own.note:
            console.print(f"Note: {own.label}: {own.note}.", markup=False)
        if side.untold:
            console.print(f"Note: {side.untold}.", markup=False)
        console.print(f"Source of {own.label} ({own.provenance}): {own.source}", markup=False)
