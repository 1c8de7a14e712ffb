"""The notebooks that pages offer: they run in an empty folder with nothing but the package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the book is not installed: pip install 'spherical-motion[book]'")

import runpy

import nbformat

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
sys.path.insert(0, str(BOOK / "_ext"))
try:
    notebooks = runpy.run_path(str(BOOK / "_ext" / "notebooks.py"))
finally:
    sys.path.remove(str(BOOK / "_ext"))
PAGES = sorted(page.stem for page in BOOK.glob("*.md") if notebooks["CELL"] in page.read_text(encoding="utf-8"))
QUICK = "sphere"
RUN = """
import sys, nbformat
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
import matplotlib
matplotlib.use("Agg")
shell = InteractiveShell.instance(config=Config(HistoryManager=dict(enabled=False)))
for cell in nbformat.read(sys.argv[1], 4).cells:
    if cell.cell_type == "code":
        shell.run_cell(cell.source).raise_error()
"""
"""Runs a notebook's cells in a shell as a kernel does, without one."""


def made(page):
    """The page as a notebook, its claims not typeset."""
    return notebooks["notebook"](BOOK, page, "0", "claim {}".format)


def ran(notebook, folder):
    """The run of a notebook in a folder that has nothing else; the package is found, the book's folder is not."""
    nbformat.write(notebook, folder / "page.ipynb")
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    at = plain | {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / ".ipython")}
    return subprocess.run(
        [sys.executable, "-c", RUN, "page.ipynb"], cwd=folder, env=at, capture_output=True, text=True, timeout=300
    )


def test_a_notebook_runs_in_an_empty_folder(tmp_path):
    """One with a figure; it writes there what it takes from the book."""
    run = ran(made(QUICK), tmp_path)
    assert run.returncode == 0, run.stderr[-2000:]
    assert (tmp_path / "figures.py").is_file()


def test_control_without_what_it_takes_it_fails(tmp_path):
    """The page's cells alone name modules that are in the book's folder only."""
    bare = made(QUICK)
    bare.cells = [cell for cell in bare.cells if not cell.source.startswith("%%writefile")]
    run = ran(bare, tmp_path)
    assert run.returncode != 0
    assert "No module named 'figures'" in run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES)
def test_a_notebook_has_all_that_its_page_takes(page):
    """Each module that its cells import is installed or written; so is each file that they name."""
    cells = made(page).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    written = {s.partition("\n")[0].removeprefix("%%writefile ") for s in sources if s.startswith("%%writefile ")}
    assert written == set(notebooks["taken"](BOOK, sources))
    local = {f.stem for f in BOOK.glob("*.py")}
    assert {f"{n}.py" for s in sources for n in notebooks["imported"](s) if n in local} <= written
    assert not [cell for cell in cells if "```{claim} " in cell.source]


def test_control_what_a_page_takes_is_followed():
    """From a cell to a module, from there to its data and to what it imports."""
    assert notebooks["taken"](BOOK, ["import permanent"]) == ["data/permanent_ids.txt", "permanent.py"]
    assert "figures.py" in notebooks["taken"](BOOK, ["from notation import decay_table"])
    assert notebooks["taken"](BOOK, ["import numerics"]) == []
    assert notebooks["taken"](BOOK, ["%%writefile x\nimport permanent"]) == []
