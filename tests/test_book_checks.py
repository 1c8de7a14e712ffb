"""What the build of the book refuses: typed decimals, dead links, claims out of reach, a package that lacks one."""

import pytest

from tests.scripts import BOOK, script

checks = vars(script("checks"))
ALLOWED = checks["allowed"]((BOOK / "allowed_decimals.txt").read_text(encoding="utf-8"))
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in sorted(BOOK.glob("*.md"))}


def test_decimals_in_prose_come_from_the_build():
    """No page types one that is not allowed, and no allowance is left over."""
    assert checks["typed_decimals"](PAGES, ALLOWED) == []


def test_control_a_typed_decimal_is_seen():
    """In prose and in mathematics, with its line; an allowance that no page needs is an error too."""
    page = {"sgd": PAGES["sgd"] + "\nThe angle is 0.123, or $0.25$.\n"}
    (first, second) = checks["typed_decimals"](page, {})
    assert "0.123 is typed" in first + second
    assert "0.25 is typed" in first + second
    assert checks["typed_decimals"](page, {("sgd", "0.123"): "why", ("sgd", "0.25"): "why"}) == []
    assert checks["typed_decimals"]({"sgd": ""}, {("sgd", "0.123"): "why"}) == ["sgd 0.123: allowed, but on no page"]


@pytest.mark.parametrize(
    "text",
    [
        "---\nversion: 0.13\n---\n",
        "```{code-cell} python3\nprint(0.5)\n```\n",
        "{number}`.2g of 0.5`",
        "`smd predict adamw --lr 0.5`",
        "[a page](page-0.5.html)",
        "version 1.2.3 of p.5",
    ],
)
def test_what_is_not_prose_is_left_alone(text):
    """Front matter, code, roles and addresses hold decimals of their own."""
    assert [d for _, d in checks["decimals"](text)] in ([], ["1.2"])


def test_an_allowance_needs_a_reason():
    """A line without one is refused."""
    with pytest.raises(ValueError, match="page decimal: reason"):
        checks["allowed"]("sgd 0.5:\n")


@pytest.fixture
def html(tmp_path):
    """A small book: the index leads to a chapter, the chapter to a claim."""
    (tmp_path / "claim").mkdir()
    pages = {
        "index.html": '<a href="sgd.html">SGD</a> <a href="https://example.org/x">out</a>',
        "sgd.html": '<p id="sgd-norm"></p><a href="claim/sgd-norm.html">more</a><a href="#sgd-norm">here</a>',
        "claim/sgd-norm.html": '<a href="../sgd.html#sgd-norm">back</a><a href="sgd-norm.json">data</a>',
        "claim/sgd-norm.json": "{}",
        "claim/alone.html": "",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_links_that_lead_somewhere_are_fine(html):
    """Pages, anchors and files; other hosts are not looked at."""
    pages = checks["read"](html)
    assert checks["dead"](pages, html) == []
    assert checks["unreachable"](pages, ["claim/sgd-norm.html", "sgd.html#sgd-norm"]) == []


@pytest.mark.parametrize(
    ("link", "says"),
    [("nowhere.html", "leads nowhere"), ("sgd.html#gone", "names no anchor of sgd.html"), ("#gone", "names no anchor")],
)
def test_control_a_dead_link_is_seen(html, link, says):
    """To no page, to no anchor of another, to none of its own."""
    (html / "index.html").write_text(f'<a href="{link}">x</a>', encoding="utf-8")
    (line,) = checks["dead"](checks["read"](html), html)
    assert says in line


def test_control_a_claim_that_no_link_leads_to_is_seen(html):
    """A page that exists and is not linked, one that does not exist, and an anchor that vanished."""
    pages = checks["read"](html)
    wanted = ["claim/alone.html", "claim/gone.html", "sgd.html#gone"]
    assert [line.split(": ")[0] for line in checks["unreachable"](pages, wanted)] == wanted


def test_control_a_package_that_lacks_a_claim_is_seen():
    """A claim that is left out, one that is defined twice, and a brace too many."""
    one = "\\smd@define{sgd-norm}%\n  {a}%\n  {b \\{ c}\n"
    lacks = checks["package_lacks"]
    assert lacks(one, ["sgd-norm"]) == []
    assert lacks(one, ["sgd-angle"]) == ["sgd-angle: not defined once in the package"]
    assert lacks(one + one, ["sgd-norm"]) == ["sgd-norm: not defined once in the package"]
    assert lacks(one + "}", ["sgd-norm"]) == ["the package's braces do not match"]
