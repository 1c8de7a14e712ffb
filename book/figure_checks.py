"""What a build must have right of its figures: data, a command, colours that are seen on light and dark pages.

``checks.py`` asks ``wrong``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from checks import built

PAPER = {"light": ("#ffffff",), "dark": ("#121212", "#14181e")}
"""The backgrounds of the theme's pages."""
LEAST_CONTRAST = 3.0
"""Of what a figure draws with its background, as WCAG 2 asks of graphics (1.4.11)."""
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
RULE = re.compile(r"\.([\w-]+)\{([^}]*)\}")
FAINT = re.compile(r"(?:stroke|fill)-opacity:0?\.\d|(?:^|;)opacity:0?\.\d")
ICONS = ("sd-octicon", "sd-material-icon", "svg-inline--fa")
"""Classes of SVGs that are no figures."""
VOID = ("img", "br", "hr", "input", "meta", "link", "source", "wbr", "col")


class Figures(HTMLParser):
    """The figures of a page, each with what it links to and its command; pictures that stand in none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, list[str]]] = []
        self.loose: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect; only the article counts, not the theme's logo and buttons."""
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag not in VOID:
            self._open.append((tag, "figure" if "drawn" in classes else "article" if tag == "article" else ""))
            if tag == "code" and "command" in classes and self._within("figure"):
                self.found[-1]["command"].append("")
        if tag == "figure" and "drawn" in classes:
            self.found.append({"links": [], "command": [], "pictures": []})
        elif tag in ("img", "svg") and not set(classes) & set(ICONS):
            shown = given.get("src", "an SVG in the page")
            if self._within("figure"):
                self.found[-1]["pictures"].append(shown)
            elif self._within("article"):
                self.loose.append(shown)
        elif tag == "a" and self._within("figure") and "download" in given:
            self.found[-1]["links"].append(given.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while tag in (name for name, _ in self._open) and self._open.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        """Collect the words of a command."""
        if self._within("figure") and self.found[-1]["command"]:
            self.found[-1]["command"][-1] += data

    def _within(self, part: str) -> bool:
        return part in (kind for _, kind in self._open)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours ``#rrggbb`` by WCAG 2, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def inks(svg: str) -> Iterator[tuple[str, str]]:
    """(scheme, colour) of what a themed SVG draws; not what is drawn faintly, as grids, nor the paper."""
    light, _, dark = svg.partition("@media(prefers-color-scheme:dark)")
    styles = {name: rules for name, rules in RULE.findall(light) if not FAINT.search(rules)}
    changed = dict(RULE.findall(dark.partition("</style>")[0]))
    for name, rules in styles.items():
        for key, colour in re.findall(rf"(fill|stroke):({COLOUR.pattern})", rules):
            if colour not in PAPER["light"]:
                yield "light", colour
                after = re.search(rf"{key}:({COLOUR.pattern})", changed.get(name, ""))
                yield "dark", after[1] if after else colour


@cache
def mapped() -> frozenset[str]:
    """The colours of the map for areas."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    from proofs.experiments.drawing import MAP

    return frozenset(to_hex(colormaps[MAP](i)) for i in range(256))


def faint(name: str, svg: str) -> list[str]:
    """One line for each colour of an SVG that its background hides; a map's colours fill areas, and are let be."""
    lines = []
    for scheme, colour in sorted(set(inks(svg))):
        if colour not in mapped() and min(contrast(colour, paper) for paper in PAPER[scheme]) < LEAST_CONTRAST:
            lines.append(f"{name}: {colour} is hardly seen on a {scheme} page")
    return lines


def wrong(html: Path) -> list[str]:
    """One line for each picture of a built book that is no figure, and for each figure that lacks something."""
    files = built(html)
    with ProcessPoolExecutor() as pool:
        found = pool.map(on_page, files, (f.relative_to(html).as_posix() for f in files), chunksize=8)
        return [line for lines in found for line in lines]


def on_page(file: Path, name: str) -> list[str]:
    """The same of one page."""
    page = Figures(file.read_text(encoding="utf-8"))
    lines = [f"{name}: {picture} is a picture without data and command" for picture in page.loose]
    for number, figure in enumerate(page.found, 1):
        lines += [f"{name}: figure {number} {lack}" for lack in _lacks(figure, file.parent)]
        for picture in figure["pictures"]:
            if picture.endswith(".svg") and (file.parent / picture).is_file():
                lines += faint(picture, (file.parent / picture).read_text(encoding="utf-8"))
    return lines


def _lacks(figure: dict[str, list[str]], folder: Path) -> Iterator[str]:
    if not figure["pictures"]:
        yield "shows nothing"
    if not all(picture.endswith(".svg") or picture.startswith("an SVG") for picture in figure["pictures"]):
        yield "is no vector graphic"
    if not any(command.strip() for command in figure["command"]):
        yield "has no command"
    tables = [folder / link for link in figure["links"] if link.endswith(".csv")]
    if not tables:
        yield "has no data"
    for table in tables:
        text = table.read_text(encoding="utf-8") if table.is_file() else ""
        if len(list(csv.reader(line for line in text.splitlines() if not line.startswith("# ")))) < 2:
            yield f"has no data in {table.name}"
