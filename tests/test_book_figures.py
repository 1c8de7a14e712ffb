"""What the build asks of figures, each seen to fail: data, a command, a vector, colours that are seen."""

import pytest

from proofs.experiments import EXPERIMENTS, drawing, report
from proofs.experiments.drawn import rows
from proofs.experiments.themed import carried
from tests.scripts import BOOK, script

checks = vars(script("figure_checks"))
NETWORKS = sorted((BOOK / "data" / "networks").glob("*.json"))
STYLE = "<style>.a{fill:none;stroke:#0072b2}@media(prefers-color-scheme:dark){.a{stroke:#2a85d0}}</style>"
FIGURE = (
    '<article><figure class="drawn"><img src="figures/a.svg"><figcaption><a download href="figures/a.csv">data</a>'
    '<code class="command">python book/draw.py a 1</code></figcaption></figure><p>text</article><img src="logo.png">'
)


@pytest.fixture
def html(tmp_path):
    """A page with one figure."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "a.html").write_text(FIGURE, encoding="utf-8")
    (tmp_path / "figures" / "a.svg").write_text(f"<svg>{STYLE}</svg>", encoding="utf-8")
    (tmp_path / "figures" / "a.csv").write_text("# panel 1: \npanel,x\n1,2\n", encoding="utf-8")
    return tmp_path


def test_a_record_of_other_sources_is_told():
    """A day alone where the sources are those that it was made from; a record that does not say from which is old."""
    made = vars(script("figures"))["made"]
    assert made("2026-11-22T10:00:00", "abc", "abc") == "2026-11-22"
    assert made("2026-11-22T10:00:00", "abc", "xyz") == "2026-11-22; the sources have changed since"
    assert "changed" in made("2026-11-22T10:00:00", None, "abc")


def test_a_whole_figure_is_fine(html):
    """And the theme's own pictures are no figures."""
    assert checks["wrong"](html) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<a download href="figures/a.csv">data</a>', "", "has no data"),
        ('href="figures/a.csv"', 'href="figures/b.csv"', "no data in b.csv"),
        ("python book/draw.py a 1", " ", "has no command"),
        ('<code class="command">python book/draw.py a 1</code>', "python", "has no command"),
        ('src="figures/a.svg"', 'src="figures/a.png"', "no vector"),
        ('<img src="figures/a.svg">', "", "shows nothing"),
        ('class="drawn"', "", "without data and command"),
        ("<p>text", "<p><svg></svg>", "without data and command"),
    ],
)
def test_control_a_lack_is_seen(html, old, new, says):
    """Each thing that a figure must have."""
    assert FIGURE.count(old) == 1
    (html / "a.html").write_text(FIGURE.replace(old, new), encoding="utf-8")
    (line,) = checks["wrong"](html)
    assert says in line


def test_control_a_table_without_rows_is_seen(html):
    """A header is no data."""
    (html / "figures" / "a.csv").write_text("# panel 1: \npanel,x\n", encoding="utf-8")
    (line,) = checks["wrong"](html)
    assert "no data in a.csv" in line


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("stroke:#0072b2", "stroke:#e69f00", "light"),
        ("stroke:#2a85d0", "stroke:#333333", "dark"),
        (".a{stroke:#2a85d0}", ".b{stroke:#2a85d0}", ""),
        ("fill:none;stroke:#0072b2", "fill:none;stroke:#202020", ""),
    ],
)
def test_control_ink_that_is_not_seen(html, old, new, says):
    """Amber on white; grey on black; what does not change with the page is judged on both."""
    file = html / "figures" / "a.svg"
    file.write_text(f"<svg>{STYLE.replace(old, new)}</svg>", encoding="utf-8")
    found = checks["wrong"](html)
    assert len(found) == bool(says)
    assert says in "".join(found)


def test_control_ink_that_does_not_follow_is_seen(html):
    """Black stays black on a dark page where no rule changes it."""
    file = html / "figures" / "a.svg"
    file.write_text("<svg><style>.a{stroke:#000000}@media(prefers-color-scheme:dark){}</style></svg>", encoding="utf-8")
    (line,) = checks["wrong"](html)
    assert "#000000 is hardly seen on a dark page" in line


def test_every_colour_of_the_style_is_seen():
    """On both papers; the grid alone may be faint."""
    for light, dark in drawing.ON_DARK.items():
        if light not in (drawing.GRID, "#ffffff"):
            assert min(checks["contrast"](light, paper) for paper in checks["PAPER"]["light"]) >= 3
            assert min(checks["contrast"](dark, paper) for paper in checks["PAPER"]["dark"]) >= 3


def test_contrast_is_that_of_wcag():
    """Black on white is 21, the grey #767676 the first that reaches 4.5, in either order."""
    assert checks["contrast"]("#000000", "#ffffff") == pytest.approx(21)
    assert checks["contrast"]("#ffffff", "#767676") > 4.5 > checks["contrast"]("#777777", "#ffffff")


@pytest.mark.parametrize("file", NETWORKS, ids=lambda f: f.stem)
def test_published_figures_carry_their_data(file):
    """With the command of their run, in colours that are seen."""
    found = report.read(file)
    picture, data, command = carried(file.with_suffix(".svg").read_text(encoding="utf-8"))
    assert command == report.command(found.experiment, found.mode, found.device)
    assert len(rows(data)) > 3
    assert checks["faint"](file.stem, picture) == []
    assert found.experiment in EXPERIMENTS


def test_the_readme_s_figure_follows_its_reader_too():
    """It carries its data and its command, in colours that are seen."""
    picture, data, command = carried((BOOK / "_static" / "overview.svg").read_text(encoding="utf-8"))
    assert command == "python book/overview.py"
    assert len(rows(data)) > 100
    assert checks["faint"]("overview", picture) == []
