"""What makes the book run its pages again, and what makes it build at all."""

from contextlib import nullcontext

import pytest

from tests.scripts import script

READ = (
    "figures.py",
    "notation.py",
    "permanent.py",
    "solutions.py",
    "data/permanent_ids.txt",
    "data/monitor.json",
    "_ext/claims.py",
)


@pytest.fixture
def building(monkeypatch, tmp_path):
    """The script that builds the book, on a folder with nothing but what pages read."""
    pytest.importorskip("jupyter_cache", reason="the book is not installed: pip install 'spherical-motion[book]'")
    built = script("build")
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")
    cache = tmp_path / ".jupyter_cache"
    build = tmp_path / "_build"
    places = {"BOOK": tmp_path, "BUILD": build, "CACHE": cache, "KEY": cache / "key", "STATE": build / "state"}
    for name, path in places.items():
        monkeypatch.setattr(built, name, path)
    built.drop_stale_cache()
    return built


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


@pytest.fixture
def html(building, monkeypatch, tmp_path):
    """A built page, the sources that it came from, and evidence."""
    for name in (
        "book/sgd.md",
        "theory/gram.py",
        "evidence/sgd-norm.json",
        "CITATION.cff",
        "book/_build/html/sgd.html",
    ):
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text("one", encoding="utf-8")
    monkeypatch.setattr(building.unchanged, "ROOT", tmp_path / "all")
    monkeypatch.setenv("SMD_EVIDENCE_DIR", str(tmp_path / "all" / "evidence"))
    return tmp_path / "all" / "book" / "_build" / "html"


@pytest.mark.parametrize(
    "changed", ["book/sgd.md", "theory/gram.py", "theory/new.py", "evidence/sgd-norm.json", "CITATION.cff"]
)
def test_a_changed_source_is_seen(building, html, changed):
    """A page, a derivation, a new file, evidence; nothing is seen where nothing changed."""
    before = building.unchanged.state(html)
    assert building.unchanged.state(html) == before
    (html.parents[2] / changed).write_text("two", encoding="utf-8")
    assert building.unchanged.state(html) != before


def test_a_changed_book_is_seen(building, html, monkeypatch):
    """A page that is gone or of another size, and another version of a package."""
    before = building.unchanged.state(html)
    (html / "sgd.html").write_text("longer", encoding="utf-8")
    assert building.unchanged.state(html) != before
    (html / "sgd.html").write_text("one", encoding="utf-8")
    assert building.unchanged.state(html) == before
    monkeypatch.setattr(building.unchanged, "distributions", list)
    assert building.unchanged.state(html) != before


def test_an_unchanged_book_is_left_alone(building, html, monkeypatch, capsys):
    """Where its state is the one that was written; otherwise the build begins, and one that fails leaves no state."""
    monkeypatch.setattr(building, "BUILD", html.parent)
    building.STATE.parent.mkdir()
    building.STATE.write_text(building.unchanged.state(html), encoding="utf-8")
    monkeypatch.setattr(building.checks, "of_sources", lambda: ["begun"])
    monkeypatch.setattr(building.kernels, "forked", nullcontext)  # what pages would need takes seconds to import
    assert building.main() == 0
    assert "Nothing changed" in capsys.readouterr().out
    (html / "sgd.html").unlink()
    assert building.main() == 1
    assert "begun" in capsys.readouterr().err
    assert not building.STATE.exists()


def test_a_page_that_is_wrong_as_written_costs_nothing(building, html, monkeypatch):
    """What was executed and built is kept, though what pages read has changed as well."""
    kept = building.CACHE / "executed"
    kept.touch()
    monkeypatch.setattr(building.checks, "of_sources", lambda: ["a typed decimal"])
    (building.BOOK / "figures.py").write_text("{1}", encoding="utf-8")
    assert building.main() == 1
    assert kept.exists()
