"""Running an experiment: its cells as a sweep, their judgement, its table and figure, and the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from numerics.arguments import device_of
from numerics.sweep import Cell, Sweep
from proofs import evidence, sources
from proofs.claims import CLAIMS
from proofs.experiments import LAYER, drawing, named, report
from proofs.experiments.experiment import Experiment, Mode, Table
from proofs.experiments.report import FIGURE, Report
from proofs.layers import TABLE
from proofs.layers.network import verdict
from proofs.release import package_version, versions
from proofs.verdict import Outcome

SOURCED_BY = "proofs.sources:hash_of"
KEPT = ("name", "relation", "predicted", "measured", "error", "tolerance", "outcome")
"""What evidence keeps of a finding."""
PACKAGES = ("numpy", "torch", "scikit-learn")


class BadExperiment(ValueError):
    """The experiment cannot be run as asked; the message says why."""


def swept(
    name: str,
    device: str = "cpu",
    seeds: int | None = None,
    mode: Mode | str = Mode.QUICK,
    folder: str | Path = "runs",
    jobs: int | None = None,
    dask: str | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    on_note: Callable[[str], None] = lambda line: None,
) -> Callable[[], Report]:
    """Run the cells of an experiment; what is returned judges them, draws, and records what they say of its claims.

    ``seeds`` is the number of seeds, the experiment's own unless said.

    Files appear in ``folder``/name/mode-device: cells, report.json, report.md, figure.svg. What was stopped goes on.
    Raises NoExperiment for an unknown name, BadExperiment for arguments without meaning and where a package is missing,
    BadSweep and BadSimulation as Sweep.run does.
    """
    experiment, mode = named(name), _mode(mode)
    if mode not in experiment.seeds:
        raise BadExperiment(f"{name} has no {mode} mode: run it with --{' or --'.join(experiment.seeds)}")
    many = experiment.seeds[mode] if seeds is None else seeds
    if many < 1:
        raise BadExperiment(f"seeds = {many} must be 1 or more")
    layer = TABLE[_layer(device)]
    if layer.lacks:
        raise BadExperiment(f"{' and '.join(layer.lacks)} not installed: {layer.remedy}")
    device_of(device)
    place = Path(folder) / name / f"{mode}-{device}"
    sweep = Sweep(
        experiment.cell,
        list(experiment.grid(mode)),
        range(experiment.first_seed, experiment.first_seed + many),
        place / "cells",
        device,
        SOURCED_BY,
    )
    done = sweep.run(jobs, dask, on_progress, on_note)

    def concluded() -> Report:
        found = _judged(experiment, mode, layer.device_name, many, done.cells)
        (place / FIGURE).unlink(missing_ok=True)
        if not done.failed:
            with drawing.style():
                drawing.write(experiment.figure(done.cells), place / FIGURE, report.command(name, mode, device))
        found.write(place)
        _record(experiment, layer.name, found)
        return found

    return concluded


def _mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError:
        raise BadExperiment(f"mode = {mode} is unknown; known are {', '.join(Mode)}") from None


def _layer(device: str) -> str:
    if device not in LAYER:
        raise BadExperiment(f"device = {device} is unknown; known are {', '.join(LAYER)}")
    return LAYER[device]


def _judged(experiment: Experiment, mode: Mode, device: str, seeds: int, cells: Sequence[Cell]) -> Report:
    """The report; nothing is judged while cells are missing."""
    failed = [f"{_where(cell)}: {cell.failed}" for cell in cells if cell.failed]
    findings = [] if failed else report.rows(experiment.judge(cells))
    table = Table((), ()) if failed else experiment.table(cells)
    said = verdict(
        "", experiment.name, [Outcome(f["outcome"]) for f in findings], len(failed), 0.0, _detail(mode, seeds)
    )
    return Report(
        experiment=experiment.name,
        title=experiment.title,
        tests=experiment.tests,
        claims=list(experiment.claims),
        published=list(experiment.published),
        mode=str(mode),
        device=device,
        seeds=seeds,
        cells=len(cells),
        failed=failed,
        outcome=str(said.outcome),
        findings=findings,
        table={"columns": list(table.columns), "rows": [list(row) for row in table.rows], "caption": table.caption},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(sum(float(cell.provenance.get("seconds", 0.0)) for cell in cells), 1),
        source=sources.hash_of(experiment.cell.partition(":")[0]),
        versions={"spherical-motion": package_version()} | versions(*PACKAGES),
        first_seed=experiment.first_seed,
    )


def _where(cell: Cell) -> str:
    return ", ".join(f"{name} = {value}" for name, value in (*cell.parameters.items(), ("seed", cell.seed)))


def _detail(mode: str, seeds: int) -> dict[str, object]:
    return {"mode": mode, "seeds": seeds}


def _record(experiment: Experiment, layer: str, found: Report) -> None:
    """Write as evidence on each claim what the findings say that speak of it."""
    for claim in experiment.claims:
        own = [finding for finding in found.findings if claim in (finding["claims"] or [claim])]
        outcomes = [Outcome(finding["outcome"]) for finding in own]
        detail = _detail(found.mode, found.seeds) | {
            "cells": found.cells,
            "failed": found.failed,
            "findings": [{name: finding[name] for name in KEPT} for finding in own],
        }
        said = verdict(layer, experiment.name, outcomes, len(found.failed), found.seconds, detail)
        evidence.record(CLAIMS[claim], said, found.device, experiment.name, found.mode)
