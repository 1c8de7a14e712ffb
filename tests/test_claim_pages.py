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
