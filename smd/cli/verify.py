"""``smd verify``: run the checkers and write what they say as evidence."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar


def command(
    claim_id: Annotated[str | None, typer.Option("--claim", metavar="ID", help="only this claim")] = None,
    layer: Annotated[str | None, typer.Option(help="only this layer")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="only what has no fresh evidence yet")] = False,
    as_json: options.Json = False,
) -> None:
    """Check every claim with every layer that runs here; exit 1 if anything is refuted or undecided."""
    import proofs
    from proofs.formal.toolchain import missing as missing_coq
    from proofs.verification import LAYERS, planned, verify
    from smd.cli.cite import claim_named

    if layer is not None and layer not in LAYERS:
        raise typer.BadParameter(f"layer = {layer} is unknown; known are {', '.join(LAYERS)}")
    if layer == "kernel" and (hint := missing_coq()):
        raise typer.BadParameter(f"layer = kernel does not run here: {hint}")
    layers = LAYERS if layer is None else (layer,)
    chosen = list(proofs.CLAIMS.values()) if claim_id is None else [claim_named(claim_id)]
    checks = planned(chosen, layers, missing)
    if not checks and not missing:
        raise typer.BadParameter(f"layer = {layer} does not apply to claim = {claim_id}")
    found = []
    with Bar("verifying", "checks") as bar:
        for evidence in verify(checks):
            found.append(evidence)
            bar.show(len(found), len(checks), evidence.claim)
    bad = [e for e in found if e.outcome != "holds"]
    if as_json:
        rows = [{"claim": e.claim, "layer": e.layer, "outcome": e.outcome, "detail": e.detail} for e in found]
        print(json.dumps(rows, indent=2, default=str))
    else:
        for e in bad:
            print(f"{e.claim} {e.layer}: {e.outcome} {e.detail}")
        print(f"{len(found)} checks of {len(chosen)} claims: {len(found) - len(bad)} hold, {len(bad)} do not")
    if bad:
        raise typer.Exit(1)
