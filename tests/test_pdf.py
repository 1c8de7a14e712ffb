"""The book in print, where there is no TeX: its numbers, its broken formulas, and what its checks refuse."""

import runpy
import sys
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

BOOK = Path(__file__).parents[1] / "book"


@pytest.fixture(scope="module")
def load():
    """The book's scripts by name; they find each other in its folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(BOOK), str(BOOK / "_ext"), *sys.path])
        patch.setitem(sys.modules, "build", type(sys)("build"))
        sys.modules["build"].BUILD = BOOK / "_build"
        yield lambda name: runpy.run_path(str(BOOK / f"{name}.py"))


@pytest.fixture(scope="module")
def numbering(load):
    return load("numbering")


CONFIG = """
extensions = ["sphinx_proof", "foldable", "printed"]
numfig = math_numfig = True
prf_realtyp_to_countertyp = {"lemma": "theorem"}
project = "Small"
root_doc = "index"
from types import SimpleNamespace
external_site_map = SimpleNamespace(root=SimpleNamespace(subtrees=[SimpleNamespace(caption="Part")]))
def setup(app):
    app.add_config_value("external_site_map", None, "")
"""
PAGES = {
    "index": "Start\n=====\n\n.. toctree::\n\n   one\n   two\n",
    "one": """
One
===

.. prf:theorem:: First
   :label: a-first

   It holds.

   .. math:: x = 1
      :label: eq-a_first

.. math:: y = 1

.. prf:lemma:: Second
   :label: a-second

   By :eq:`eq-a_first` and :prf:ref:`a-first`.

.. prf:proof::

   Take *one* away.
""",
    "two": """
Two
===

.. math:: z = 1
   :label: eq-b

.. prf:theorem:: Third
   :label: b-third

   It holds.
""",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory, load):
    """A book of two pages as web pages and as LaTeX, from one reading."""
    source = tmp_path_factory.mktemp("book")
    (source / "conf.py").write_text(CONFIG, encoding="utf-8")
    for name, text in PAGES.items():
        (source / f"{name}.rst").write_text(text, encoding="utf-8")
    for builder in ("html", "latex"):
        with docutils_namespace():
            Sphinx(
                source, source, source / builder, source / "trees", builder, status=None, warningiserror=True
            ).build()
    return source


def in_tex(small):
    return (small / "latex" / "spherical-motion.tex").read_text(encoding="utf-8")


def test_numbers_in_print_are_those_of_the_web_pages(small, numbering):
    """Theorems share a counter across kinds and pages; equations have theirs."""
    web, tex = numbering["of_html"](small / "html"), numbering["of_tex"](in_tex(small))
    assert tex == {
        "one:a-first": "Theorem 1",
        "one:a-second": "Lemma 2",
        "two:b-third": "Theorem 3",
        "one:equation-eq-a-first": "(1)",
        "two:equation-eq-b": "(2)",
    }
    assert numbering["differences"](web, tex) == []
    assert [web[label].title for label in ("one:a-first", "two:b-third")] == ["(First)", "(Third)"]


def test_a_proof_is_folded_in_pages_and_open_in_print(small):
    """Without the frame of a note in either."""
    web = (small / "html" / "one.html").read_text(encoding="utf-8")
    assert '<details class="proof-folded"><summary>Proof</summary>\n<p>Take <em>one</em> away.</p>\n</details>' in web
    assert 'id="proof"' not in web
    begun = in_tex(small).partition(r"\begin{smdproof}")[2].partition(r"\end{smdproof}")[0]
    assert (
        " ".join(begun.split())
        == r"\sphinxAtStartPar \sphinxstyleemphasis{Proof.} Take \sphinxstyleemphasis{one} away."
    )


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("{Theorem}{3}", "{Theorem}{4}", "two:b-third: Theorem 3 on the web pages, Theorem 4 in print"),
        ("{Lemma}{2}", "{Theorem}{2}", "one:a-second: Lemma 2 on the web pages, Theorem 2 in print"),
        (r"\tag{2}", "", "two:equation-eq-b: (2) on the web pages, () in print"),
        (r"\tag{1}", r"\tag{2}", "one:equation-eq-a-first: (1) on the web pages, (2) in print"),
        ("eq-b", "eq-c", "two:equation-eq-b: (2) on the web pages, absent in print"),
    ],
)
def test_control_another_number_is_seen(small, numbering, right, wrong, says):
    """A number, a kind, an equation that LaTeX would count itself, one that stands elsewhere."""
    assert in_tex(small).count(right)
    tex = numbering["of_tex"](in_tex(small).replace(right, wrong))
    assert says in numbering["differences"](numbering["of_html"](small / "html"), tex)


def test_start_and_captions_become_chapter_and_part(small):
    """In this order, and the web's links lead to statements."""
    text = in_tex(small)
    places = [text.index(rf"\{mark}") for mark in ("chapter{Start}", "part{Part}", "chapter{One}", "chapter{Two}")]
    assert places == sorted(places)
    assert r"\hyperref[\detokenize{one:a-first}]" in text


PRINTED = "Theorem 1 (Of\nfirst).  Let x\n  x = 1   (1)\nBy (1) in Lemma 2 (x).\n  y = 1   (2)\n"


def test_what_a_reader_finds(numbering):
    """A number with its title, over a break and a ligature; equations one after the other."""
    numbered = numbering["Numbered"]
    web = {
        "a": numbered("Theorem 1", "(Of \N{LATIN SMALL LIGATURE FI}rst)"),
        "b": numbered("(1)"),
        "c": numbered("(2)"),
    }
    assert numbering["unseen"](web, PRINTED) == []
    assert numbering["unseen"](web, PRINTED.replace("Theorem 1", "Theorem 7")) == [
        "a: Theorem 1 (Of \N{LATIN SMALL LIGATURE FI}rst) is printed 0 times"
    ]
    assert numbering["unseen"](web, PRINTED.replace("1   (1)", "1   (3)")) == [
        "(1) is not printed after the equations before it"
    ]


@pytest.fixture
def pdf(load):
    return load("pdf")


@pytest.mark.parametrize(
    "line",
    [
        "Missing character: There is no ∝ (U+221D) in font lmroman10!",
        "LaTeX Warning: Hyper reference `sgd::doc' on page 1 undefined on input line 7.",
        "LaTeX Warning: Reference `equation:sgd:eq' on page 1 undefined on input line 7.",
        "LaTeX Warning: Citation `x' on page 1 undefined on input line 7.",
        "LaTeX Warning: Label `x' multiply defined.",
        "! Missing $ inserted.",
        "Overfull \\hbox (60.5pt too wide) in paragraph at lines 1--2",
        "Overfull \\vbox (400.0pt too high) has occurred while \\output is active []",
        "smdfit 1500.0pt on 440.0pt",
    ],
)
def test_control_what_tex_tells_is_seen(pdf, line):
    """Each line alone, among others and broken where TeX breaks its log."""
    assert len(pdf["wrong"](f"a\n{line}\nb")) == 1
    assert len(pdf["wrong"]("\n".join(line[i : i + 79] for i in range(0, len(line), 79)))) == 1


def test_what_tex_may_tell(pdf):
    """What is a little wide stays on the paper; a formula may be somewhat smaller."""
    quiet = "Overfull \\hbox (3.5pt too wide) in paragraph at lines 1--2\nsmdfit 500.0pt on 440.0pt\nUnderfull \\vbox"
    assert pdf["wrong"](quiet) == []


def test_without_tex_it_says_what_to_install(pdf, monkeypatch, capsys):
    """One line and exit code 2, before anything is written."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("INSTALL", raising=False)
    assert pdf["main"]() == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("TeX lacks latexmk, xelatex, rsvg-convert, pdftotext; as root")


LONG = r"S &= \frac{" + " + ".join(rf"a_{{{i}}} b^{{2}}" for i in range(40)) + r"}{\left(1 - p\right) p}"


def test_long_sums_are_broken(load):
    """At their signs, inside their group, without losing or adding a term; what fits stays."""
    breaks = load("_ext/line_breaks")
    broken = breaks["broken"](LONG)
    assert breaks["width"](LONG) > breaks["WIDEST"] >= breaks["width"](broken) - 10
    assert "".join(broken.split()).replace(r"\\{}", "").replace(r"\begin{gathered}", "").replace(
        r"\end{gathered}", ""
    ) == "".join(LONG.split())
    assert breaks["broken"](r"x &= \frac{a + b}{c}") == r"x &= \frac{a + b}{c}"
    with pytest.raises(ValueError, match="does not end"):
        breaks["width"](r"\frac{a")
