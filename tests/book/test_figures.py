"""Figures in a browser: they follow the page's theme, whatever the system's, and offer their data."""

import csv
import io

import pytest

from proofs.experiments.drawing import ON_DARK, THEORY

THEMES = ("light", "dark")
PAPER = {"light": (255, 255, 255), "dark": (18, 18, 18)}
IMAGE = "figure.drawn img"
LEGIBLE = 560
"""Pixels of a figure of two panels whose words can be read."""
SHOWN = f"document.querySelector('{IMAGE}').complete && document.querySelector('{IMAGE}').naturalWidth > 0"


def open_figure(browser, address, system):
    """A page at its first figure, on a system that likes light or dark."""
    page = browser.new_page(viewport={"width": 1100, "height": 800}, color_scheme=system)
    page.goto(address, wait_until="load")
    page.locator(IMAGE).first.scroll_into_view_if_needed()
    return page


def pixels(page, theme):
    """The colours of the figure under a theme, those of its corner first."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.wait_for_function(SHOWN)
    page.wait_for_timeout(200)
    shot = image.open(io.BytesIO(page.locator(IMAGE).first.screenshot())).convert("RGB")
    return [shot.getpixel((2, 2)), *shot.get_flattened_data()]


def near(colour, other):
    """Whether two colours are the same but for rounding."""
    return max(abs(a - b) for a, b in zip(colour, other, strict=True)) <= 6


def rgb(colour):
    """Parts of ``#rrggbb``."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


@pytest.mark.parametrize("system", THEMES)
def test_a_figure_follows_the_theme(browser, site, system):
    """Paper and ink are the theme's, also against the system's."""
    page = open_figure(browser, (site / "sgdm.html").as_uri(), system)
    for theme, ink in (("light", THEORY), ("dark", ON_DARK[THEORY])):
        corner, *rest = pixels(page, theme)
        assert near(corner, PAPER[theme])
        assert any(near(colour, rgb(ink)) for colour in set(rest))
    page.close()


def test_control_a_figure_that_does_not_follow_is_seen(browser, tmp_path, site):
    """Without its rules for dark pages a figure stays light."""
    text = (site / "figures" / "sgdm-1.svg").read_text(encoding="utf-8")
    (tmp_path / "a.svg").write_text(text.replace("prefers-color-scheme:dark", "width:0"), encoding="utf-8")
    style = "<style>html[data-theme=dark]{color-scheme:dark}</style>"
    (tmp_path / "a.html").write_text(f"{style}<figure class='drawn'><img src='a.svg'></figure>", encoding="utf-8")
    page = open_figure(browser, (tmp_path / "a.html").as_uri(), "dark")
    assert near(pixels(page, "dark")[0], PAPER["light"])
    page.close()


def test_a_figure_offers_its_data(browser, site):
    """Below it, from the file system: a table with rows, and words for who cannot see it."""
    page = open_figure(browser, (site / "sgdm.html").as_uri(), "light")
    figure = page.locator("figure.drawn").first
    link = figure.locator("a[href$='.csv']").get_attribute("href")
    text = (site / link).read_text(encoding="utf-8")
    assert len(list(csv.reader(io.StringIO(text)))) > 100
    assert "y is norm" in figure.locator("img").get_attribute("alt")
    assert figure.locator("code.command").inner_text() == "python book/draw.py sgdm 1"
    page.close()


def test_on_a_phone_a_figure_is_read_by_scrolling_it(browser, site):
    """Its words keep their size, its caption stays in view, and the page scrolls no further than down."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((site / "sgdm.html").as_uri(), wait_until="load")
    figure = page.locator("figure.drawn").first
    figure.scroll_into_view_if_needed()
    page.wait_for_function(SHOWN)
    assert page.locator(IMAGE).first.bounding_box()["width"] >= LEGIBLE
    figure.evaluate("f => { f.scrollLeft = f.scrollWidth }")
    assert figure.evaluate("f => f.scrollLeft") > 100
    caption = figure.locator("figcaption").bounding_box()
    assert caption["x"] >= 0
    assert caption["x"] + caption["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
