"""Gives the bibliography's entries the role that their list asks for: theirs is deprecated, and no list's child."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

ENTRY = 'role="doc-biblioentry"'
ITEM = 'role="listitem"'


def as_items(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """The entries of the page's lists are items."""
    if ENTRY in context.get("body", ""):
        context["body"] = context["body"].replace(ENTRY, ITEM)


def setup(app: Sphinx) -> dict[str, bool]:
    """When a page is written."""
    app.connect("html-page-context", as_items)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
