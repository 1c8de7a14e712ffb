"""The words of claims in HTML: products are no emphasis, mathematics and code stay. Their pages are all written."""

import importlib
import sys
from pathlib import Path

import pytest

from proofs import CLAIMS

MATH = '<span class="math inline"><span class="math notranslate nohighlight">'
EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"


@pytest.fixture(scope="module")
def pages():
    """The extension, which imports its neighbour."""
    sys.path.insert(0, str(EXTENSIONS))
    try:
        import claim_pages
    finally:
        sys.path.remove(str(EXTENSIONS))
    return claim_pages


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a batch*step & `smd`", "a batch*step &amp; <code>smd</code>"),
        ("$a < b$", f"{MATH}\\(a &lt; b\\)</span></span>"),
        ("a < b", f"{MATH}\\(a &lt; b\\)</span></span>"),
    ],
)
def test_words_are_text_with_mathematics_and_code(pages, text, html):
    """Formulas, dollars and backquotes have a meaning, a star has none."""
    found = pages.words(text)
    assert found == html
    assert "<em>" not in found


def test_layers_that_have_not_run_are_rows(pages):
    """With their verdict and nothing else."""
    table = pages.evidence_table({"evidence": [{"label": "simulation-gpu", "outcome": pages.NOT_RUN}]})
    assert "<td>simulation-gpu</td><td>not yet run</td><td></td>" in table


def test_pages_are_made_again_where_something_of_theirs_is_another(pages, tmp_path, monkeypatch):
    """A chapter, a script of the book, or the claims; a file that they do not show is none of theirs."""
    monkeypatch.setattr(pages, "state", lambda: "claims")
    for name in ("one.md", "_config.yml", "references.bib", "_ext/a.py", "_static/a.css"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("as it was")
    seen = {pages.made_from(tmp_path)}
    (tmp_path / "notes.txt").write_text("anything")
    assert seen == {pages.made_from(tmp_path)}
    for name in ("one.md", "_config.yml", "references.bib", "_ext/a.py", "_static/a.css"):
        (tmp_path / name).write_text("another")
        seen.add(pages.made_from(tmp_path))
    monkeypatch.setattr(pages, "state", lambda: "other claims")
    seen.add(pages.made_from(tmp_path))
    assert len(seen) == 7


STAND = [claim_id for claim_id in CLAIMS if claim_id.startswith("sgd-")]


@pytest.fixture
def written(pages, tmp_path, monkeypatch):
    """Builds a book of some claims, of which little is told, with so many processors: its files by name."""
    sphinx = pytest.importorskip("sphinx.application")
    namespace = importlib.import_module("sphinx.util.docutils").docutils_namespace
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    monkeypatch.setattr(pages, "state", lambda: "claims")
    monkeypatch.setattr(pages, "known", lambda name: {"dossier": {"id": name, "heading": name, "kind": "exact"}})
    monkeypatch.setattr(pages, "sections", lambda one, chapter, *_: [f"<h1>{one['heading']}</h1>", chapter])
    monkeypatch.setattr(pages, "write_files", lambda *_: None)
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.rst").write_text("Start\n=====\n\n.. toctree::\n\n   one\n   two\n")
    for name in ("one", "two"):
        (source / f"{name}.rst").write_text(f"{name}\n===\n\n:doc:`index`\n")
    (source / "one.md").write_text("".join(f"```{{claim}} {claim_id}\n```\n" for claim_id in STAND))
    (source / "references.bib").write_bytes((EXTENSIONS.parent / "references.bib").read_bytes())

    def build(processors):
        monkeypatch.setattr("os.cpu_count", lambda: processors)
        out = tmp_path / f"by-{processors}"
        settings = {"extensions": ["side_by_side", "claim_pages"], "exclude_patterns": ["*.md"]}
        with namespace():
            app = sphinx.Sphinx(
                source, None, out, tmp_path / f"trees-{processors}", "html", settings, status=None, warning=None
            )
            app.build()
        assert app.parallel == (processors + 1 if processors > 1 else 1)
        return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}

    return build


def test_several_processes_write_what_one_writes(written):
    """Every page of a claim, and nothing else that differs."""
    alone = written(1)
    assert len(STAND) > 3
    assert {f"claim/{claim_id}.html" for claim_id in STAND} <= set(alone)
    assert written(3) == alone


@pytest.mark.parametrize("processors", [1, 3])
def test_a_page_that_cannot_be_written_stops_the_book(pages, written, monkeypatch, tmp_path, processors):
    """Whoever writes it; and no later build takes the pages for whole."""

    def sections(one, *_):
        if one["id"] == STAND[1]:
            raise ValueError("no page")
        return ()

    monkeypatch.setattr(pages, "sections", sections)
    with pytest.raises(Exception, match=r"no page|pages .* were written"):
        written(processors)
    assert not list(tmp_path.rglob("claim-pages"))
