"""Every figure of the book: the picture, below it its data as CSV, itself as SVG, and the command that makes it.

Figures of cells and of experiments are SVGs that carry their data (``proofs.experiments.themed``); those drawn into a
page, the graph and the confrontations, come with a table of their own. The files lie in ``figures``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from proofs.experiments.drawn import described
from proofs.experiments.themed import carried

FOLDER = "figures"
DRAW = "python book/draw.py {page} {number}"
"""Draws the figure of a page by its number there."""
SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')


class Drawn(nodes.General, nodes.Element):
    """A figure: ``name``; ``picture``, an SVG, or ``inline``, HTML; ``data``; ``command``; ``alt``."""


def write(out: Path, name: str, data: str, picture: str = "") -> None:
    """Write the figure's files."""
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text(data, encoding="utf-8")
    if picture:
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")


def image(name: str, picture: str, alt: str) -> str:
    """HTML of a figure that is a file: it follows the page's theme by itself."""
    size = SIZE.search(picture)
    width, height = (round(float(points) * 4 / 3) for points in size.groups()) if size else (0, 0)
    shape = f'width="{width}" height="{height}"' if size else ""
    return f'<img class="dark-light" loading="lazy" src="{FOLDER}/{name}.svg" alt="{escape(alt, quote=True)}" {shape}/>'


def html(shown: str, name: str, command: str, also: Sequence[str] = (), up: str = "") -> str:
    """HTML of a figure with what belongs to it; ``also`` are names of other files of its data."""
    data = [f"{up}{FOLDER}/{name}.csv", *(f"{up}{FOLDER}/{name}.svg" for _ in re.findall(r"^<img", shown)), *also]
    links = ", ".join(
        f'<a download href="{link}">{"data (CSV)" if link.endswith("csv") else Path(link).suffix[1:].upper()}</a>'
        for link in data
    )
    return (
        f'<figure class="drawn" id="figure-{name}">{shown}<figcaption>{links}'
        f'<span>Made by <code class="command">{escape(command)}</code></span></figcaption></figure>'
    )


class Take(SphinxPostTransform):
    """Pictures that carry their data become figures, numbered on their page; those of reports have names."""

    default_priority = 600  # when the outputs of cells have become images
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Replace each."""
        number = 0
        for found in list(self.document.findall(nodes.image)):
            file = Path(self.app.srcdir) / found["uri"]
            if file.suffix != ".svg" or not file.is_file():
                continue
            parts = carried(file.read_text(encoding="utf-8"))
            if parts is None:
                continue
            picture, data, command = parts
            name = file.stem
            if not command:
                number += 1
                name = f"{self.env.docname}-{number}"
                command = DRAW.format(page=self.env.docname, number=number)
            drawn = Drawn("", name=name, picture=picture, data=data, command=command, alt=described(data))
            found.replace_self(drawn)


def visit(self: Any, node: Drawn) -> None:
    """Write the files and the HTML."""
    out = Path(self.builder.outdir)
    picture = node.get("picture", "")
    write(out, node["name"], node["data"], picture)
    shown = image(node["name"], picture, node["alt"]) if picture else node["inline"]
    self.body.append(html(shown, node["name"], node["command"]))
    raise nodes.SkipNode


def skip(self: Any, node: Drawn) -> None:
    """What is drawn into HTML is nowhere else."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the node."""
    app.add_node(Drawn, html=(visit, None), latex=(skip, None), text=(skip, None))
    app.add_post_transform(Take)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
