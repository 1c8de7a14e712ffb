"""The words of claims in HTML: products are no emphasis, mathematics and code stay."""

import sys
from pathlib import Path

import pytest

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
        ("factor 1 - lr*wd; the step is lr*c", "factor 1 - lr*wd; the step is lr*c"),
        ("E<w, m> & `smd`", "E&lt;w, m&gt; &amp; <code>smd</code>"),
        ("with $a < b$", '<span class="math notranslate nohighlight">\\(a &lt; b\\)</span>'),
    ],
)
def test_words_are_text_with_mathematics_and_code(pages, text, html):
    """Nothing but dollars and backquotes has a meaning."""
    found = pages.words(text)
    assert found == html or ("$" in text and html in found)
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
