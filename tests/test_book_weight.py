"""The theme's icons: those that are shown stay, the others go."""

import runpy
from pathlib import Path

weight = runpy.run_path(str(Path(__file__).parents[1] / "book" / "_ext" / "weight.py"))
SCRIPT = (
    'a({sun:[512,512,[9728],"f185","M1"],'
    '"circle-half-stroke":[512,512,[9680,"adjust"],"f042",["M2","M3"]],"bell":[1,1,[],"f0f3","M4"]})'
)


def test_icons_that_are_shown_stay():
    """By their name or another of their names."""
    wanted = weight["shown"](['<i class="fa-solid fa-sun"></i>', '<i class="fas fa-adjust">'])
    kept = weight["keep"](SCRIPT, wanted)
    assert "M1" in kept
    assert "M2" in kept
    assert "M4" not in kept


def test_style_sheets_lose_what_is_not_shown():
    """Rules of other icons and the fonts that cannot be cut; nothing else."""
    rule = '.fa-sun:before{content:"\\f185"}'
    others = '.fa-bell:before,.fa-ring:before{content:"\\f0f3"}.other{color:red}'
    fonts = 'src:url(a.woff2) format("woff2"),url(a.ttf) format("truetype")'
    assert weight["keep_rules"](rule + others + fonts, {"sun"}) == (
        rule + '.other{color:red}src:url(a.ttf) format("truetype")'
    )
    assert weight["keep_rules"](rule + others, {"sun", "ring"}) == rule + others


def test_pictures_wait_and_words_are_loaded_to_search():
    """What is done already stays, and so do other scripts."""
    others = '<script src="_static/book.js"></script><img loading="eager" src="a.svg">'
    page = others + '<img src="b.svg">\n    <script src="../searchindex.js?v=1"></script>'
    assert weight["lighten"](page, searches=False) == others + '<img loading="lazy" src="b.svg">'
    assert weight["lighten"](page, searches=True).endswith("</script>")
    once = weight["lighten"](page, searches=False)
    assert weight["lighten"](once, searches=False) == once


def test_control_nothing_else_is_touched():
    """With every icon wanted the script is the same; with none, what is around the drawings is left."""
    assert weight["keep"](SCRIPT, {"sun", "adjust", "bell"}) == SCRIPT
    assert weight["keep"](SCRIPT, set()) == "a({})"
