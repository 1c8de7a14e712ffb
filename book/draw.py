"""Draw the figures of a page again: ``python book/draw.py PAGE [NUMBER] [--into FOLDER]``.

The page's cells run in order, up to the one that draws the figure of that number, and PAGE-NUMBER.svg and .csv are
written: the files that the book offers below the figure.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

BOOK = Path(__file__).parent.resolve()


def cells(page: str) -> list[str]:
    """Sources of the page's code cells."""
    from myst_nb.core.read import read_myst_markdown_notebook

    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    notebook = read_myst_markdown_notebook(text, add_source_map=False)
    return [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def figures(sources: list[str]) -> Iterator[str]:
    """The SVGs that cells draw, in order; what a cell raises is raised."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from proofs.experiments import drawing

    drawing.use()
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
    shell = InteractiveShell.instance()
    for source in sources:
        with capture_output():
            shell.run_cell(source).raise_error()
        for number in plt.get_fignums():
            yield drawing.svg(plt.figure(number))
        plt.close("all")


def main(arguments: list[str] | None = None) -> int:
    """Draw, write and say which files; 2 for a page or a number that there is not."""
    from proofs.experiments.themed import carried

    reader = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    reader.add_argument("page", help="such as sgdm")
    reader.add_argument("number", type=int, nargs="?", help="of the figure on its page; without it, every figure")
    reader.add_argument("--into", type=Path, default=Path(), help="a folder that exists")
    asked = reader.parse_args(arguments)
    into = asked.into.resolve()
    if not (BOOK / f"{asked.page}.md").is_file():
        reader.error(f"page = {asked.page}: the book has no such page")
    if not into.is_dir():
        reader.error(f"into = {asked.into} is no folder")
    os.chdir(BOOK)  # where the build runs the cells
    sys.path.insert(0, str(BOOK))
    count = 0
    for count, found in enumerate(figures(cells(asked.page)), 1):
        if asked.number not in (None, count):
            continue
        picture, data, _ = carried(found) or ("", "", "")
        for suffix, text in ((".svg", picture), (".csv", data)):
            file = into / f"{asked.page}-{count}{suffix}"
            file.write_text(text, encoding="utf-8")
            print(f"{file}: {len(text)} bytes")
        if asked.number == count:
            return 0
    if asked.number is not None or not count:
        reader.error(f"number = {asked.number}: {asked.page} has {count} figures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
