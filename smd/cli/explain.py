"""``smd explain``: whether and when a recipe reaches equilibrium, and what to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import options

if TYPE_CHECKING:
    from smd.explaining import Explanation


def command(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="optimizer, lr, wd, betas, schedule, steps")],
    plot: Annotated[Path | None, typer.Option(help="write a figure of angle and norm over time")] = None,
    as_json: options.Json = False,
) -> None:
    """Say whether and when the run reaches equilibrium, how its angle goes, and what to change."""
    from smd import explaining, plotting, recipes

    if plot is not None:
        plotting.check_plot(plot)
    found = explaining.explain(recipes.read_recipe(recipe))
    if plot is not None:
        _plot(found, plot)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
        return
    _print(found)


def _print(found: Explanation) -> None:
    from rich.console import Console

    from smd.cli.tables import print_notes

    console = Console(highlight=False, soft_wrap=True)
    for sentence in found.says:
        console.print(f"{sentence}.", markup=False)
    console.print("\nWhat to change:")
    for sentence in found.change:
        console.print(f"- {sentence}.", markup=False)
    console.print("\nThe angle over time is the leading-order adiabatic law: no memory of momentum, no lag of v.")
    print_notes(found.equilibrium, found.equilibrium.warnings)


def _plot(found: Explanation, target: Path) -> None:
    from smd.explaining import draw
    from smd.plotting import two_panels, write

    figure, (angles, rates) = two_panels(10, 3.6)
    draw(found, angles, rates)
    write(figure, target)
