"""A table in the book holds the columns asked for, of the rows that have a number there."""

import json
import sys
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
