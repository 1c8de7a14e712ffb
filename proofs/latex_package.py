r"""The claims as a LaTeX package, ``\usepackage{smdclaims}``, ``\smdclaim{sgdm-angle}``, and its bibliography.

Made from what the claims say; a paper that names a claim which does not exist does not compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from proofs.citation import bibtex, conditions
from proofs.claim import Claim
from proofs.kept import printed
from proofs.release import AUTHOR, RELEASED, package_version
from proofs.words import words

NAME = "smdclaims"
PACKAGE, BIBLIOGRAPHY = f"{NAME}.sty", f"{NAME}.bib"

_COMMANDS = r"""\NeedsTeXFormat{LaTeX2e}
\ProvidesPackage{smdclaims}[<date> <version> claims of Spherical Motion]
\RequirePackage{amsmath,amssymb}
% \smdclaim{ID}    the claim: number, title, citation, statement, formula, conditions; \ref{smd:ID} is its number
% \smdclaim*{ID}   its title and citation, within a sentence
% \smdformula{ID}  its formula, in mathematics
% Citations have the keys smd:ID of smdclaims.bib. By <author>, made from the claims: do not edit.
\newcounter{smdclaim}
\newcommand{\smdclaim}{\@ifstar\smd@mention\smd@state}
\newcommand{\smdformula}[1]{\smd@known{#1}{\smd@stated{#1}{\smd@part{formula}{#1}}%
  {\PackageError{smdclaims}{Claim `#1' has no formula}{It is stated in words, by \string\smdclaim}}}}
\newcommand{\smd@mention}[1]{\smd@known{#1}{\smd@part{title}{#1}~\cite{smd:#1}}}
\newcommand{\smd@state}[1]{\smd@known{#1}{%
  \par\addvspace{\medskipamount}\noindent\refstepcounter{smdclaim}\label{smd:#1}%
  \textbf{Claim~\thesmdclaim} (\smd@part{title}{#1}, \texttt{\detokenize{#1}}~\cite{smd:#1}). %
  \textit{\smd@part{statement}{#1}}%
  \smd@stated{#1}{\[\smdformula{#1}\]}{\par}%
  {\footnotesize\smd@part{conditions}{#1}\par}\addvspace{\medskipamount}}}
\newcommand{\smd@part}[2]{\csname smd@#1@#2\endcsname}
\newcommand{\smd@stated}[1]{\expandafter\ifx\csname smd@formula@#1\endcsname\@empty
  \expandafter\@secondoftwo\else\expandafter\@firstoftwo\fi}
\newcommand{\smd@known}[2]{\@ifundefined{smd@title@#1}%
  {\PackageError{smdclaims}{There is no claim `#1'}{The ids are listed by: smd claims}}{#2}}
\newcommand{\smd@define}[5]{%
  \expandafter\gdef\csname smd@title@#1\endcsname{#2}%
  \expandafter\gdef\csname smd@statement@#1\endcsname{#3}%
  \expandafter\gdef\csname smd@formula@#1\endcsname{#4}%
  \expandafter\gdef\csname smd@conditions@#1\endcsname{#5}}
"""


@dataclass(frozen=True)
class Citable:
    """What a paper prints of a claim, as LaTeX, and its BibTeX entry."""

    id: str
    title: str
    statement: str
    formula: str
    conditions: str
    bibtex: str


def citable(claim: Claim) -> Citable:
    """A claim for papers; derives its formulas."""
    return Citable(
        claim.id,
        words(claim.heading),
        words(claim.statement),
        aligned(claim),
        words(conditions(claim)),
        bibtex(claim),
    )


def aligned(claim: Claim) -> str:
    """The claim's formulas under one another, aligned at their relations; empty for a claim in words alone."""
    lines = [_marked(latex, relation) for latex, relation in printed(claim).formulas]
    if not lines:
        return ""
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _marked(formula: str, relation: str) -> str:
    """A formula with a mark before its first relation outside every group: a mark inside one is an error to TeX."""
    depth = 0
    for found in re.finditer(rf"\\left\b|\\right\b|(?<!\\)[{{}}]| {re.escape(relation)} ", formula):
        sign = found[0]
        if sign in ("\\left", "{"):
            depth += 1
        elif sign in ("\\right", "}"):
            depth -= 1
        elif depth == 0:
            return f"{formula[: found.start()]} &{formula[found.start() + 1 :]}"
    return formula


def package(claims: Iterable[Citable]) -> str:
    """The text of smdclaims.sty."""
    marks = {"<date>": RELEASED.replace("-", "/"), "<version>": f"v{package_version()}", "<author>": AUTHOR}
    text = _COMMANDS
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text + "".join(map(_definition, claims)) + "\\endinput\n"


def bibliography(claims: Iterable[Citable]) -> str:
    """The text of smdclaims.bib."""
    return "\n\n".join(one.bibtex for one in claims) + "\n"


def _definition(one: Citable) -> str:
    parts = (one.id, one.title, one.statement, one.formula, one.conditions)
    return "\\smd@define" + "%\n  ".join(f"{{{part}}}" for part in parts) + "\n"
