"""``smd translate``: the recipe of another optimizer, or of another batch size, that moves alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import hyperparameters, options

if TYPE_CHECKING:
    from smd.translating import Translation


def command(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="the optimizer of the run as it is")],
    target: Annotated[str, typer.Argument(metavar="TO", help="the optimizer to move it to")],
    lr: options.LearningRate,
    wd: options.WeightDecay,
    match: Annotated[
        str, typer.Option(help="angle, half-life, or angle,half-life (sets a momentum of the target free)")
    ] = "angle",
    keep: Annotated[str, typer.Option(help="what splits lr*wd: the equilibrium norm, lr or wd stays")] = "norm",
    batch: Annotated[
        float, typer.Option(help="factor by which the batch grows", parser=options.number, metavar="NUMBER")
    ] = 1.0,
    decay: options.Decay = None,
    to_decay: Annotated[str | None, typer.Option(help="the same for TO")] = None,
    as_json: options.Json = False,
) -> None:
    """The lr and wd at which TO turns the weights as FROM does, and what cannot be matched.

    Hyper-parameters by name, those of the target with --to-:
    smd translate adamw lion --lr 1e-3 --wd 0.1 --beta1 0.95 --to-beta2 0.98;
    smd translate adamw muon --lr 1e-3 --wd 0.1 --rows 1024 --cols 4096
    """
    from smd import translating

    given = hyperparameters.read(context, ("", "to-"))
    found = translating.translate(
        source, target, match=match, keep=keep, batch=batch, decay=decay, to_decay=to_decay, to=given["to-"], lr=lr,
        wd=wd, **given[""],
    )  # fmt: skip
    if as_json:
        print(json.dumps(translating.json_of(found), indent=2))
        return
    _print(found)


def _print(found: Translation) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd.cli.tables import LABELS, number
    from smd.predicting import described
    from theory.solving import QUANTITIES

    table = Table()
    for column, justify in (("", "left"), ("from", "right"), ("to", "right"), ("to / wanted", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    one, other = found.source, found.target
    table.add_row("optimizer", described(one.optimizer)[0], described(other.optimizer)[0], "")
    for name in dict.fromkeys([*one.hyperparameters, *other.hyperparameters]):
        values = [number(side.hyperparameters.get(name)) for side in (one, other)]
        table.add_row(name, *values, "set free" if name == found.freed else "")
    table.add_section()
    for name, ratio in found.ratios.items():
        field = QUANTITIES[name]
        table.add_row(LABELS[field], number(getattr(one, field)), number(getattr(other, field)), number(ratio))
    Console().print(table)
    console = Console(highlight=False, soft_wrap=True)
    if found.batch != 1:
        console.print(
            f"Wanted for a batch {found.batch:g} times as large: angle^2 x {found.batch:g}, half-life over it."
        )
    console.print(f"Matched: {' and '.join(name.replace('_', '-') for name in found.matched)}. Kept: {found.keep}.")
    for note in found.notes:
        console.print(f"Note: {note}.", markup=False)
    for side in (one, other):
        console.print(f"Convention of {side.optimizer}: {described(side.optimizer)[1]}.", markup=False)
        for warning in side.warnings:
            console.print(f"Note: {side.optimizer}: {warning}.", markup=False)
