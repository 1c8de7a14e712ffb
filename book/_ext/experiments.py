"""Sphinx directive ``{experiments}``: a section for each experiment, from the reports in data/networks.

A report is data/networks/NAME-MODE-DEVICE.json with a figure of the same name, as ``smd run --publish`` writes them. A
run that an experiment awaits and that has no report reads "not yet run".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from claims import parsed, reference
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from proofs import sources
from proofs.experiments import EXPERIMENTS, report
from proofs.experiments.experiment import Experiment

REPORTS = "data/networks"
MANY = 100
"""Findings of a run beyond which a page has only those that do not hold: a reader's browser loads every row."""


def reports(folder: Path) -> list[str]:
    """Names of the reports that there are."""
    return sorted(file.name for file in folder.glob("*.json"))


def depend(env: BuildEnvironment, file: Path) -> None:
    """Have the page read again when a report changes, comes or goes; Sphinx itself reads a page without end again where
    a file that it depends on is missing."""
    env.metadata[env.docname]["reports"] = reports(file.parent)
    if file.exists():
        env.note_dependency(str(file))


def others(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Pages that were read when there were other reports."""
    now = reports(Path(app.srcdir) / REPORTS)
    return [page for page, found in env.metadata.items() if found.get("reports", now) != now]


class ExperimentsDirective(SphinxDirective):
    """Every experiment with what it found."""

    def run(self) -> list[nodes.Node]:
        return [self._section(experiment) for experiment in EXPERIMENTS.values()]

    def _section(self, experiment: Experiment) -> nodes.section:
        section = nodes.section(ids=[f"experiment-{experiment.name}"], names=[experiment.name])
        section += nodes.title(text=experiment.title)
        folder = Path(self.env.srcdir) / REPORTS
        for mode, device in experiment.awaited:
            depend(self.env, folder / report.file_name(experiment.name, mode, device))
        section += parsed(self, source(experiment, folder))
        return section


class ExperimentTableDirective(SphinxDirective):
    """Some columns of an experiment's quick table: those rows that have a number in the column ``having``."""

    required_arguments = 1
    option_spec: ClassVar = {"columns": str, "having": str}

    def run(self) -> list[nodes.Node]:
        file = Path(self.env.srcdir) / REPORTS / report.file_name(self.arguments[0], "quick", "cpu")
        depend(self.env, file)
        columns = [name.strip() for name in self.options["columns"].split("|")]
        return parsed(self, table_source(file, columns, self.options["having"]))


def table_source(file: Path, columns: Sequence[str], having: str) -> str:
    """MyST source of those columns of a report's table."""
    if not file.exists():
        return "**Not yet run.**"
    table = report.read(file).table
    every = list(table["columns"])
    places, needed = [every.index(name) for name in columns], every.index(having)
    rows = [[report.number(row[i]) for i in places] for row in table["rows"] if row[needed] != ""]
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows))


def source(experiment: Experiment, folder: Path) -> str:
    """MyST source of an experiment's section, without its heading."""
    claims = ", ".join(reference(claim) for claim in experiment.claims)
    published = f" Published statements: {', '.join(experiment.published)}." if experiment.published else ""
    lines = [f"{experiment.tests} It speaks of {claims}.{published}", ""]
    for mode, device in experiment.awaited:
        file = folder / report.file_name(experiment.name, mode, device)
        command = report.command(experiment.name, mode, device)
        if not file.exists():
            lines += [f"**{mode}, {device}: not yet run** (`{command}`).", ""]
            continue
        found = report.read(file)
        shown, told = findings_of(found)
        body = shown.body(f"{REPORTS}/{file.with_suffix('.svg').name}")
        lines += [f"**{mode}, {device}** (`{command}`)", "", *told, body]
        if found.source != sources.hash_of(experiment.cell.partition(":")[0]):
            lines += ["A source of these runs has changed since.", ""]
    return "\n".join(lines)


def findings_of(found: report.Report) -> tuple[report.Report, list[str]]:
    """The report with no more findings than a page can hold, and what is to be said of the others."""
    if len(found.findings) <= MANY:
        return found, []
    rest = [finding for finding in found.findings if finding["outcome"] != "holds"]
    held = len(found.findings) - len(rest)
    told = (
        f"Of {len(found.findings)} findings {held} hold, and are in the report that the command writes; these do not:"
    )
    return replace(found, findings=rest), [told, ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("experiments", ExperimentsDirective)
    app.add_directive("experiment-table", ExperimentTableDirective)
    app.connect("env-get-outdated", others)
    return {"parallel_read_safe": True}
