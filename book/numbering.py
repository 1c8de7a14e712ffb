"""Whether print and web pages give theorems and equations one number: what each says, and where they differ.

A number is known by its page and its label: ``sgd:sgd-norm`` is Theorem 1, ``sgd:equation-eq-sgd-norm`` is (4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

KINDS = "Theorem|Lemma|Corollary|Proposition|Definition|Remark|Example|Assumption|Conjecture|Algorithm"
STATEMENT = re.compile(
    rf'<div class="proof[^"]*" id="([^"]+)">\s*<p class="admonition-title">'
    rf'<span class="caption-number">((?:{KINDS}) [\d.]+) </span>(.*?)</p>',
    re.DOTALL,
)
EQUATION = re.compile(r'<div class="math[^"]*" id="(equation-[^"]+)">\s*<span class="eqno">(\([\d.]+\))')
STATEMENT_IN_TEX = re.compile(r"\\begin\{smdstatement\}\{\\detokenize\{([^}]+)\}\}\{(\w+)\}\{([\d.]*)\}")
EQUATION_IN_TEX = re.compile(r"\\begin\{equation\}(?:\\tag\{([\d.]*)\})?\\label\{equation:([^}:]+):([^}]+)\}")
AT_THE_END = re.compile(r"\((\d+)\)\s*$", re.MULTILINE)


class Numbered(NamedTuple):
    """The number that a reader sees, and a statement's title."""

    number: str
    title: str = ""


def of_html(html: Path) -> dict[str, Numbered]:
    """By page and label, of every page in a folder."""
    found = {}
    for file in sorted(html.glob("*.html")):
        text = file.read_text(encoding="utf-8")
        for label, number, title in STATEMENT.findall(text):
            found[f"{file.stem}:{label}"] = Numbered(number, unescape(re.sub(r"<[^>]*>", "", title)).strip())
        for label, number in EQUATION.findall(text):
            found[f"{file.stem}:{label}"] = Numbered(number)
    return found


def of_tex(text: str) -> dict[str, str]:
    """By page and label, of what LaTeX is given."""
    found = {label: f"{kind} {number}" for label, kind, number in STATEMENT_IN_TEX.findall(text)}
    for number, page, label in EQUATION_IN_TEX.findall(text):
        found[f"{page}:equation-{re.sub('[^a-z0-9]+', '-', label.lower())}"] = f"({number})"
    return found


def differences(web: Mapping[str, Numbered], tex: Mapping[str, str]) -> list[str]:
    """One line for each label that has another number in print, or stands in one of them only."""
    lines = []
    for label in sorted(web.keys() | tex.keys()):
        here, there = web[label].number if label in web else "absent", tex.get(label, "absent")
        if here != there:
            lines.append(f"{label}: {here} on the web pages, {there} in print")
    return lines


def unseen(web: Mapping[str, Numbered], printed: str) -> list[str]:
    """One line for each statement whose number and title do not stand together once in the PDF's text.

    One more for the first equation whose number does not follow those before it at the end of a line.
    """
    text = _letters(printed)
    lines = [
        f"{label}: {one.number} {one.title} is printed {seen} times"
        for label, one in web.items()
        if one.title and (seen := text.count(_letters(f"{one.number}{one.title}"))) != 1
    ]
    awaited = iter(sorted(int(one.number.strip("()")) for one in web.values() if not one.title))
    wanted = next(awaited, None)
    for number in map(int, AT_THE_END.findall(printed)):
        if number == wanted:
            wanted = next(awaited, None)
    return lines if wanted is None else [*lines, f"({wanted}) is not printed after the equations before it"]


def _letters(text: str) -> str:
    """Letters and digits alone: no breaks of lines, no ligatures, no signs that a font may name otherwise."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))
