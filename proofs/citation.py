"""Citing one claim: BibTeX, LaTeX and Markdown, with version and content hash."""

from __future__ import annotations

import re

from proofs import formulas
from proofs.claim import NOTATION, SETTING_MEANING, Claim, Setting
from proofs.kept import printed
from proofs.release import AUTHOR, RELEASED, package_version
from proofs.words import words

FORMATS = ("bibtex", "latex", "markdown")
SYMBOLS = {
    r"\\alpha": r"$\alpha$ is the momentum coefficient",
    r"\\tau": r"$\tau$ the dampening",
    r"\\beta_\{1\}": r"$\beta_1$ and $\beta_2$ are the coefficients of the moving averages",
    r"\\mu": r"$\mu$ is the buffer's share in NAdam's update",
    r"\\psi": r"$\psi$ is NAdam's `momentum_decay`, $t$ the step",
    r"\\kappa": r"$\kappa$ is the trust coefficient",
    "d": "$d$ is the number of weights in the vector",
    "L": r"$L = \mathbb{E}\|\tilde g\|^2$",
    "A": r"$A = \mathbb{E}\|w\|^2$ at equilibrium",
}
"""What symbols mean in the formulas of an optimizer, unless words of the claim say it."""


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
    """What symbols of the formulas mean that neither the statement nor the hypotheses introduce."""
    stated = " ".join(formula for formula, _ in printed(claim).formulas)
    told = " ".join([claim.statement, *claim.hypotheses])
    known = SYMBOLS if claim.optimizer else {"A": SYMBOLS["A"]}
    if claim.setting is Setting.PATHWISE:
        known = {symbol: meaning for symbol, meaning in known.items() if symbol != "A"}
    found = [
        meaning
        for symbol, meaning in known.items()
        if re.search(rf"(?<![A-Za-z\\]){symbol}(?![A-Za-z_'])", stated) and not _introduced(symbol, told)
    ]
    return "; ".join([NOTATION, *found])


def _introduced(symbol: str, told: str) -> bool:
    """Whether words say what a symbol is: an equation, or a description after it."""
    name = re.sub(r"[\\{}_]", "", symbol)
    return re.search(rf"\b{name}(\^2)? (=|is\b|the\b|in each)|= {name}\b", told) is not None


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
