"""The theme's style sheets: rules that nothing can ask for go, the others stay as they are."""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("tinycss2", reason="tinycss2 is not installed: pip install 'spherical-motion[book]'")
styles = runpy.run_path(str(Path(__file__).parents[1] / "book" / "_ext" / "styles.py"))
WANTED = styles["words"](['<p class="lead small">'], ['e.classList.add("shown")'])


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".lead{color:red}.card{color:blue}", ".lead{color:red}"),
        (".card,.shown>b{margin:0}", ".shown>b{margin:0}"),
        (".lead.card{margin:0}.lead.small{margin:1px}", ".lead.small{margin:1px}"),
        ("p:not(.card){margin:0}", "p:not(.card){margin:0}"),
        ("@media print{.card{margin:0}p{margin:0}}", "@media print{p{margin:0}}"),
        ("@media print{.card{margin:0}}", ""),
        (".bs-tooltip-top{margin:0}", ".bs-tooltip-top{margin:0}"),
        ('a[href$=".card"]{margin:0}', 'a[href$=".card"]{margin:0}'),
        (r'.shown:before{content:"\f185"}', r'.shown:before{content:"\f185"}'),
        ("@font-face{font-family:F;src:url(f.ttf)}", "@font-face{font-family:F;src:url(f.ttf)}"),
    ],
)
def test_rules_that_nothing_asks_for_go(sheet, left):
    """By selector, also inside of conditions; what no class decides stays."""
    assert styles["asked"](sheet, WANTED) == left
    assert styles["asked"](left, WANTED) == left


def test_words_of_scripts_count_and_those_of_prose_do_not():
    """A page asks by its classes alone."""
    assert styles["words"](["<p>card</p>"], []) == set()
    assert {"classList", "shown", "lead", "small"} <= WANTED
