"""The theme's icons: those that are shown stay, the others go."""

import runpy
from pathlib import Path

icons = runpy.run_path(str(Path(__file__).parents[1] / "book" / "_ext" / "icons.py"))
SCRIPT = (
    'a({sun:[512,512,[9728],"f185","M1"],'
    '"circle-half-stroke":[512,512,[9680,"adjust"],"f042",["M2","M3"]],"bell":[1,1,[],"f0f3","M4"]})'
)


def test_icons_that_are_shown_stay():
    """By their name or another of their names."""
    wanted = icons["shown"](['<i class="fa-solid fa-sun"></i>', '<i class="fas fa-adjust">'])
    kept = icons["keep"](SCRIPT, wanted)
    assert "M1" in kept
    assert "M2" in kept
    assert "M4" not in kept


def test_control_nothing_else_is_touched():
    """With every icon wanted the script is the same; with none, what is around the drawings is left."""
    assert icons["keep"](SCRIPT, {"sun", "adjust", "bell"}) == SCRIPT
    assert icons["keep"](SCRIPT, set()) == "a({})"
