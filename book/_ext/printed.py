"""The book in print: what the LaTeX builder does otherwise than the web pages, under the same numbers.

LaTeX counts nothing: it is given the numbers of theorems and equations that Sphinx counted for the web pages.
Vector pictures become PDF, folded cells stay out, facts of a claim become a line, what moves becomes its address.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import matplotlib
import yaml
from docutils import nodes
from foldable import unframed
from line_breaks import broken, width
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.writers.latex import LaTeXTranslator
from sphinx_proof.nodes import NODE_TYPES, proof_node

BOOK = Path(__file__).parents[1]
PREAMBLE = BOOK / "_latex" / "preamble.tex"
CITATION = BOOK.parent / "CITATION.cff"
DOCUMENT = "spherical-motion"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
"""DejaVu, in which the pictures are set; its monospaced face has every sign that code and its output use."""
FONT_PACKAGE = rf"""
\setmainfont{{lmroman10}}[Extension=.otf, UprightFont=*-regular, BoldFont=*-bold, ItalicFont=*-italic,
  BoldItalicFont=*-bolditalic]
\setsansfont{{lmsans10}}[Extension=.otf, UprightFont=*-regular, BoldFont=*-bold, ItalicFont=*-oblique,
  BoldItalicFont=*-boldoblique]
\setmonofont{{DejaVuSansMono}}[Path={FONTS}/, Extension=.ttf, UprightFont=*, BoldFont=*-Bold, ItalicFont=*-Oblique,
  BoldItalicFont=*-BoldOblique, Scale=0.8]
"""
LEFT_OUT = ("Notation",)
"""Facts that every claim shares; the page of conventions has them once."""
SHORT = ("Setting", "Status")
"""Facts whose first word is explained once: by the conventions, by the ledger."""

ACROSS = 104
"""Signs of a table that fit side by side, a column's margins being one."""
NARROW = 20
"""As wide as a column must be for one formula or word."""


def title_page(citation: dict[str, Any]) -> str:
    """The title page's LaTeX, from what is cited."""
    authors = r" \and ".join(
        a.get("name") or f"{a['given-names']} {a['family-names']}" for a in citation["authors"]
    ).replace(r"\and", r"\\")
    title, _, subtitle = citation["title"].partition(": ")
    return rf"""\begin{{titlepage}}\centering\vspace*{{.25\textheight}}
{{\Huge\bfseries {title}\par}}\vspace{{1em}}
{{\Large {subtitle}\par}}\vspace{{4em}}
{{\large {authors}\par}}\vspace{{2em}}
Version {citation["version"]}, {citation["date-released"]}\par
\vfill
Theorems and equations have the numbers of the web pages, which also hold the calculators,\\
a page for each claim with its evidence, and downloads.\par
\end{{titlepage}}
"""


def configure(app: Sphinx, config: Config) -> None:
    """Title page, fonts and preamble."""
    config.latex_documents = [(config.root_doc, f"{DOCUMENT}.tex", config.project, config.author, "manual")]
    config.latex_engine = "xelatex"
    config.latex_domain_indices = False
    config.latex_use_xindy = False
    config.latex_elements = {
        "papersize": "a4paper",
        "extraclassoptions": "openany,oneside",
        "fontpkg": FONT_PACKAGE,
        "fncychap": "",
        "preamble": PREAMBLE.read_text(encoding="utf-8"),
        "maketitle": title_page(yaml.safe_load(CITATION.read_text(encoding="utf-8"))),
        "printindex": "",
        "makeindex": "",
        "tableofcontents": r"\tableofcontents",
    }


class Arrangement(SphinxPostTransform):
    """The first page becomes the first chapter, the contents' captions become parts, folded input stays out."""

    builders = ("latex",)
    default_priority = 700

    def run(self, **_: Any) -> None:
        """Only the whole book: the start page with every other in it."""
        if self.document.next_node(addnodes.start_of_file) is None:
            return
        self._arrange()
        for cell in list(self.document.findall(lambda n: "tag_hide-input" in _classes(n))):
            for source in list(cell.findall(lambda n: "cell_input" in _classes(n))):
                source.parent.remove(source)
        for facts in list(self.document.findall(lambda n: "claim-facts" in _classes(n))):
            facts.children = [_line(table) for table in facts.findall(nodes.table)]
        for table in self.document.findall(nodes.table):
            _fit(table)
        for proof in list(self.document.findall(proof_node)):
            _open(proof)
        for formula in [m for title in self.document.findall(nodes.title) for m in title.findall(nodes.math)]:
            bare = re.sub(r"[^\w ,.=+-]", "", formula.astext())
            latex = rf"\texorpdfstring{{\({formula.astext()}\)}}{{{bare.replace('_', ' ')}}}"
            formula.replace_self(nodes.raw("", latex, format="latex"))  # a PDF's bookmarks have no mathematics

    def _arrange(self) -> None:
        root = next(child for child in self.document.children if isinstance(child, nodes.section))
        wrappers = [n for n in root.findall(nodes.compound) if "toctree-wrapper" in _classes(n)]
        captions = [tree.caption for tree in self.config.external_site_map.root.subtrees]
        for wrapper, caption in zip(wrappers, captions, strict=True):
            wrapper.parent.remove(wrapper)
            wrapper.insert(0, nodes.raw("", rf"\part{{{caption}}}", format="latex"))
        first = nodes.section(ids=["start"], docname=self.config.root_doc)
        first += root.children
        root.children = []
        root += [nodes.title("", self.config.project), first, *wrappers]


def _classes(node: nodes.Node) -> list[str]:
    return node.get("classes", []) if isinstance(node, nodes.Element) else []


def _line(table: nodes.table) -> nodes.Element:
    """The facts of a claim, one after the other."""
    line = nodes.paragraph()
    for row in table.next_node(nodes.tbody).children:  # type: ignore[union-attr]
        name, (fact, *_) = row[0].astext(), row[1].children
        if name in LEFT_OUT:
            continue
        told = fact.children
        if name == "Setting":
            told = [nodes.Text(fact.astext().partition(":")[0])]
        elif name == "Status":
            told = [fact[0]]
        elif name == "Claim":
            claim = fact[0].astext()
        line += [nodes.strong("", name), nodes.Text(" "), *told, nodes.Text(". ")]
    line += [nodes.strong("", "Evidence"), nodes.Text(f" {evidence(claim)}.")]
    return nodes.container("", nodes.raw("", r"\begin{smdfacts}", format="latex"), line,
                           nodes.raw("", r"\end{smdfacts}", format="latex"))  # fmt: skip


def evidence(claim: str) -> str:
    """The layers of a claim by what they found, each with its date."""
    from claims import known

    found: dict[tuple[str, str], list[str]] = {}
    for one in known(claim)["dossier"]["evidence"]:
        stale = " (stale)" if one.get("stale") else ""
        found.setdefault((one["outcome"] + stale, one.get("date", "")[:10]), []).append(one["label"])
    told = [f"{what} {date}".strip() + f": {', '.join(labels)}" for (what, date), labels in found.items()]
    return "; ".join(told) or "none"


def _fit(table: nodes.table) -> None:
    """Widths for the columns of a table that is wider than the page, by what stands in them; it may go over pages."""
    rows = [row.children for row in table.findall(nodes.row)]
    for formula in [math for row in rows for entry in row for math in entry.findall(nodes.math)]:
        formula.replace_self(nodes.raw(formula.astext(), rf"\smdcell{{{formula.astext()}}}", format="latex"))
    for entry in (entry for row in rows for entry in row if not entry.astext()):
        entry.children = []  # an empty paragraph has the height of two lines
    columns = [[_words(entry) for entry in column] for column in zip(*rows, strict=True)]
    longest = [max(sum(words) + len(words) for words in column) for column in columns]
    across = ACROSS - len(columns)
    if sum(longest) <= across:
        return
    needed = [min(max(max(words, default=0) for words in column) + 1, NARROW) for column in columns]
    spare = max(across - sum(needed), 0)
    wished = [max(min(long, across) - need, 0) for long, need in zip(longest, needed, strict=True)]
    for spec, need, wish in zip(table.findall(nodes.colspec), needed, wished, strict=True):
        spec["colwidth"] = round(10 * (need + spare * wish / (sum(wished) or 1)))
    table["classes"] = [*table["classes"], "colwidths-given", "longtable"]


def _words(entry: nodes.Element) -> list[int]:
    """Widths of what a line of a cell cannot break."""
    found = []
    for leaf in entry.findall(nodes.Text):
        raw = leaf.parent if isinstance(leaf.parent, nodes.raw) else None
        if raw is None or (raw["format"] == "latex" and not raw.rawsource):
            found += [len(word) for word in re.split(r"(?<=-)|\s+", re.sub(r"\\[a-z]+ ?|[{}]", "", leaf)) if word]
        elif raw["format"] == "latex":
            found.append(width(raw.rawsource))
    return found


def _open(proof: nodes.Element) -> None:
    """A proof without the frame of a note, its first word in italics."""
    word = unframed(proof)
    first = next(proof.findall(nodes.paragraph))
    first.insert(0, [nodes.emphasis("", word), nodes.Text(" ")])


class VectorPictures(ImageConverter):
    """SVG to PDF, in matplotlib's own fonts."""

    conversion_rules = [("image/svg+xml", "application/pdf")]  # noqa: RUF012

    def is_available(self) -> bool:
        """The program is asked for before anything is built."""
        return True

    def convert(self, _from: str | os.PathLike[str], _to: str | os.PathLike[str]) -> bool:
        """Raises CalledProcessError where the picture cannot be read."""
        target = Path(_to)
        fonts = target.with_name("fonts.conf")
        fonts.write_text(
            f"<fontconfig><dir>{FONTS}</dir><cachedir>{target.parent}</cachedir></fontconfig>", encoding="utf-8"
        )
        subprocess.run(
            ["rsvg-convert", "--format", "pdf", "--output", str(target), str(_from)],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
            check=True,
        )
        return True


def number(translator: LaTeXTranslator, kind: str, identifier: str) -> str:
    """What Sphinx counted for the web pages."""
    counted = translator.builder.env.toc_fignumbers[translator.curfilestack[-1]][kind][identifier]
    return ".".join(map(str, counted))


def begin_statement(self: LaTeXTranslator, node: nodes.Element) -> None:
    """A theorem or one of its kin, under the number given."""
    label = f"{self.curfilestack[-1]}:{node['label']}"
    counted = number(self, node["countertype"], node["ids"][0])
    self.body.append(rf"\begin{{smdstatement}}{{\detokenize{{{label}}}}}{{{node['realtype'].title()}}}{{{counted}}}")


def end_statement(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Its end."""
    self.body.append("\\end{smdstatement}\n")


def begin_proof(self: LaTeXTranslator, node: nodes.Element) -> None:
    """A proof."""
    self.body.append("\n\\begin{smdproof}\n")


def end_proof(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Its end."""
    self.body.append("\\end{smdproof}\n")


ROOM = "4em"
"""Beside a formula for its number."""


def formula(self: LaTeXTranslator, node: nodes.Element) -> None:
    """A displayed formula, under the number given if it has one."""
    label = node.get("label")
    text = node.astext().strip()
    if not node.get("nowrap"):
        text = text.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}").strip()
        if r"\begin" not in text:
            text = " \\\\\n".join(broken(line.strip()) for line in text.split(r"\\"))
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
        if label:
            counted = number(self, "displaymath", node["ids"][0])
            place = rf"\label{{equation:{node['docname']}:{label}}}"
            text = rf"\begin{{equation}}\tag{{{counted}}}{place}\smdfit{{{text}}}{{{ROOM}}}\end{{equation}}"
        else:
            text = rf"\[\smdfit{{{text}}}{{0pt}}\]"
    elif label:
        raise ValueError(f"{label}: an environment of several numbers has none of the web pages'")
    self.body.append(f"\n{text}\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """After the extensions whose nodes are set otherwise."""
    app.setup_extension("sphinx_proof")
    app.connect("config-inited", configure, priority=900)
    app.add_post_transform(Arrangement)
    app.add_post_transform(VectorPictures)
    for kind in NODE_TYPES.values():
        app.registry.add_translation_handlers(kind, latex=(begin_statement, end_statement))
    app.registry.add_translation_handlers(proof_node, latex=(begin_proof, end_proof))
    app.registry.add_translation_handlers(nodes.math_block, latex=(formula, None))
    return {"parallel_read_safe": True}
