"""The book's pages: every claim stands on one of them, and every page is in the table of contents."""

import ast
import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

from proofs import CLAIMS
from proofs.digits import WrongDigits

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


PRECISE = re.compile(r"\.\d+[eEfFgG%]")


def cells(text):
    """The code of a page's cells."""
    return re.findall(r"^```\{code-cell\}[^\n]*\n(?::tags:[^\n]*\n)?(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def unchecked(code):
    """The numbers that code prints with digits of its own, past shown, measured and outside."""
    nodes = list(ast.walk(ast.parse(code)))
    formatted = [n for n in nodes if isinstance(n, ast.FormattedValue) and n.format_spec is not None]
    called = [n.func for n in nodes if isinstance(n, ast.Call)]
    named = {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in called}
    wrong = [ast.unparse(n) for n in formatted if PRECISE.search(ast.unparse(n.format_spec))]
    return wrong + sorted(named & {"format", "format_float_positional", "array2string"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_chooses_digits_past_the_check(page):
    """Digits come from shown, which asks an enclosure, from measured, or from outside, which asks a reason."""
    assert [found for code in cells(page.read_text(encoding="utf-8")) for found in unchecked(code)] == []


def test_control_unchecked_digits_are_seen():
    """A number with a precision of its own is found; a plain label is not."""
    (code,) = cells('```{code-cell} python3\n:tags: [hide-input]\nprint(f"{x:.3f} {y:g}")\n```\n')
    assert len(unchecked(code)) == 1
    assert unchecked("format(x, '.3f')") == ["format"]
    assert unchecked("shown(x, '.3f')") == []


number = runpy.run_path(str(BOOK / "_ext" / "number_role.py"))["number"]


ROLES = [
    text for page in PAGES for text in re.findall(r"\{number\}`([^`]+ of [^`]+)`", page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("text", ROLES)
def test_numbers_in_prose_are_enclosed(text):
    """Every role evaluates to digits."""
    assert re.fullmatch(r"[\d.e+-]+%?", number(text))


def test_control_a_number_without_point_is_refused():
    """A symbol without a value, and text that is no number, are errors."""
    with pytest.raises(KeyError):
        number(".2g of 1 + alpha")
    with pytest.raises(ValueError, match="FORMAT"):
        number("0.95")
    with pytest.raises(WrongDigits):
        number(".0f of 1/2 + 10**(-80)")


EMPTY_WORDS = re.compile(
    r"\b(simply|obviously|clearly|trivially|of course|very|basically|actually|easy to see|well known|utilize)\b", re.I
)
LONGEST = 45
"""Words of a sentence."""
LISTED = "literature"
"""The page with one long list of citations."""


def prose(text):
    """A page's sentences, with a word in the place of each formula, code and role."""
    text = re.sub(r"^---.*?^---$|^(`{3,}|:{3,}).*?^\1$|\$\$.*?\$\$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"(\{[\w:]+\})?`[^`]*`|\$[^$]*\$", "x", re.sub(r"^\|.*", "", text, flags=re.MULTILINE))
    return [
        s
        for part in re.split(r"\n\s*\n|^#.*|^\s*[-*] ", text, flags=re.MULTILINE)
        for s in re.split(r"(?<=[.!?:;])\s+", part)
    ]


def clumsy(sentences):
    """Sentences that are too long, and words that say nothing."""
    long = [s for s in sentences if len(s.split()) > LONGEST]
    return long + [found[0] for s in sentences for found in EMPTY_WORDS.finditer(s)]


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != LISTED], ids=lambda page: page.stem)
def test_pages_are_plainly_written(page):
    """No sentence runs on, no word only fills."""
    assert clumsy(prose(page.read_text(encoding="utf-8"))) == []


def test_control_clumsy_prose_is_seen():
    """A filler and a sentence that runs on are found; code and formulas are no prose."""
    assert clumsy(prose("It is obviously so. Good.")) == ["obviously"]
    assert clumsy(prose("word " * (LONGEST + 1) + ".")) != []
    assert clumsy(prose("```\nclearly\n```\n$very$ fine `simply`.")) == []
