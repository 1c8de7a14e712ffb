"""Makes pages light: of the theme's icons those that are shown, of MathJax the parts that the configuration names,
of the pictures those that come into view, and the words to search for on the page that searches alone.

Icons come twice, as drawings in a script and as glyphs of a font that style sheets name by their code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.config import Config

MATHJAX = "mathjax/startup.js"
"""Loads the components that the configuration names; the bundles hold a menu and more than pages use."""
SCRIPT = Path("_static/scripts/fontawesome.js")
STYLES = Path("_static/styles/pydata-sphinx-theme.css")
FONTS = Path("_static/vendor/fontawesome/webfonts")
ICON = re.compile(r'(?:"([a-z0-9-]+)"|\b([a-z0-9]+)):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?')
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"[^"]*"\}')
COMPRESSED = re.compile(r'url\([^)]*\.woff2\) format\("woff2"\),')
NAME = re.compile(r"\bfa-([a-z0-9-]+)")
PICTURE = re.compile(r"<img (?![^>]*\bloading=)")
SEARCH = re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>')
"""What the theme loads everywhere for a search while typing, which is not offered."""
CODE = re.compile(r"\\([0-9a-f]{4})\b")


def shown(texts: Iterable[str]) -> set[str]:
    """Names of the icons in pages and in the scripts that add some."""
    return {name for text in texts for name in NAME.findall(text)}


def keep(script: str, wanted: set[str]) -> str:
    """The script without the drawings of icons that have none of the wanted names."""

    def kept(icon: re.Match[str]) -> str:
        names = {icon[1] or icon[2], *re.findall(r'"([a-z0-9-]+)"', icon[3])}
        return icon[0] if names & wanted else ""

    return ICON.sub(kept, script)


def keep_rules(styles: str, wanted: set[str]) -> str:
    """The style sheet without the rules of icons that are not wanted, and with the fonts that can be cut."""
    kept = RULE.sub(lambda rule: rule[0] if set(NAME.findall(rule[1])) & wanted else "", styles)
    return COMPRESSED.sub("", kept)


def cut(font: Path, characters: set[int]) -> None:
    """Leave in a TrueType font the glyphs of these code points."""
    with TTFont(font) as found:
        subsetter = Subsetter(Options())
        subsetter.populate(unicodes=characters)
        subsetter.subset(found)
        found.save(font)


def lighten(page: str, searches: bool) -> str:
    """The page with pictures that wait, and without the words of the book unless it searches them."""
    waiting = PICTURE.sub('<img loading="lazy" ', page)
    return waiting if searches else SEARCH.sub("", waiting)


def reduce(app: Sphinx, failed: Exception | None) -> None:
    """After a build of pages that did not fail. What it leaves is what a second time would leave."""
    root = Path(app.outdir)
    script, styles = root / SCRIPT, root / STYLES
    if failed is not None or not script.exists():
        return
    for page in root.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if (lighter := lighten(text, page.name == "search.html")) != text:
            page.write_text(lighter, encoding="utf-8")
    readers = [*root.rglob("*.html"), *(f for f in script.parent.glob("*.js") if f != script)]
    wanted = shown(f.read_text(encoding="utf-8") for f in readers)
    script.write_text(keep(script.read_text(encoding="utf-8"), wanted), encoding="utf-8")
    styles.write_text(keep_rules(styles.read_text(encoding="utf-8"), wanted), encoding="utf-8")
    sheets = "".join(f.read_text(encoding="utf-8") for f in (root / "_static").rglob("*.css"))
    characters = {int(code, 16) for code in CODE.findall(sheets)}
    for font in (root / FONTS).glob("*.ttf"):
        cut(font, characters)


def choose_mathjax(app: Sphinx, config: Config) -> None:
    """In the place of the bundle that another extension chose."""
    config.mathjax_path = MATHJAX


def setup(app: Sphinx) -> dict[str, bool]:
    """MathJax at the start; icons when everything is written."""
    app.connect("config-inited", choose_mathjax, priority=900)
    app.connect("build-finished", reduce)
    return {"parallel_read_safe": True}
