"""The built book in a real browser; what needs either is skipped, in a line that says why, where it is not there."""

import os
import runpy
from pathlib import Path

import pytest

from tests.book.engines import SILENT, chromium

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture(scope="session")
def site():
    """The folder of the rendered pages, or that of $SMD_BOOK."""
    folder = Path(os.environ.get("SMD_BOOK") or BOOK / "_build" / "html")
    if not (folder / "index.html").is_file():
        pytest.skip(f"the book is not built: there is no {folder / 'index.html'}; make book builds it")
    return folder


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if (path := chromium()) is None:
        pytest.skip("no Chromium is here to read the book with")
    with api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=path, args=list(SILENT))
        yield found
        found.close()


@pytest.fixture(scope="session")
def calculator(site):
    """The address of the page that computes, from the file system."""
    page = site / "calculator.html"
    if not page.is_file():
        pytest.skip(f"the book is not built: there is no {page}; make book builds it")
    written = (site / "_static" / "calculator" / "calculator.js").read_text(encoding="utf-8")
    if written != runpy.run_path(str(BOOK / "_ext" / "calculator.py"))["joined"]():
        pytest.skip("the built book is older than book/_calculator: make book builds it again")
    return page.as_uri()
