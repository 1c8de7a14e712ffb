"""What the book shows of a report: the columns asked for, and no more findings than a page can hold."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("sphinx", reason="the book is not installed: pip install 'spherical-motion[book]'")


def test_columns_and_rows(monkeypatch, tmp_path):
    """Rows without a number in the column are left out; a report that is not there says so."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from experiments import table_source

    published = json.loads((ROOT / "book/data/networks/exponential-lr-quick-cpu.json").read_text(encoding="utf-8"))
    published["table"] = {"columns": ["a", "b", "c"], "rows": [[1.23456, "", "x"], [2.0, 3.0, "y"]], "caption": ""}
    file = tmp_path / "report.json"
    file.write_text(json.dumps(published), encoding="utf-8")
    assert table_source(file, ["c", "a"], "b").splitlines() == ["| c | a |", "| --- | --- |", "| y | 2 |"]
    assert len(table_source(file, ["a"], "a").splitlines()) == 4
    assert "Not yet run" in table_source(tmp_path / "none.json", ["a"], "a")
    sys.modules.pop("experiments", None)
    sys.modules.pop("claims", None)


def test_of_many_findings_those_that_do_not_hold_are_shown(monkeypatch):
    """With the number of the others; of few all are shown."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from experiments import MANY, findings_of

    from proofs.experiments import report

    found = report.read(ROOT / "book/data/networks/exponential-lr-quick-cpu.json")
    one = found.findings[0]
    few = replace(found, findings=[one | {"outcome": "holds"}, one | {"outcome": "refuted"}])
    assert findings_of(few) == (few, [])
    many = replace(found, findings=few.findings * MANY)
    shown, told = findings_of(many)
    assert {finding["outcome"] for finding in shown.findings} == {"refuted"}
    assert len(shown.findings) == MANY
    assert f"{2 * MANY} findings {MANY} hold" in told[0]
    sys.modules.pop("experiments", None)
    sys.modules.pop("claims", None)
