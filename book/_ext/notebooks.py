"""A page with cells as a notebook that runs wherever the package is installed, and the button that downloads it.

A notebook has what its page takes from the book's folder, modules and data, in cells that write them beside it; its
outputs are those of the book.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nbformat
from claims import known
from jupyter_cache import get_cache
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from sphinx.application import Sphinx

from proofs import formulas
from proofs.experiments.themed import carried
from proofs.release import package_version

CELL = "{code-cell}"
SVG = "image/svg+xml"
CLAIM = re.compile(r"^```\{claim\} (\S+)\n```$", re.MULTILINE)
HEAD = """*From the book of Spherical Motion, version {version}, page `{page}`.* It runs where this version is
installed, from the project's folder:

    pip install '.[book,check]'

The next cells write what the page takes from the book's folder; then figures get the book's style."""
STYLE = "from proofs.experiments import drawing\ndrawing.use()"


def source(book: Path, page: str) -> NotebookNode:
    """The page as the build executes it."""
    path = book / f"{page}.md"
    return read_myst_markdown_notebook(path.read_text(encoding="utf-8"), add_source_map=True, path=str(path))


def taken(book: Path, sources: Iterable[str]) -> list[str]:
    """Files of the book's folder that code takes: modules that it imports and data that it names, and theirs."""
    data = {f.name: f.relative_to(book).as_posix() for f in sorted((book / "data").iterdir()) if f.is_file()}
    folders = {f.parent.name for f in book.glob("*/*.py") if not f.parent.name.startswith("_")}
    found: list[str] = []
    waiting = list(sources)
    while waiting:
        text = waiting.pop()
        names = [f"{name}.py" for name in imported(text) if (book / f"{name}.py").is_file()]
        names += [data[name] for name in data if name in text]
        names += [f"{name}/{f.name}" for name in folders if f'"{name}"' in text for f in (book / name).glob("*.py")]
        for name in names:
            if name not in found:
                found.append(name)
                if name.endswith(".py"):
                    waiting.append((book / name).read_text(encoding="utf-8"))
    return sorted(found)


def imported(text: str) -> set[str]:
    """Names of the modules that Python imports; none of what is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a cell with a magic
        return set()
    named = [n.names for n in ast.walk(tree) if isinstance(n, ast.Import)]
    whole = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and not n.level}
    return whole | {alias.name for names in named for alias in names}


def writing(book: Path, names: list[str]) -> list[NotebookNode]:
    """Cells that write files beside the notebook."""
    folders = sorted({Path(name).parent.as_posix() for name in names} - {"."})
    cells = [
        new_code_cell("from pathlib import Path\n" + "\n".join(f'Path("{f}").mkdir(exist_ok=True)' for f in folders))
    ]
    for name in names:
        text = (book / name).read_text(encoding="utf-8")
        if name.endswith(".json"):
            text = json.dumps(json.loads(text), separators=(",", ":"))
        cells.append(new_code_cell(f"%%writefile {name}\n{text}", metadata={"jupyter": {"source_hidden": True}}))
    return cells if folders else cells[1:]


def stated(claim_id: str) -> str:
    """A claim as Markdown that every notebook shows."""
    one = known(claim_id)["dossier"]
    statement = formulas.markdown(one["statement"])
    return f"**{one['heading']}** (`{claim_id}`). {statement}\n\n$$\n{one['latex']['formula']}\n$$"


def notebook(
    book: Path, page: str, version: str, state: Callable[[str], str] = stated, cache: Path | None = None
) -> NotebookNode:
    """The page as a notebook of its own, its claims as ``state`` writes them, with the outputs that the cache has."""
    found = source(book, page)
    if cache is not None:
        _, found = get_cache(str(cache)).merge_match_into_notebook(found)
    names = taken(book, [cell.source for cell in found.cells if cell.cell_type == "code"])
    for cell in found.cells:
        if cell.cell_type == "markdown":
            cell.source = CLAIM.sub(lambda claim: state(claim[1]), cell.source)
        for output in cell.get("outputs", ()):  # a figure's data lie in the book
            if parts := carried(output.get("data", {}).get(SVG, "")):
                output.data[SVG] = parts[0]
    begin = [new_markdown_cell(HEAD.format(page=page, version=version)), *writing(book, names), new_code_cell(STYLE)]
    found.cells = begin + found.cells
    for number, cell in enumerate(found.cells):
        cell.id = f"cell-{number}"
    found.metadata.pop("source_map", None)
    found.nbformat, found.nbformat_minor = 4, 5
    nbformat.validate(found)
    return found


def offer(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Write the notebook where the theme's download button looks for it."""
    book = Path(app.srcdir)
    file = book / f"{page}.md"
    if app.builder.name != "html" or not file.is_file() or CELL not in file.read_text(encoding="utf-8"):
        return
    made = notebook(book, page, package_version(), cache=book / ".jupyter_cache")
    target = Path(app.outdir) / "_sources" / f"{page}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, target)
    context["ipynb_source"] = target.name


def setup(app: Sphinx) -> dict[str, bool]:
    """Before the theme makes its buttons."""
    app.connect("html-page-context", offer, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
