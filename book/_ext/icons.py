"""Keeps of the theme's icons those that a page shows: the whole set is most of a page's weight."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

SCRIPT = Path("_static/scripts/fontawesome.js")
ICON = re.compile(r'(?:"([a-z0-9-]+)"|\b([a-z0-9]+)):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?')
SHOWN = re.compile(r"\bfa-([a-z0-9-]+)")


def shown(texts: Iterable[str]) -> set[str]:
    """Names of the icons in pages and in the scripts that add some."""
    return {name for text in texts for name in SHOWN.findall(text)}


def keep(script: str, wanted: set[str]) -> str:
    """The script without the drawings of icons that have none of the wanted names."""

    def kept(icon: re.Match[str]) -> str:
        names = {icon[1] or icon[2], *re.findall(r'"([a-z0-9-]+)"', icon[3])}
        return icon[0] if names & wanted else ""

    return ICON.sub(kept, script)


def reduce(app: Sphinx, failed: Exception | None) -> None:
    """After a build of pages that did not fail."""
    script = Path(app.outdir) / SCRIPT
    if failed is not None or not script.exists():
        return
    readers = [*Path(app.outdir).glob("*.html"), *(f for f in script.parent.glob("*.js") if f != script)]
    script.write_text(keep(script.read_text(encoding="utf-8"), shown(f.read_text(encoding="utf-8") for f in readers)))


def setup(app: Sphinx) -> dict[str, bool]:
    """When everything is written."""
    app.connect("build-finished", reduce)
    return {"parallel_read_safe": True}
