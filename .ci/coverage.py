"""What the tests run of each package: all of them under coverage, the uncovered lines, and book/data/coverage.json."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
WRITTEN = ROOT / "book" / "data" / "coverage.json"
TOTALS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
VERSIONS = ("coverage", "pytest", "torch", "numba", "sympy")


def share(covered: int, total: int) -> float:
    """Per cent, to a tenth; all of nothing is covered."""
    return round(100 * covered / total, 1) if total else 100.0


def ranges(lines: list[int]) -> list[str]:
    """Line numbers with neighbours joined: 3, 4, 7 is "3-4", "7"."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(lines), lambda place: place[1] - place[0])]
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]


def summary(report: dict, chosen: list[str]) -> dict:
    """Coverage's own report, by package, with what is not covered by file, of all tests or those chosen."""
    packages: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TOTALS, 0))
    uncovered = {}
    for name, file in sorted(report["files"].items()):
        for key in TOTALS:
            packages[name.split("/")[0]][key] += file["summary"][key]
        lines, branches = file["missing_lines"], file["missing_branches"]
        # A branch from or to a line that is not covered says nothing more.
        half = [f"{a}->{'exit' if b < 0 else b}" for a, b in branches if a not in lines and b not in lines]
        if lines or half:
            uncovered[name] = {"lines": ranges(lines), "branches": half}
    found = {
        name: {
            "lines": share(n["covered_lines"], n["num_statements"]),
            "branches": share(n["covered_branches"], n["num_branches"]),
            "together": share(n["covered_lines"] + n["covered_branches"], n["num_statements"] + n["num_branches"]),
            **n,
        }
        for name, n in packages.items()
    }
    versions = {"python": platform.python_version()} | {name: version(name) for name in VERSIONS}
    date = datetime.now(UTC).date().isoformat()
    return {"date": date, "versions": versions, "tests": chosen or "all", "packages": found, "uncovered": uncovered}


def coverage(*arguments: str, check: bool = True) -> int:
    """One of coverage's commands; stops where it fails, unless not checked."""
    code = subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT).returncode
    if check and code:
        sys.exit(code)
    return code


def main() -> None:
    """Run the tests, with further arguments for pytest, and write what they cover."""
    coverage("erase")
    coverage("run", "-m", "pytest", "-n", "auto", *sys.argv[1:])
    coverage("combine", "--quiet")
    told = ROOT / ".coverage.json"
    try:
        coverage("json", "--quiet", "--fail-under=0", "-o", str(told))
        found = summary(json.loads(told.read_text(encoding="utf-8")), sys.argv[1:])
    finally:
        told.unlink(missing_ok=True)
    half_written = WRITTEN.with_suffix(".part")
    half_written.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    os.replace(half_written, WRITTEN)
    sys.exit(coverage("report", check=False))


if __name__ == "__main__":
    main()
