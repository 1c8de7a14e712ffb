"""``smd promote``: keep the evidence of runs that are not repeated everywhere."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    claim_id: Annotated[str | None, typer.Option("--claim", metavar="ID", help="only this claim")] = None,
) -> None:
    """Copy fresh evidence of experiments, from a GPU or of long runs into the package; exit 1 if there is none."""
    import proofs
    from proofs import evidence
    from smd.cli.cite import claim_named

    chosen = list(proofs.CLAIMS.values()) if claim_id is None else [claim_named(claim_id)]
    written = evidence.promote(chosen)
    for file in written:
        print(file)
    if not written:
        print(f"nothing to promote: no fresh evidence of an experiment, a GPU or a check of over {evidence.LONG:g} s")
        raise typer.Exit(1)
