"""Leaves out of every page the live-code scripts, which name another host and are of no use here."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

NAME = "thebe"


def leave_out(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Drop the scripts from the page's context."""

    def wanted(script: Any) -> bool:
        attributes = getattr(script, "attributes", {})
        return NAME not in f"{getattr(script, 'filename', script)} {attributes.get('body', '')}".lower()

    context["script_files"] = [script for script in context.get("script_files", []) if wanted(script)]


def setup(app: Sphinx) -> dict[str, bool]:
    """After every extension that adds scripts."""
    app.connect("html-page-context", leave_out, priority=900)
    return {"parallel_read_safe": True}
