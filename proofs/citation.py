"""Citing one claim: BibTeX, LaTeX and Markdown, with version and content hash."""

from __future__ import annotations

import re

from sympy import Symbol

import theory
from proofs import formulas
from proofs.claim import NOTATION, SETTING_MEANING, Claim, Setting
from proofs.kept import printed
from proofs.latex import latex as latex_of
from proofs.release import AUTHOR, RELEASED, package_version
from proofs.words import words
from theory.symbols import OF_PARAMETER, squared_norm

FORMATS = ("bibtex", "latex", "markdown")
SAID = ("lr", "wd", "grad_norm")
"""Hyper-parameters of which NOTATION and the hypotheses speak."""
NORM = r"$A = \mathbb{E}\|w\|^2$ at equilibrium"


def cite(claim: Claim, style: str = "bibtex") -> str:
    """The citation in one of FORMATS."""
    return {"bibtex": bibtex, "latex": latex, "markdown": markdown}[style](claim)


def bibtex(claim: Claim) -> str:
    """A BibTeX entry that names the claim, the version and the hash of its content."""
    year, month, _ = RELEASED.split("-")
    return "\n".join(
        [
            f"@misc{{smd:{claim.id},",
            f"  author = {{{{{AUTHOR}}}}},",
            f"  title = {{{{{words(claim.heading)}}}}},",
            f"  year = {{{year}}},",
            f"  month = {{{int(month)}}},",
            f"  howpublished = {{Spherical Motion, version {package_version()}}},",
            f"  note = {{Claim {words(f'`{claim.id}`')}, {claim.kind}, {claim.setting}; "
            f"content hash {printed(claim).content_hash}}}",
            "}",
        ]
    )


def latex(claim: Claim) -> str:
    """The statement as a LaTeX theorem that cites the BibTeX entry."""
    lines = [rf"\begin{{theorem}}[{words(claim.heading)}, \cite{{smd:{claim.id}}}]", f"% {_provenance(claim)}"]
    lines.append(words(claim.statement))
    lines += [rf"\[ {formula} \]" for formula, _ in printed(claim).formulas]
    lines += [words(conditions(claim)), r"\end{theorem}"]
    return "\n".join(lines)


def markdown(claim: Claim) -> str:
    """The statement as Markdown."""
    lines = [f"**{claim.heading}** (`{claim.id}`)", "", formulas.markdown(claim.statement), ""]
    for formula, _ in printed(claim).formulas:
        lines += [f"$$ {formula} $$", ""]
    lines += [formulas.markdown(conditions(claim)), "", f"*{AUTHOR}, {_provenance(claim)}*"]
    return "\n".join(lines)


def notation(claim: Claim) -> str:
    """What the symbols of its formulas mean that neither the statement nor the hypotheses introduce.

    The optimizer's hyper-parameters, in the words of its theory; and A, which along a trajectory is another thing.
    """
    stated = " ".join(formula for formula, _ in printed(claim).formulas)
    told = " ".join([claim.statement, *claim.hypotheses])
    parameters = theory.load(claim.optimizer).parameters if claim.optimizer else ()
    known = {OF_PARAMETER[p.name]: p.meaning for p in parameters if p.name not in SAID}
    found = [f"${latex_of(s)}$: {meaning}" for s, meaning in known.items() if _unexplained(s, stated, told)]
    if claim.setting is not Setting.PATHWISE and _unexplained(squared_norm, stated, told):
        found.append(NORM)
    return "; ".join([NOTATION, *found])


def _unexplained(symbol: Symbol, stated: str, told: str) -> bool:
    """Whether it stands in formulas, and no words say what it is: an equation, or a description after it."""
    stands = rf"(?<![A-Za-z\\]){re.escape(latex_of(symbol))}(?![A-Za-z_'])"
    introduced = rf"\b{symbol.name.replace('_', '')}(\^2)? (=|is\b|the\b|in each)|= {symbol.name}\b"
    return bool(re.search(stands, stated)) and not re.search(introduced, told)


def conditions(claim: Claim) -> str:
    """Notation, setting, convention and hypotheses in one line."""
    text = f"Notation: {notation(claim)}. Setting: {claim.setting} ({SETTING_MEANING[claim.setting]})."
    if claim.convention:
        text += f" Convention: {claim.convention}."
    if claim.hypotheses:
        text += f" Hypotheses: {'; '.join(claim.hypotheses)}."
    return text


def _provenance(claim: Claim) -> str:
    return f"claim {claim.id}, Spherical Motion {package_version()}, content hash {printed(claim).content_hash}"
