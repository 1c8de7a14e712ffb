"""What makes the book run its pages again."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
READ = ("figures.py", "notation.py", "permanent.py", "solutions.py", "data/permanent_ids.txt", "data/monitor.json")


@pytest.fixture
def building(monkeypatch, tmp_path):
    """The script that builds the book, on a folder with nothing but what pages read."""
    pytest.importorskip("jupyter_cache")
    monkeypatch.setattr(sys, "path", [str(BOOK), *sys.path])
    script = import_module("build")
    assert Path(script.__file__).parent == BOOK
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")
    cache = tmp_path / ".jupyter_cache"
    for name, path in {"BOOK": tmp_path, "BUILD": tmp_path / "_build", "CACHE": cache, "KEY": cache / "key"}.items():
        monkeypatch.setattr(script, name, path)
    script.drop_stale_cache()
    return script


@pytest.mark.parametrize("name", READ)
def test_pages_run_again_when_what_they_read_changed(building, name):
    """A script, a list or measured figures; what pages do not read leaves the cache as it is."""
    kept = building.CACHE / "executed"
    kept.touch()
    (building.BOOK / "sgd.md").write_text("another word", encoding="utf-8")
    building.drop_stale_cache()
    assert kept.exists()
    (building.BOOK / name).write_text("{1}", encoding="utf-8")
    building.drop_stale_cache()
    assert not kept.exists()
