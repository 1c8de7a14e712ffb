"""The book's pages: every claim stands on one of them, and every page is in the table of contents."""

import re
from collections import Counter
from pathlib import Path

from proofs import CLAIMS

BOOK = Path(__file__).parents[1] / "book"
PAGES = sorted(BOOK.glob("*.md"))


def stated(text):
    """Ids of the claims that a page states."""
    return re.findall(r"^```\{claim\} (\S+)$", text, re.MULTILINE)


def test_every_claim_stands_on_exactly_one_page():
    """No claim is left out of the book, none is stated twice, and no page names one that does not exist."""
    found = Counter(name for page in PAGES for name in stated(page.read_text(encoding="utf-8")))
    assert set(found) == set(CLAIMS)
    assert set(found.values()) == {1}


def test_every_page_is_in_the_contents():
    """A page that no reader can reach is a mistake."""
    contents = (BOOK / "_toc.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"(?:file|root): (\S+)", contents))
    assert {page.stem for page in PAGES} - {"README"} == listed


def test_control_a_statement_is_seen():
    """The scan finds a claim where it stands and nothing where none does."""
    assert stated("text\n```{claim} sgd-norm\n```\n") == ["sgd-norm"]
    assert stated("`{claim} sgd-norm`") == []
