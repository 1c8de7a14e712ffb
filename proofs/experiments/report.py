"""What an experiment found, as one JSON file and as a page's section."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numerics.container import plain
from proofs.comparison import Confrontation
from proofs.experiments.experiment import Finding
from proofs.verdict import Outcome

FINDINGS = ("finding", "predicted", "measured", "tolerance", "outcome", "why this tolerance")
REPORT, PAGE, FIGURE = "report.json", "report.md", "figure.svg"


def file_name(experiment: str, mode: str, device: str) -> str:
    """Of a report that is published."""
    return f"{experiment}-{mode}-{device}.json"


def command(experiment: str, mode: str, device: str) -> str:
    """What runs an experiment in a mode on a device, a GPU's number aside."""
    return f"smd run {experiment} --{mode}" + ("" if device == "cpu" else " --device cuda")


class BadReport(ValueError):
    """The file is no report of an experiment."""


def check_folder(folder: Path) -> None:
    """Raise BadReport where reports cannot be published into a folder, be it there or not yet; it makes nothing."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise BadReport(f"publish = {folder} cannot be written: {there} is no folder")
    if not os.access(there, os.W_OK):
        raise BadReport(f"publish = {folder} cannot be written: nothing may be written into {there}")


@dataclass(frozen=True)
class Report:
    """One run of an experiment in one mode on one device.

    ``findings`` are rows as ``Finding.as_dict`` has them; ``table`` has columns, rows and a caption; ``failed`` names
    the cells that failed; ``seconds`` are those of all cells together; ``source`` is the hash of the cells' sources.
    """

    experiment: str
    title: str
    tests: str
    claims: list[str]
    published: list[str]
    mode: str
    device: str
    seeds: int
    cells: int
    failed: list[str]
    outcome: str
    findings: list[dict[str, Any]]
    table: dict[str, Any]
    date: str
    seconds: float
    source: str
    versions: dict[str, str]
    first_seed: int = 0

    @property
    def ran(self) -> str:
        """Mode, device, seeds, day and versions in a line."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.mode}, {self.cells} cells, {self.seeds} seeds from {self.first_seed}, on {self.device}, "
            f"{self.seconds:.0f} s of computing, {self.date[:10]}; {versions}"
        )

    def body(self, figure: str) -> str:
        """Outcome, findings, table and figure as Markdown, without a heading."""
        lines = [f"**{self.outcome}**: {self.ran}.", "", *(f"- failed: {line}" for line in self.failed)]
        if self.findings:
            lines += [*_table(FINDINGS, [finding_row(finding) for finding in self.findings]), ""]
        if self.table["rows"]:
            lines += [self.table["caption"], "", *_table(self.table["columns"], self.table["rows"]), ""]
        return "\n".join(lines if self.failed else [*lines, f"![{self.title}]({figure})", ""])

    @property
    def page(self) -> str:
        """The report as a page of its own."""
        claims = ", ".join(f"`{claim}`" for claim in self.claims)
        published = f" Published statements: {', '.join(self.published)}." if self.published else ""
        return f"# {self.title}\n\n{self.tests} Claims: {claims}.{published}\n\n{self.body(FIGURE)}"

    def publish(self, place: Path, folder: Path) -> list[Path]:
        """Copy report and figure from ``place`` into ``folder`` under names of their own; the files."""
        device = "cpu" if self.device == "cpu" else "cuda"
        target = folder / file_name(self.experiment, self.mode, device)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = [Path(shutil.copyfile(place / REPORT, target))]
            if not self.failed:
                files.append(Path(shutil.copyfile(place / FIGURE, target.with_suffix(".svg"))))
        except OSError as failed:
            raise BadReport(f"{target} cannot be written: {failed.strerror}") from failed
        return files

    def write(self, folder: Path) -> None:
        """Write the report and its page, each whole or not at all."""
        text = json.dumps(asdict(self), indent=1, default=plain) + "\n"
        for name, content in ((REPORT, text), (PAGE, self.page)):
            unfinished = folder / f"{name}.{os.getpid()}.unfinished"
            try:
                unfinished.write_text(content, encoding="utf-8")
                unfinished.replace(folder / name)
            except OSError as failed:
                unfinished.unlink(missing_ok=True)
                raise BadReport(f"{folder / name} cannot be written: {failed.strerror}") from failed


def read(file: Path) -> Report:
    """A report that was written; BadReport for anything else."""
    try:
        found = Report(**json.loads(file.read_text(encoding="utf-8")))
        Outcome(found.outcome)
    except (OSError, ValueError, TypeError) as damaged:
        raise BadReport(f"{file} is no report of an experiment: {damaged}") from damaged
    return found


def rows(found: Sequence[Finding | Confrontation]) -> list[dict[str, Any]]:
    """Findings and confrontations as rows of one form."""
    every: list[dict[str, Any]] = []
    for one in found:
        every += [one.as_dict()] if isinstance(one, Finding) else _compared(one)
    return every


def _compared(found: Confrontation) -> list[dict[str, Any]]:
    at = ", ".join(f"{name} = {value}" for name, value in found.hyperparameters.items())
    return [
        {
            "name": f"{s.name} ({found.design}; {at})",
            "claims": [found.claim],
            "relation": "=",
            "predicted": s.predicted,
            "measured": s.measured.value,
            "error": s.error,
            "seeds": s.measured.replicas,
            "tolerance": found.least_seen(s),
            "reason": f"a false alarm has probability {found.false_alarm:g}",
            "outcome": str(Outcome.REFUTED if len(found.statistics) * s.p_value < found.false_alarm else Outcome.HOLDS),
        }
        for s in found.statistics
    ]


def number(value: Any) -> str:
    """A number to four digits, everything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def finding_row(finding: dict[str, Any]) -> tuple[str, ...]:
    """A finding's cells under the columns FINDINGS."""
    error = finding["error"]
    measured = number(finding["measured"])
    if error:
        measured += f" ± {error:.2g}"
    relation = "" if finding["relation"] == "=" else f"{finding['relation']} "
    predicted = f"{relation}{number(finding['predicted'])}"
    return (
        finding["name"], predicted, measured, number(finding["tolerance"]), finding["outcome"], finding["reason"],
    )  # fmt: skip


def _table(columns: Sequence[str], found: Sequence[Sequence[Any]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(number(cell).replace("|", "\\|") for cell in row) + " |" for row in found]
