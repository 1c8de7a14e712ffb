"""Previews of theorems and equations: what a link leads to, shown beside it.

Each written page leaves ``previews/PAGE.js`` with its labelled statements; ``previews.js`` fetches it as a classic
script when a link is hovered or focused, so a page is no heavier for them and they work from the file system.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
CLASSES = {"proof", "math"}
"""What is shown: numbered environments and displayed equations; and the statement on a claim's own page."""
STATEMENT = "claim-statement"


class Labelled(HTMLParser):
    """Collects the source of every labelled element of the classes that are shown."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: dict[str, str] = {}
        self._open: list[tuple[str, str | None, int]] = []
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where an element began."""
        if tag in VOID:
            return
        given = dict(attrs)
        classes = set((given.get("class") or "").split())
        shown = tag == "div" and (classes & CLASSES or STATEMENT in classes)
        self._open.append((tag, given.get("id") if shown else None, self._place()))

    def handle_endtag(self, tag: str) -> None:
        """Keep the element that ends, if it is shown."""
        while self._open:
            name, label, begin = self._open.pop()
            if label is not None and name == tag:
                self.found[label] = self._source[begin : self._place()] + f"</{tag}>"
            if name == tag:
                return

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


def collect(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Write the page's previews; jupyter-book gives every page the script that shows them, as all of ``_static``."""
    if app.builder.name != "html":
        return
    found = Labelled(context.get("body") or "").found
    file = Path(app.outdir) / "previews" / f"{page}.js"
    if found:
        file.parent.mkdir(parents=True, exist_ok=True)
        told = json.dumps(found, ensure_ascii=False).replace("</", "<\\/")
        file.write_text(f"smdPreviews({json.dumps(page)}, {told});\n", encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """After every extension that changes a page's body."""
    app.connect("html-page-context", collect, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
