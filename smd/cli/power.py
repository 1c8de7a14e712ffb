"""``smd power``: how small an error the confrontation of theory and simulation sees."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smd.cli.progress import Bar

if TYPE_CHECKING:
    from proofs.confrontation.power import Power

MODULES = ("proofs.confrontation.power", "proofs.confrontation.calibration")
"""What a map was made from, with all that they import."""


def command(
    optimizer: Annotated[list[str] | None, typer.Argument(help="names of rules [default: all]")] = None,
    repetitions: Annotated[int, typer.Option(help="fresh runs for each measured point", min=1)] = 20,
    to: Annotated[
        Path | None, typer.Option("--json", help="write the map after each optimizer; one that was stopped goes on")
    ] = None,
) -> None:
    """The least relative error in norm, angle and rate that is rejected 99 times in 100, over decays per step.

    It is computed from the error bars and, at the recipes and two points more, measured: predictions wrong by just that
    much are put to fresh runs. Exit 1 where an error that must be seen is not, or a right prediction is rejected.
    """
    from numerics.benchmark.machine import described
    from proofs.confrontation.calibration import BENCHES, Calibration, calibrations
    from proofs.confrontation.power import Power, mapped, power, unmet
    from proofs.sources import hash_of
    from smd.plotting import check_folder

    if to is not None:
        check_folder("json", to)
    known = mapped()
    for name in optimizer or ():
        if name not in known:
            raise typer.BadParameter(f"optimizer = {name} has no power map; known are {', '.join(known)}")
    chosen = tuple(optimizer or known)
    machine = described("cpu")
    source = hash_of(*MODULES)
    kept = _interrupted(to, source, repetitions)
    rows = [Power(**row) for row in kept["power"]]
    calibrated = [Calibration(**{k: v for k, v in c.items() if k != "allowed"}) for c in kept["calibration"]]
    done_before = kept["done"]
    with Bar("measuring power", "optimizers") as bar:
        for done, name in enumerate(chosen):
            bar.show(done, len(chosen), name)
            if name in done_before:
                continue
            rows += list(power(name, repetitions))
            calibrated += list(calibrations(name)) if name in BENCHES else []
            if to is not None:
                found = {
                    "machine": machine, "source": source, "repetitions": repetitions,
                    "complete": name == chosen[-1], "done": [*chosen[: done + 1]],
                    "power": [asdict(row) for row in rows],
                    "calibration": [{**asdict(c), "allowed": c.allowed} for c in calibrated],
                }  # fmt: skip
                to.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    _print(rows)
    wrong = [
        *(f"{row.optimizer}: {row.alarms} of {row.of} right predictions of the {row.quantity} were rejected"
          for row in rows if row.alarms),
        *(f"{r.optimizer}: at lr*wd = {r.decay:g} {r.resolves:.2g} of the {r.quantity} is seen, goal {r.goal}"
          for r in unmet(rows)),
        *(f"{c.optimizer}: p-values of {c.statistic} are not uniform" for c in calibrated if not c.is_uniform),
    ]  # fmt: skip
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        raise typer.Exit(1)


def _interrupted(to: Path | None, source: str, repetitions: int) -> dict[str, Any]:
    """What a run that was stopped left in the file; nothing where it ended, or was of other sources or repetitions."""
    nothing: dict[str, Any] = {"power": [], "calibration": [], "done": []}
    if to is None or not to.exists():
        return nothing
    try:
        kept = json.loads(to.read_text(encoding="utf-8"))
        same = kept["source"] == source and kept["repetitions"] == repetitions and not kept["complete"]
        return kept if same else nothing
    except (ValueError, KeyError, TypeError):
        return nothing


def _print(rows: list[Power]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="least relative error that is rejected 99 times in 100", title_justify="left")
    for column in ("optimizer", "quantity", "gradients", "lr*wd", "resolves", "measured"):
        table.add_column(column, justify="left" if column in ("optimizer", "quantity", "gradients") else "right")
    for row in rows:
        measured = "" if row.rejected is None else f"{row.rejected} of {row.of}"
        at = f"{row.decay:.3g}{' (recipe)' if row.recipe else ''}"
        table.add_row(row.optimizer, row.quantity, row.law, at, f"{row.resolves:.2g}", measured)
    Console().print(table)
