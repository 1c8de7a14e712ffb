"""Directive ``{calculator} PANEL``: a panel that computes in the page, its scripts loaded by that page alone.

The scripts are classic ones, so they run from the file system: ``derived.js`` is written from SymPy's expressions
(``smd.calculators``), ``calculator.js`` joins those of ``_calculator``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = Path(__file__).parents[1] / "_calculator"
SCRIPTS = (
    "numerics", "prediction", "muon", "schedule", "trajectory", "solving", "translating", "recipe", "explaining",
    "charts", "fields", "panels", "page",
)  # fmt: skip
"""In the order in which they need each other."""
OUTPUT = "calculator"
DERIVED = Path(__file__).parents[1] / ".jupyter_cache" / "derived.js"
"""Derived while other processes typeset the claims."""
ELSEWHERE = r"\emph{{Here the web page \texttt{{{}.html}} has a panel that computes in the browser.}}"


class Calculator(SphinxDirective):
    """One panel."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        panel = FOLDER / f"{self.arguments[0]}.html"
        if not panel.is_file():
            known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.html")))
            raise self.error(f"calculator: {self.arguments[0]} is no panel; known are {known}")
        for file in FOLDER.iterdir():
            self.env.note_dependency(str(file))
        self.env.metadata[self.env.docname]["calculator"] = True
        elsewhere = nodes.raw("", ELSEWHERE.format(self.env.docname), format="latex")
        return [nodes.raw("", panel.read_text(encoding="utf-8"), format="html"), elsewhere]


def joined() -> str:
    """Every script by hand, one after the other."""
    return "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


def derive() -> str:
    """The derived script, kept beside the executed pages while its sources are the same."""
    from smd import calculators, javascript
    from theory import compiled

    sources = [Path(module.__file__ or "").read_bytes() for module in (calculators, javascript)]
    first = "/* " + hashlib.sha256(b"\0".join([compiled.source_key().encode(), *sources])).hexdigest() + " */\n"
    if DERIVED.is_file():
        found = DERIVED.read_text(encoding="utf-8")
        if found.startswith(first):
            return found
    found = first + calculators.script()
    DERIVED.parent.mkdir(exist_ok=True)
    DERIVED.write_text(found, encoding="utf-8")
    return found


def write(app: Sphinx) -> None:
    """Put the scripts and the style where pages load them from."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / OUTPUT
    target.mkdir(parents=True, exist_ok=True)
    (target / "derived.js").write_text(derive(), encoding="utf-8")
    (target / "calculator.js").write_text(joined(), encoding="utf-8")
    (target / "calculator.css").write_bytes((FOLDER / "calculator.css").read_bytes())


def load(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Load them on the pages that have a panel, and on no other."""
    if app.env.metadata.get(page, {}).get("calculator"):
        app.add_css_file(f"{OUTPUT}/calculator.css")
        app.add_js_file(f"{OUTPUT}/derived.js", defer="defer")
        app.add_js_file(f"{OUTPUT}/calculator.js", defer="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("calculator", Calculator)
    app.connect("builder-inited", write)
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True}
