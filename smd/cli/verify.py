"""``smd verify``: run the checkers and write what they say as evidence."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from smd.cli import options
from smd.cli.progress import Bar


def command(
    claim_id: Annotated[str | None, typer.Option("--claim", metavar="ID", help="only this claim")] = None,
    layer: Annotated[str | None, typer.Option(help="only this layer")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="only what has no fresh evidence yet")] = False,
    sabotage: Annotated[bool, typer.Option("--sabotage", help="altered statements instead, each to be caught")] = False,
    as_json: options.Json = False,
) -> None:
    """Check every claim with every layer that runs here; exit 1 if one fails.

    A claim fails when it is refuted, when no layer decides it, when no test met its hypotheses, or when a source
    changed after its promoted evidence.
    """
    if sabotage:
        _sabotage(as_json)
        return
    from proofs import processes
    from proofs.layers import TABLE

    if claim_id is None and (layer is None or layer in TABLE):  # what takes longest to begin
        processes.import_early("proofs.verification", *(f"proofs.layers.{layer.module}" for layer in TABLE.values()))
    import proofs
    from proofs import evidence
    from proofs.verdict import Outcome
    from proofs.verification import DECIDING, LAYERS, failing, lacking, never_met, planned, unmet, verify
    from smd import ledger
    from smd.cli.cite import claim_named

    if layer is not None and layer in TABLE and layer not in LAYERS:
        raise typer.BadParameter(f"layer = {layer} is run by {TABLE[layer].run_by}")
    if layer is not None and layer not in LAYERS:
        raise typer.BadParameter(f"layer = {layer} is unknown; known are {', '.join(LAYERS)}")
    layers = LAYERS if layer is None else (layer,)
    chosen = list(proofs.CLAIMS.values()) if claim_id is None else [claim_named(claim_id)]
    checks = planned(chosen, layers, missing)
    absent = lacking(layers)
    for line in absent:
        print(line, file=sys.stderr)
    empty = unmet(chosen) if claim_id is None else []
    for line in empty:
        print(line, file=sys.stderr)
    if not checks and absent:
        raise typer.Exit(1)
    if not checks and not missing:
        raise typer.BadParameter(f"layer = {layer} does not apply to claim = {claim_id}")
    found = []
    with Bar("verifying", "checks") as bar:
        for one in verify(checks):
            found.append(one)
            bar.show(len(found), len(checks), one.claim)
    shown = TABLE if layer is None else layers
    known = [e for claim in chosen for e in evidence.of(claim) if e.layer in shown and not e.is_stale]
    bad = failing(known)
    wrong = [*never_met(known), *evidence.damaged()]
    # Who changes a source may have no GPU: the ledger shows such evidence as stale.
    for line in (*wrong, *evidence.outdated(chosen)):
        print(line, file=sys.stderr)
    if as_json:
        ran = [{"claim": e.claim, "layer": e.layer, "outcome": e.outcome, "detail": e.detail} for e in found]
        whole = ledger.as_json(ledger.rows(chosen)) | {"checks": ran, "failing": bad}
        print(json.dumps(whole, indent=2, default=str))
    else:
        for e in known:
            if e.claim in bad and e.outcome is not Outcome.HOLDS:
                print(f"{e.claim} {e.label}: {e.outcome} {e.detail}")
        for name in (layer for layer in DECIDING if layer in layers):
            open_ = [e.claim for e in known if e.layer == name and e.claim not in bad and e.outcome != Outcome.HOLDS]
            if open_:
                print(f"{name} leaves {len(open_)} undecided that another layer decides: {', '.join(open_)}")
        held = sum(e.outcome is Outcome.HOLDS for e in found)
        print(f"{len(found)} checks of {len(chosen)} claims: {held} hold, {len(bad)} claims fail")
    if bad or empty or wrong:
        raise typer.Exit(1)


def _sabotage(as_json: bool) -> None:
    """Show every altered statement to the layers; exit 1 if one survives."""
    from proofs.sabotage import alterations, caught_by

    altered = list(alterations())
    rows: list[dict[str, Any]] = []
    with Bar("altering", "statements") as bar:
        for one in altered:
            rows.append({"claim": one.claim, "says": one.true.says, "altered": one.how, "caught": dict(caught_by(one))})
            bar.show(len(rows), len(altered), one.claim)
    survivors = [row for row in rows if not row["caught"]]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            caught = ", ".join(f"{layer} ({how})" for layer, how in row["caught"].items()) or "SURVIVES"
            print(f"{row['claim']}, {row['says']}, with {row['altered']}: {caught}")
        print(f"{len(rows)} altered statements: {len(rows) - len(survivors)} caught, {len(survivors)} survive")
    if survivors:
        raise typer.Exit(1)
