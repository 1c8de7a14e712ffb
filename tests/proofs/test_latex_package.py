"""The LaTeX package: whole, compiled where LaTeX is installed, and an error for an id that does not exist."""

import re
import shutil
import subprocess

import pytest

from proofs import CLAIMS
from proofs.latex_package import BIBLIOGRAPHY, PACKAGE, _marked, bibliography, citable, package
from proofs.release import package_version
from proofs.words import words

IDS = ("sgdm-angle", "adam_l2-norm", "sgd-norm", "angle-chord-sine")
IN_WORDS = "toy-random-starts"
"""A claim without a formula."""


@pytest.fixture(scope="module")
def claims():
    """A few claims, one with an underscore in its id, one in words alone."""
    return [citable(CLAIMS[claim_id]) for claim_id in (*IDS, IN_WORDS)]


def test_package_holds_each_claim_and_balances(claims):
    """Each id is defined once, with its formula; braces match; the version is the package's."""
    text = package(claims)
    for one in claims:
        assert text.count(f"\\smd@define{{{one.id}}}%") == 1
        assert one.formula in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert f"v{package_version()} claims" in text
    assert "<" not in text.partition("\\smd@define{sgdm")[0].replace("<-", "")


def test_bibliography_has_what_the_package_cites(claims):
    """One entry a claim, by the key that the package cites."""
    text = bibliography(claims)
    assert re.findall(r"^@misc\{smd:([\w-]+),$", text, re.MULTILINE) == [*IDS, IN_WORDS]
    assert r"\cite{smd:#1}" in package(claims)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("all|two^2 of `lr_a`", r"all\textbar{}two\textasciicircum{}2 of \texttt{lr\_a}"),
        ("E|w|^2 of `p < 1`", r"$\mathbb E \lVert w \rVert^{2}$ of \texttt{p \textless{} 1}"),
        ("with $a_1 < b$ & 5 %", r"with $a_1 < b$ \& 5 \%"),
        (r"this \ that", r"this \textbackslash{} that"),
    ],
)
def test_words_are_escaped_outside_mathematics(text, latex):
    """What LaTeX would take for its own is escaped; mathematics stays."""
    assert words(text) == latex


@pytest.mark.parametrize(
    ("formula", "marked"),
    [
        (r"\cos\theta = x = 1 - p", r"\cos\theta &= x = 1 - p"),
        (r"(1 + 2S)_{R_k = \alpha^k} = 1", r"(1 + 2S)_{R_k = \alpha^k} &= 1"),
        (r"\left(a = b\right) = c", r"\left(a = b\right) &= c"),
        (r"x \to y", r"x \to y"),
    ],
)
def test_formulas_are_aligned_outside_groups(formula, marked):
    """The mark stands before the first relation that no brace or bracket holds."""
    assert _marked(formula, "=") == marked


needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compiled(folder, claims, body):
    """The log of a paper with this body."""
    (folder / PACKAGE).write_text(package(claims), encoding="utf-8")
    (folder / BIBLIOGRAPHY).write_text(bibliography(claims), encoding="utf-8")
    text = "\\documentclass{article}\n\\usepackage{smdclaims}\n\\begin{document}\n" + body + "\n\\end{document}\n"
    (folder / "paper.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


@needs_latex
def test_a_paper_compiles(tmp_path, claims):
    """Every claim stated, mentioned and as a formula where it has one."""
    body = "".join(f"\\smdclaim{{{i}}} As \\smdclaim*{{{i}}} says: $\\smdformula{{{i}}}$.\n" for i in IDS)
    body += f"\\smdclaim{{{IN_WORDS}}} As \\smdclaim*{{{IN_WORDS}}} says."
    code, log = compiled(tmp_path, claims, body)
    assert code == 0, log[-2000:]


@needs_latex
@pytest.mark.parametrize("command", [r"\smdclaim{%s}", r"\smdclaim*{%s}", r"$\smdformula{%s}$"])
def test_control_an_unknown_id_stops_latex(tmp_path, claims, command):
    """The error names the id."""
    code, log = compiled(tmp_path, claims, command % "sgdm-angel")
    assert code != 0
    assert "There is no claim `sgdm-angel'" in log


@needs_latex
def test_control_a_formula_that_is_none_stops_latex(tmp_path, claims):
    """A claim in words has none to be typeset, and LaTeX says which."""
    code, log = compiled(tmp_path, claims, f"$\\smdformula{{{IN_WORDS}}}$")
    assert code != 0
    assert f"Claim `{IN_WORDS}' has no formula" in log
