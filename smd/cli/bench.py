"""``smd bench``: the engines against loops, batches and what the machine can do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from smd.cli.progress import Bar


def command(
    quick: Annotated[
        bool, typer.Option("--quick", help="few rounds at few points, in less than half a minute")
    ] = False,
    rule: Annotated[list[str] | None, typer.Option(help="sgdm, adamw or lion; may be repeated")] = None,
    dim: Annotated[list[int] | None, typer.Option(help="dimension of the scaling; may be repeated")] = None,
    rounds: Annotated[int | None, typer.Option(help="rounds in which all run")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    monitor: Annotated[
        bool, typer.Option("--monitor", help="measure instead what numerics.monitor costs a training loop")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="write a figure of the scaling")] = None,
    to: Annotated[Path | None, typer.Option("--json", help="write everything that was measured")] = None,
) -> None:
    """Measure every engine against the torch.optim loop, batched torch and the machine's own limits."""
    from numerics.benchmark.races import Plan, run
    from numerics.errors import BadSimulation
    from smd.plotting import check_folder, check_plot

    if plot is not None:
        check_plot(plot)
    if to is not None:
        check_folder("json", to)
    chosen = {"rules": rule, "dims": dim, "rounds": rounds, "device": device}
    if monitor:
        if unused := [name for name in ("rules", "dims", "rounds") if chosen[name] is not None] + ["plot"] * bool(plot):
            raise BadSimulation(f"--monitor measures training loops, which have no {' and no '.join(unused)}")
        _watched(device, quick, to)
        return
    default = Plan.quick() if quick else Plan()
    plan = default.but(**{name: value for name, value in chosen.items() if value is not None})
    with Bar("measuring", "rounds") as bar:
        found = run(plan, bar.show)
    if to is not None:
        to.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _print(found)
    if plot is not None:
        from smd.benchmarking import figure
        from smd.plotting import write

        write(figure(found), plot)
    if found["interrupted"]:
        raise KeyboardInterrupt


def _watched(device: str, quick: bool, to: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from numerics.arguments import device_of
    from numerics.benchmark import watched
    from smd.benchmarking import WATCHED, setting, watched_rows

    device_of(device)
    with Bar("watching", "loops") as bar:
        found = watched.run(device, windows=1 if quick else 8, on_progress=bar.show)
    if to is not None:
        to.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    table = Table(title="A training loop that is watched, over the same one that is not", title_justify="left")
    for column in WATCHED:
        table.add_column(column, justify="left" if column == WATCHED[0] else "right")
    for row in watched_rows(found):
        table.add_row(*row)
    console = Console()
    console.print(table)
    console.print(setting(found["machine"]), markup=False)
    for name, seconds in found["extras"].items():
        console.print(f"{name}, once, on the perceptron: {1000 * seconds:.2g} ms", markup=False)
    if slower := found["without numba"]:
        console.print(f"a look at a tensor without numba: {slower['ratio']['median']:.1f} times as long", markup=False)


def _print(found: dict) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd.benchmarking import rows, setting, title

    console = Console()
    for race in found["races"]:
        table = Table(title=title(race), title_justify="left")
        table.add_column("contestant", no_wrap=True)
        for column in ("rate", "ratio [interval]", "over normals"):
            table.add_column(column, justify="right")
        for row in rows(race):
            table.add_row(*row)
        console.print(table)
    console.print(setting(found["machine"]), markup=False)
    for name, limit in found["limits"].items():
        console.print(f"{name}: {limit:.3g}", markup=False)
    for name, seconds in found["first call"].items():
        console.print(f"fresh process, compiled before, {name}: {seconds:.2g} s", markup=False)
    for skipped in found["skipped"]:
        console.print(f"Skipped: {skipped}.", markup=False)
