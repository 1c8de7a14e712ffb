"""Leaves out of every page what is of no use here: live-code scripts, which name another host, and icons drawn twice.

The theme draws its icons with a web font and then again by a script of 1.5 MB; the font alone shows the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

NAME = "thebe"
ICONS = Path("_static", "scripts", "fontawesome.js")


def leave_out(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Drop the scripts from the page's context."""

    def wanted(script: Any) -> bool:
        attributes = getattr(script, "attributes", {})
        return NAME not in f"{getattr(script, 'filename', script)} {attributes.get('body', '')}".lower()

    context["script_files"] = [script for script in context.get("script_files", []) if wanted(script)]


def empty_icons(app: Sphinx, error: Exception | None) -> None:
    """Leave nothing of the script that repeats the font; the theme's template asks for the file."""
    if error is None and (file := Path(app.outdir) / ICONS).exists():
        file.write_text("/* The icons are those of the web font. */\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """After every extension that adds scripts."""
    app.connect("html-page-context", leave_out, priority=900)
    app.connect("build-finished", empty_icons)
    return {"parallel_read_safe": True}
