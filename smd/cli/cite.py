"""``smd cite``: a citation of one claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from proofs import Claim


class UnknownClaim(ValueError):
    """No claim has this id."""


def command(
    claim_id: Annotated[str, typer.Argument(metavar="ID", help="id of a claim, as listed by smd claims")],
    style: Annotated[str, typer.Option("--format", help="bibtex, latex or markdown")] = "bibtex",
) -> None:
    """Print a citation that carries the claim's id, the version and a hash of its content."""
    import proofs
    from proofs.citation import FORMATS

    if style not in FORMATS:
        raise typer.BadParameter(f"format = {style} is unknown; known are {', '.join(FORMATS)}")
    print(proofs.cite(claim_named(claim_id), style))


def claim_named(claim_id: str) -> Claim:
    """The claim, or UnknownClaim with the nearest ids."""
    from difflib import get_close_matches

    import proofs

    if claim_id not in proofs.CLAIMS:
        near = get_close_matches(claim_id, proofs.CLAIMS, n=3) or list(proofs.CLAIMS)[:3]
        raise UnknownClaim(f"claim = {claim_id} is unknown; near it: {', '.join(near)} (smd claims lists all)")
    return proofs.CLAIMS[claim_id]
