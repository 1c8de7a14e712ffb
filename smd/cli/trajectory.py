"""``smd trajectory``: norm and angle over a schedule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from smd.trajectory import Run


def whole(text: str) -> int:
    """A whole number as typed."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a whole number") from None


def fractions(text: str) -> tuple[float, ...]:
    """Numbers between commas."""
    return tuple(options.number(part) for part in text.split(","))


def command(
    optimizer: options.Optimizer,
    lr: options.LearningRate,
    wd: options.WeightDecay,
    decay: options.Decay = None,
    schedule: Annotated[str, typer.Option(help="constant, linear, cosine, wsd or step")] = "constant",
    steps: Annotated[int, typer.Option(help="steps in all", parser=whole, metavar="STEPS")] = 10_000,
    warmup: Annotated[
        int, typer.Option(help="linear warmup, (t + 1) / warmup of lr", parser=whole, metavar="STEPS")
    ] = 0,
    final: Annotated[
        float,
        typer.Option(help="linear, cosine, wsd: fraction of lr at the end", parser=options.number, metavar="NUMBER"),
    ] = 0.0,
    cooldown: Annotated[
        float, typer.Option(help="wsd: fraction of the steps that decay", parser=options.number, metavar="NUMBER")
    ] = 0.2,
    drops: Annotated[
        str, typer.Option(help="step: fractions of the steps at which lr drops, with commas [default: 1/3 and 2/3]")
    ] = "",
    drop_factor: Annotated[
        float, typer.Option(help="step: what a drop divides lr by", parser=options.number, metavar="NUMBER")
    ] = 10.0,
    start_norm: Annotated[str, typer.Option(help="norm at the start, or equilibrium")] = "1",
    momentum: options.Momentum = None,
    dampening: options.Dampening = None,
    beta1: options.Beta1 = None,
    beta2: options.Beta2 = None,
    dim: options.Dim = None,
    grad_norm: options.GradNorm = None,
    plot: Annotated[Path | None, typer.Option(help="write a figure of norm and angle")] = None,
    points: Annotated[int, typer.Option(help="most rows of the JSON", parser=whole, metavar="ROWS")] = 201,
    as_json: options.Json = False,
) -> None:
    """Norm and angle of every step under a schedule, beside the equilibrium of each step's lr and wd."""
    from smd import plotting, trajectory
    from theory.schedule import DROPS

    if points < 2:
        raise typer.BadParameter(f"points = {points} is outside its range [2, inf)")
    if plot is not None:
        plotting.check_plot(plot)
    with Bar("iterating", "steps") as bar:
        run = trajectory.trajectory(
            optimizer,
            schedule=schedule,
            lr=lr,
            wd=wd,
            steps=steps,
            warmup=warmup,
            final=final,
            cooldown=cooldown,
            drops=fractions(drops) if drops else DROPS,
            drop_factor=drop_factor,
            decay=decay,
            start_norm=start_norm,
            momentum=momentum,
            dampening=dampening,
            beta1=beta1,
            beta2=beta2,
            dim=dim,
            grad_norm=grad_norm,
            on_step=bar.show,
        )
    if plot is not None:
        trajectory.plot(run, plot)
    if as_json:
        print(json.dumps(run.as_json(points), indent=2))
        return
    _print(run)


def _print(run: Run) -> None:
    from rich.console import Console
    from rich.table import Table

    import theory

    found = run.trajectory
    chosen = ", ".join(f"{k}={v:g}" for k, v in found.hyperparameters.items() if v is not None)
    table = Table(title=f"{theory.load(found.optimizer).title}: {chosen}", title_justify="left")
    for column in ("step", "lr", "norm", "(at rest)", "angle (rad)", "(at rest)"):
        table.add_column(column, justify="right")
    for t in run.rows(11).tolist():
        columns = (found.schedule.lr, found.norm, found.adiabatic_norm, found.angle, found.adiabatic_angle)
        table.add_row(str(t), *(f"{values[t]:.6g}" for values in columns))
    console = Console(highlight=False, soft_wrap=True)
    Console().print(table)
    step, angle = found.peak
    settled = found.settled_at()
    console.print(
        f"Largest angle: {angle:.8g} rad at step {step}. Norm at the end: {found.norm[-1]:.8g}.", markup=False
    )
    if settled is not None:
        console.print(f"The angle stays within 5% of its equilibrium from step {settled} on.", markup=False)
    console.print(", ".join(f"{k}={v}" for k, v in run.settings.items()), markup=False)
    rule = theory.load(found.optimizer)
    console.print(f"Convention: {rule.convention}.", markup=False)
    console.print(f"Holds if: {'; '.join(run.hypotheses)}.", markup=False)
    for warning in run.warnings:
        console.print(f"Note: {warning}.", markup=False)
