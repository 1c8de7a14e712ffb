"""``smd cite``: a citation of one claim, or all claims as a LaTeX package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from proofs import Claim


class UnknownClaim(ValueError):
    """No claim has this id."""


def command(
    claim_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="id of a claim, as listed by smd claims")
    ] = None,
    style: Annotated[str, typer.Option("--format", help="bibtex, latex or markdown")] = "bibtex",
    package: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="write every claim as a LaTeX package, smdclaims.sty and smdclaims.bib"),
    ] = None,
) -> None:
    """Print a citation that carries the claim's id, the version and a hash of its content."""
    import proofs
    from proofs.citation import FORMATS

    if (claim_id is None) == (package is None):
        raise typer.BadParameter("either an ID or --package FOLDER is needed")
    if package is not None:
        write_package(package)
        return
    assert claim_id is not None

    if style not in FORMATS:
        raise typer.BadParameter(f"format = {style} is unknown; known are {', '.join(FORMATS)}")
    print(proofs.cite(claim_named(claim_id), style))


def write_package(folder: Path) -> None:
    """Write the LaTeX package and its bibliography into a folder that exists."""
    import proofs
    from proofs.latex_package import BIBLIOGRAPHY, PACKAGE, bibliography, citable, package
    from smd.cli.progress import Bar

    if not folder.is_dir():
        raise typer.BadParameter(f"package = {folder}: this folder does not exist")
    claims = list(proofs.CLAIMS.values())
    found = []
    with Bar("deriving", "claims") as bar:
        for done, claim in enumerate(claims, 1):
            found.append(citable(claim))
            bar.show(done, len(claims), claim.id)
    (folder / PACKAGE).write_text(package(found), encoding="utf-8")
    (folder / BIBLIOGRAPHY).write_text(bibliography(found), encoding="utf-8")
    print(f"{folder / PACKAGE} and {folder / BIBLIOGRAPHY}: {len(found)} claims")


def claim_named(claim_id: str) -> Claim:
    """The claim, or UnknownClaim with the nearest ids."""
    from difflib import get_close_matches

    import proofs

    if claim_id not in proofs.CLAIMS:
        near = get_close_matches(claim_id, proofs.CLAIMS, n=3) or list(proofs.CLAIMS)[:3]
        raise UnknownClaim(f"claim = {claim_id} is unknown; near it: {', '.join(near)} (smd claims lists all)")
    return proofs.CLAIMS[claim_id]
