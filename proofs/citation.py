"""Citing one claim: BibTeX, LaTeX and Markdown, with version and content hash."""

from __future__ import annotations

from proofs.claim import NOTATION, SETTING_MEANING, Claim
from proofs.kept import printed
from proofs.release import AUTHOR, RELEASED, package_version
from proofs.words import words

FORMATS = ("bibtex", "latex", "markdown")


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
    lines = [f"**{claim.heading}** (`{claim.id}`)", "", claim.statement, ""]
    for formula, _ in printed(claim).formulas:
        lines += [f"$$ {formula} $$", ""]
    lines += [conditions(claim), "", f"*{AUTHOR}, {_provenance(claim)}*"]
    return "\n".join(lines)


def conditions(claim: Claim) -> str:
    """Notation, setting, convention and hypotheses in one line."""
    text = f"Notation: {NOTATION}. Setting: {claim.setting} ({SETTING_MEANING[claim.setting]})."
    if claim.convention:
        text += f" Convention: {claim.convention}."
    if claim.hypotheses:
        text += f" Hypotheses: {'; '.join(claim.hypotheses)}."
    return text


def _provenance(claim: Claim) -> str:
    return f"claim {claim.id}, Spherical Motion {package_version()}, content hash {printed(claim).content_hash}"
