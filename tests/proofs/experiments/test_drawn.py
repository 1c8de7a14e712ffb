"""Figures: their data read off what is drawn, their SVG small and themed, their colours told apart and seen."""

import csv
import io
import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'spherical-motion[sim]'")

from matplotlib.figure import Figure

from proofs.experiments import drawing
from proofs.experiments.drawing import ASIDE, ON_DARK, SERIES, THEORY
from proofs.experiments.drawn import COLUMNS, ENDS, described, rows, table
from proofs.experiments.themed import carried, themed

X = np.linspace(0.1, 2, 7)
SIMULATIONS_OF_SIGHT = {
    "usual": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""Linear RGB as dichromats see it: Machado, Oliveira and Fernandes (2009), severity 1."""
TOLD_APART = 12.0
"""Least distance in CIELAB of two series; about 2.3 is just seen."""


@pytest.fixture
def figure():
    """One of everything that pages draw."""
    with drawing.style():
        made = Figure()
        left, right = made.subplots(1, 2)
        left.plot(X, X**2, color=SERIES[0], label="law")
        left.plot(X, 2 * X, "o", color=SERIES[1])
        left.axhline(0.5, color=THEORY, linestyle="--", label="level")
        left.axvline(1.5, color=ASIDE)
        left.fill_between(X, X, 2 * X, color=SERIES[2], alpha=0.25, label="band")
        left.set(xlabel="step", ylabel="norm", title="first", yscale="log")
        right.errorbar(X, X, [X / 10, X / 5], color=SERIES[3], fmt="s", label="measured")
        right.scatter(X[:2], X[:2], color=SERIES[4], label="points")
        right.plot(X, 3 * X, color=SERIES[0])
        right.bar([1.0], [3.0], color=SERIES[5], label="bars")
        yield made


def by_series(made):
    """The table's rows by series."""
    found = {}
    for row in rows(table(made)):
        found.setdefault((row["panel"], row["series"]), []).append(row)
    return found


def test_data_are_what_was_drawn(figure):
    """Every point to nine digits, with its panel, name and error bar; a level has one coordinate."""
    found = by_series(figure)
    drawn = [(float(r["x"]), float(r["y"])) for r in found["1", "law"]]
    assert np.allclose(drawn, np.stack([X, X**2], axis=1), rtol=1e-8)
    ((level,), (upright,)) = found["1", "level"], found["1", "series 2"]
    assert (level["x"], level["y"]) == ("", "0.5")
    assert (upright["x"], upright["y"]) == ("1.5", "")
    ends = [[float(r[name]) for name in ("y low", "y high")] for r in found["2", "measured"]]
    assert np.allclose(ends, np.stack([0.9 * X, 1.2 * X], axis=1), rtol=1e-8)
    assert {r["x low"] for r in found["2", "measured"]} == {""}
    assert len(found["2", "points"]) == 2
    assert [(r["shown as"], r["x"], r["y"]) for r in found["2", "bars"]] == [("bar", "1", "3")]
    assert {r["shown as"] for r in found["1", "band"]} == {"area"}


def test_what_looks_the_same_has_one_name(figure):
    """A curve without a label has that of the curve with its colour and line in another panel."""
    assert len(by_series(figure)["2", "law"]) == len(X)


def test_a_table_says_what_its_axes_are(figure):
    """In lines before the header, which pandas skips with comment="#", and in words for who cannot see."""
    text = table(figure)
    assert text.startswith("# panel 1: first; x is step; y is norm\n# panel 2: \n")
    assert text.splitlines()[2].split(",") == [*COLUMNS, *ENDS]
    assert described(text) == "first; x is step, y is norm"
    assert {len(row) for row in csv.reader(io.StringIO(text.split("\n", 2)[2]))} == {len(COLUMNS + ENDS)}


def test_control_an_empty_figure_has_no_rows():
    """Legends' handles draw no point."""
    made = Figure()
    made.subplots().plot([], [], "o", label="nothing")
    assert rows(table(made)) == []


def test_an_svg_carries_data_and_command(figure):
    """They come back to the byte; what is left has neither, and is the same at every drawing."""
    text = drawing.svg(figure, "smd run x --quick & more")
    picture, data, command = carried(text)
    assert data == table(figure)
    assert command == "smd run x --quick & more"
    assert "metadata" not in picture
    assert drawing.svg(figure, "smd run x --quick & more") == text
    assert carried(picture) is None


def plain(figure):
    """What Matplotlib itself writes."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawn = io.StringIO()
    FigureCanvasSVG(figure).print_svg(drawn)
    return drawn.getvalue()


def test_a_themed_svg_draws_the_same(figure):
    """The same texts at the same places, as many paths, and every path within a tenth of a point; but half as long."""
    svg = "{http://www.w3.org/2000/svg}"
    with drawing.style():
        before = plain(figure)
    after, _, _ = carried(themed(before, "step\n1\n"))
    old, new = (ElementTree.fromstring(text) for text in (before, after))  # noqa: S314
    words = [["".join("".join(t.itertext()).split()) for t in root.iter(f"{svg}text")] for root in (old, new)]
    assert words[0] == words[1]
    ends = [[end(path.get("d")) for path in root.iter(f"{svg}path")] for root in (old, new)]
    assert len(ends[0]) == len(ends[1])
    assert np.abs(np.array(ends[0]) - np.array(ends[1])).max() < 0.06
    assert len(after) < len(before) / 2


def end(d):
    """Where a path ends, before it closes."""
    x = y = 0.0
    count = {"M": 1, "L": 1, "Q": 2, "C": 3}
    for command, flat in re.findall(r"([MLQCmlqc])([^MLQCmlqczZ]*)", d):
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", flat)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))[
            count[command.upper()] - 1 :: count[command.upper()]
        ]
        for px, py in points:
            x, y = (px, py) if command.isupper() else (x + px, y + py)
    return x, y


def test_every_colour_of_the_style_has_one_on_dark_pages(figure):
    """And the SVG says so in the rules for dark pages."""
    picture, _, _ = carried(drawing.svg(figure))
    light, _, dark = picture.partition("@media(prefers-color-scheme:dark)")
    for colour in (*SERIES, THEORY, ASIDE, "#ffffff", drawing.GRID):
        assert colour in light
        assert ON_DARK[colour] in dark


def linear(colour):
    """Linear RGB of ``#rrggbb``."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB of linear RGB, under D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours):
    """The least distance of two of the colours to any of the kinds of sight."""
    seen = [[lab(np.array(sight) @ linear(c)) for c in colours] for sight in SIMULATIONS_OF_SIGHT.values()]
    return min(np.linalg.norm(a - b) for each in seen for a, b in itertools.combinations(each, 2))


def test_series_are_told_apart_without_colour_vision():
    """On light pages and on dark ones."""
    assert nearest(SERIES) > TOLD_APART
    assert nearest([ON_DARK[colour] for colour in SERIES]) > TOLD_APART


def test_control_the_usual_colours_are_not_told_apart():
    """Matplotlib's own cycle has a green and a red of one kind."""
    assert nearest(["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b"]) < TOLD_APART
