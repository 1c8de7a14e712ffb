"""Leaves in the style sheets of the theme, which bring all of Bootstrap, the rules that a page or script asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx

SHEETS = ("_static/styles/*.css", "_static/sphinx-design.min.css")
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"-?[A-Za-z_][\w-]*")
ICON = re.compile("[\ue000-\uf8ff]")
"""A sign of a font of icons; sheets write its number, by which ``weight`` finds it."""
MADE = ("bs-tooltip-", "bs-popover-")
"""Beginnings of names that Bootstrap's script puts together."""


def words(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """The classes of the pages, and all words of the scripts, which may add any."""
    groups = set[str]().union(*(CLASSES.findall(page) for page in pages))
    return {name for group in groups for name in group.split()}.union(*(WORD.findall(script) for script in scripts))


def asked(sheet: str, wanted: set[str]) -> str:
    """The style sheet without the selectors that ask for a class which is not wanted; what else it has is kept."""
    text = "".join(_kept(tinycss2.parse_stylesheet(sheet, skip_comments=True), wanted))
    return ICON.sub(lambda character: f"\\{ord(character[0]):04x}", text)


def _kept(rules: Iterable[Any], wanted: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one for one in _selectors(rule.prelude) if _classes(one) <= wanted]
            if selectors:
                text = ",".join(tinycss2.serialize(one).strip() for one in selectors)
                yield f"{text}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = "".join(_kept(tinycss2.parse_rule_list(rule.content, skip_comments=True), wanted))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        else:
            yield rule.serialize()


def _selectors(prelude: Iterable[Any]) -> list[list[Any]]:
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _classes(selector: list[Any]) -> set[str]:
    """The classes that a match must have; those within :not(...) and its kin need not be there."""
    named = {
        name.value
        for dot, name in pairwise(selector)
        if dot.type == "literal" and dot.value == "." and name.type == "ident"
    }
    return {name for name in named if not name.startswith(MADE)}


def reduce(app: Sphinx, failed: Exception | None) -> None:
    """After a build of pages that did not fail. What it leaves is what a second time would leave."""
    root = Path(app.outdir)
    if failed is not None or app.builder.format != "html":
        return
    pages = (page.read_text(encoding="utf-8") for page in root.rglob("*.html"))
    scripts = (script.read_text(encoding="utf-8") for script in (root / "_static").rglob("*.js"))
    wanted = words(pages, scripts)
    for pattern in SHEETS:
        for sheet in root.glob(pattern):
            sheet.write_text(asked(sheet.read_text(encoding="utf-8"), wanted), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """When everything is written."""
    app.connect("build-finished", reduce)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
