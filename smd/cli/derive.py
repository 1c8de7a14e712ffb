"""``smd derive``: the equilibrium of an update rule that the reader wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from smd.deriving import Derivation

FORMULAS = {
    "norm": "sqrt(E|w|^2)",
    "one_minus_cosine": "1 - E<w,w'>/E|w|^2",
    "angle": "arccos of the cosine, rad",
    "convergence_rate": "multiplier of the squared norm's deviation, per step",
}
DESIGNS = {
    "stationarity": "One step from the predicted moments",
    "perturbation": "Twins on either side of equilibrium, for the rate",
}


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="Python file that defines an UpdateRule")],
    lr: Annotated[
        float | None, typer.Option("--lr", help="learning rate", parser=options.number, metavar="NUMBER")
    ] = None,
    wd: Annotated[
        float | None, typer.Option("--wd", help="weight decay coefficient", parser=options.number, metavar="NUMBER")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="another hyper-parameter, NAME=VALUE", metavar="NAME=VALUE")
    ] = None,
    simulation: Annotated[
        bool, typer.Option("--simulation/--no-simulation", help="confront with the lines as a simulator")
    ] = True,
    dim: Annotated[int, typer.Option(help="coordinates of the simulation")] = 64,
    replicas: Annotated[int, typer.Option(help="independent replicas of the simulation")] = 128,
    seed: Annotated[int, typer.Option(help="seed of the random numbers")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    as_latex: Annotated[bool, typer.Option("--latex", help="print the formulas as LaTeX, and nothing else")] = False,
    as_json: options.Json = False,
) -> None:
    """Derive the equilibrium of your own update rule, and confront it with your lines as a simulator.

    FILE.py holds the step in SymPy, e.g. rule = UpdateRule.from_step("mine", step, ("w", "m")).
    """
    from smd.deriving import derive

    chosen = options.given(lr=lr, wd=wd)
    for text in values or []:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise typer.BadParameter(f"--set {text} is not of the form NAME=VALUE")
        if name in chosen:
            raise typer.BadParameter(f"{name} is given twice")
        chosen[name] = options.number(value)
    with Bar("deriving", "stages") as bar:
        found = derive(
            file, simulate=simulation and not as_latex, dim=dim, replicas=replicas, seed=seed, device=device,
            on_stage=bar.show, **{"lr": None, "wd": None, **chosen},
        )  # fmt: skip
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    elif as_latex:
        for formula in found.formulas:
            for side, latex in formula.latex().items():
                print(f"% {formula.name}, {side.replace('_', ' ')}\n{latex}")
    else:
        _print(found)
    if found.agrees is False:
        raise typer.Exit(1)


def _print(found: Derivation) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd.cli.tables import number, prediction_rows

    console = Console(highlight=False, soft_wrap=True)
    rule, prediction = found.rule, found.prediction
    chosen = ", ".join(f"{k}={v:g}" for k, v in prediction.hyperparameters.items() if v is not None)
    Console().print(prediction_rows(f"{rule.title}: {chosen}", prediction))
    for formula in found.formulas:
        console.print(f"{formula.name} = {FORMULAS[formula.name]}", markup=False)
        if formula.exact is not None:
            console.print(f"  exact          {formula.exact}", markup=False)
        rest = f"   relative remainder {formula.neglected}" if formula.neglected is not None else ""
        console.print(f"  leading order  {formula.leading}{rest}", markup=False)
    formulas = "".join(f", {e}" for e in found.exists_below_formulas)
    console.print(f"Exists for lr*wd below {found.exists_below:g}{formulas}.", markup=False)
    console.print(f"Convention: {rule.convention}; eta = lr, lambda = wd, p = lr*wd, a = 1 - p.", markup=False)
    console.print(f"Holds if: {'; '.join(rule.hypotheses)}.", markup=False)
    for confrontation in found.confrontations:
        at = ", ".join(f"{k}={v}" for k, v in confrontation.conditions.items())
        verdict = "agrees" if confrontation.agrees else "DISAGREES"
        table = Table(
            title=f"{DESIGNS[confrontation.design]}: {verdict}, p = {confrontation.p_value:.2g} ({at})",
            title_justify="left",
        )
        for column in ("quantity", "predicted", "measured", "error", "errors off", "would see"):
            table.add_column(column, justify="left" if column == "quantity" else "right")
        for s in confrontation.statistics:
            row = number(s.predicted), number(s.measured.value), f"{s.error:.2g}", f"{s.deviations:+.1f}"
            table.add_row(s.name, *row, f"{confrontation.least_seen(s):.2g}")
        Console().print(table)
    for note in (*prediction.warnings, *found.notes):
        console.print(f"Note: {note}.", markup=False)
