"""``smd claims``: every claim with its kind, setting and computed status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from proofs import Claim


def command(as_json: options.Json = False) -> None:
    """List the claims with their computed status; run ``smd verify`` for fresh evidence."""
    from rich.console import Console
    from rich.table import Table

    import proofs

    rows = []
    with Bar("reading evidence", "claims") as bar:
        for claim in proofs.CLAIMS.values():
            rows.append(_row(claim))
            bar.show(len(rows), len(proofs.CLAIMS), claim.id)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table()
    for column in ("claim", "kind", "setting", "status", "evidence"):
        table.add_column(column, no_wrap=column == "claim", overflow="fold")
    for row in rows:
        held = ", ".join(k if v == "holds" else f"{k}: {v}" for k, v in row["evidence"].items())
        table.add_row(row["id"], row["kind"], row["setting"], row["status"], held or "none yet")
    Console().print(table)


def _row(claim: Claim) -> dict[str, Any]:
    import proofs
    from proofs import evidence
    from proofs.dependencies import depends_on

    return {
        "id": claim.id,
        "title": claim.heading,
        "kind": str(claim.kind),
        "setting": str(claim.setting),
        "status": str(proofs.status(claim)),
        "evidence": {e.layer: str(e.outcome) for e in evidence.of(claim) if not e.is_stale},
        "depends_on": list(depends_on(claim)),
    }
