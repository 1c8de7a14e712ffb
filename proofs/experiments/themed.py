"""Matplotlib's SVG made small, in colours that follow the page, with the figure's data and command inside.

An image in a page takes the page's colour scheme, so one file serves light and dark, and by itself it follows the
reader's system. Its background is its own: where a browser does not follow, it is a light figure that can be read.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from matplotlib import cbook
from matplotlib.backends.backend_svg import FigureCanvasSVG

from proofs.experiments.drawing import ON_DARK, THEORY
from proofs.experiments.drawn import table

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
REFERENCE = re.compile(r"#([\w-]+)")
WORD = re.compile(r"[A-Za-z]|-?\d+\.?\d*(?:e-?\d+)?")
NUMBER = re.compile(r"-?\d+\.\d+")
WORDS = ("text", "tspan", "style")
BASE = "*{stroke-linejoin:round;stroke-linecap:butt}svg{fill:%s}"


class Canvas(FigureCanvasSVG):
    """Writes what Matplotlib writes, made small and themed; ``metadata["Source"]`` is the command that makes it."""

    def print_svg(
        self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Write the figure to a file or to what takes text or bytes."""
        drawn = io.StringIO()
        super().print_svg(drawn, bbox_inches_restore=bbox_inches_restore, metadata={"Date": None})
        text = themed(drawn.getvalue(), table(self.figure), (metadata or {}).get("Source") or "")
        with cbook.open_file_cm(filename, "w", encoding="utf-8") as file:
            (file if cbook.file_requires_unicode(file) else codecs.getwriter("utf-8")(file)).write(text)


def themed(drawn: str, data: str, command: str = "") -> str:
    """The SVG that Matplotlib drew: small, in the colours of ``ON_DARK`` on a dark page, with CSV and command.

    Coordinates are rounded to a tenth of a point. Colours that have no counterpart stay as they are.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    root = ElementTree.fromstring(drawn)  # noqa: S314 (Matplotlib wrote it)
    for part in root.findall(_name("metadata")):
        root.remove(part)
    names = {old: f"i{n}" for n, old in enumerate(sorted(_referred(root)))}
    classes: dict[str, str] = {}
    _reduce(root, names, classes, 1)
    (style,) = root.iter(_name("style"))
    style.text, style.attrib = _rules(classes), {}
    for tag, text in (("desc", command), ("metadata", data)):
        ElementTree.SubElement(root, _name(tag)).text = text
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def carried(text: str) -> tuple[str, str, str] | None:
    """Of a themed SVG: itself without its data, the data as CSV, the command; None for any other."""
    if "<metadata>" not in text:
        return None
    root = ElementTree.fromstring(text)  # noqa: S314 (the book's own)
    found = [root.find(_name(part)) for part in ("metadata", "desc")]
    if root.tag != _name("svg") or any(part is None or len(part) for part in found):
        return None
    data, command = ((part.text or "") if part is not None else "" for part in found)
    for part in found:
        root.remove(part)  # type: ignore[arg-type]
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    return ElementTree.tostring(root, encoding="unicode") + "\n", data, command


def _name(tag: str) -> str:
    return f"{{{SVG}}}{tag}"


def _referred(root: ElementTree.Element) -> set[str]:
    links = (part.get(name, "") for part in root.iter() for name in (f"{{{LINK}}}href", "clip-path"))
    return {name for link in links for name in REFERENCE.findall(link)}


def _reduce(at: ElementTree.Element, names: Mapping[str, str], classes: dict[str, str], digits: int) -> None:
    """Without what nothing refers to, empty groups and blanks; styles as classes."""
    for name, value in list(at.attrib.items()):
        if name == "id":
            at.attrib.pop(name)
            if value in names:
                at.set(name, names[value])
        elif name == "style":
            at.attrib.pop(name)
            style = re.sub(r"\s*([:;,])\s*", r"\1", NUMBER.sub(lambda n: _short(float(n[0]), 3), value))
            at.set("class", classes.setdefault(style.strip("; "), f"c{len(classes)}"))
        elif name == "d":
            at.set(name, _path(value, digits))
        elif name == f"{{{LINK}}}href" or name == "clip-path":
            at.set(name, REFERENCE.sub(lambda found: f"#{names[found[1]]}", value))
        elif name not in ("version", "xmlns"):
            at.set(name, NUMBER.sub(lambda n: _short(float(n[0]), 1), value))
    tag = at.tag.removeprefix(f"{{{SVG}}}")
    parts: list[ElementTree.Element] = []
    for part in at:
        _reduce(part, names, classes, 2 if tag == "defs" else digits)
        bare = part.tag == _name("g") and not part.attrib
        if tag not in WORDS or not (part.tail or "").strip():
            part.tail = None
        parts += list(part) if bare else [part]
    at[:] = parts
    if tag not in WORDS or not (at.text or "").strip():
        at.text = None


def _short(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return re.sub(r"^(-?)0\.", r"\1.", "0" if text == "-0" else text)


def _path(d: str, digits: int) -> str:
    """The same path, rounded, in steps from point to point; of Matplotlib's M, L, Q, C and z none is in steps."""
    scale = 10**digits
    parts: list[str] = []
    words = iter(WORD.findall(d))
    command, here, last = "", (0, 0), ""
    count = {"M": 1, "L": 1, "Q": 2, "C": 3}
    for word in words:
        if word in "zZ":
            parts.append("z")
            last = ""
            continue
        if word.isalpha():
            command, word = word, next(words)
        flat = [word, *(next(words) for _ in range(2 * count[command] - 1))]
        points = [
            (round(float(x) * scale), round(float(y) * scale)) for x, y in zip(flat[::2], flat[1::2], strict=True)
        ]
        start = (0, 0) if command == "M" else here
        steps = [(x - start[0], y - start[1]) for x, y in points]
        here = points[-1]
        if command == "L" and last == "l" and steps == [(0, 0)]:
            continue
        letter = command if command == "M" else command.lower()
        numbers = "".join(
            n if n.startswith("-") else f" {n}" for s in steps for n in (_short(c / scale, digits) for c in s)
        )
        parts.append(numbers if letter == last else letter + numbers.lstrip())
        last = letter if letter != "M" else ""
    return "".join(parts)


def _rules(classes: Mapping[str, str]) -> str:
    """The classes' rules, and below them what changes on a dark page."""
    light, dark = [BASE % THEORY], [BASE.partition("}")[2] % ON_DARK[THEORY]]
    for style, name in classes.items():
        light.append(f".{name}{{{style}}}")
        changed = [f"{key}:{ON_DARK[value]}" for key, value in _colours(style) if value in ON_DARK]
        dark += [f".{name}{{{';'.join(changed)}}}"] if changed else []
    return f"{''.join(light)}@media(prefers-color-scheme:dark){{{''.join(dark)}}}"


def _colours(style: str) -> list[tuple[str, str]]:
    """Fill and stroke of a style."""
    pairs = (rule.partition(":")[::2] for rule in style.split(";"))
    return [(key, value) for key, value in pairs if key in ("fill", "stroke") and value.startswith("#")]
