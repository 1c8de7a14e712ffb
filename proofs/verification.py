"""Running the layers over the claims and writing what they say as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec

from proofs import evidence as ledger
from proofs.claim import Claim
from proofs.evidence import Evidence
from proofs.verdict import Verdict

LAYERS = ("identity", "points", "slope", "simulation-cpu", "simulation-gpu")
"""Every layer, cheapest first."""


def checkers(claim: Claim, layers: Iterable[str] = LAYERS) -> dict[str, Callable[[], Verdict]]:
    """The layers that apply to a claim and can run here."""
    from proofs.layers import identity, points, slope

    found: dict[str, Callable[[], Verdict]] = {
        "identity": lambda: identity.check(claim),
        "points": lambda: points.check(claim),
    }
    if slope.applies(claim):
        found["slope"] = lambda: slope.check(claim)
    if find_spec("torch") is not None:
        import torch

        from proofs.layers import simulation

        if simulation.applies(claim):
            found["simulation-cpu"] = lambda: simulation.check(claim)
            if torch.cuda.is_available():
                found["simulation-gpu"] = lambda: simulation.check(claim, "cuda")
    return {layer: check for layer, check in found.items() if layer in set(layers)}


def verify(claims: Iterable[Claim], layers: Iterable[str] = LAYERS) -> Iterator[Evidence]:
    """Run every applicable layer on every claim, writing evidence as it comes."""
    chosen = tuple(layers)
    for claim in claims:
        for check in checkers(claim, chosen).values():
            verdict = check()
            yield ledger.record(claim, verdict, "cuda" if verdict.layer == "simulation-gpu" else "cpu")
