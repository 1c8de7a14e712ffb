"""Running the layers over the claims and writing what they say as evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context

from proofs import evidence as ledger
from proofs.claim import Claim
from proofs.claims import CLAIMS
from proofs.evidence import Evidence
from proofs.verdict import Verdict

LAYERS = ("identity", "points", "slope", "kernel", "simulation-cpu", "simulation-gpu")
"""Every layer, cheapest first."""
SLICE = 8
"""Neighbouring claims of no optimizer that go to one process."""
FEW = 6
"""Checks that are not worth starting other processes for."""


@dataclass(frozen=True)
class Check:
    """One layer's turn on one claim."""

    claim: str
    layer: str


def checkers(claim: Claim) -> dict[str, Callable[[], Verdict]]:
    """The layers that apply to a claim and can run here."""
    from proofs.layers import identity, kernel, points, slope

    found: dict[str, Callable[[], Verdict]] = {
        "identity": lambda: identity.check(claim),
        "points": lambda: points.check(claim),
    }
    if slope.applies(claim):
        found["slope"] = lambda: slope.check(claim)
    if kernel.applies(claim):
        found["kernel"] = lambda: kernel.check(claim)
    if find_spec("torch") is not None:
        import torch

        from proofs.layers import simulation

        if simulation.applies(claim):
            found["simulation-cpu"] = lambda: simulation.check(claim)
            if torch.cuda.is_available():
                found["simulation-gpu"] = lambda: simulation.check(claim, "cuda")
    return found


def planned(claims: Iterable[Claim], layers: Iterable[str] = LAYERS, missing: bool = False) -> list[Check]:
    """The checks to run; with ``missing`` only those without fresh evidence."""
    wanted = set(layers)
    found = []
    for claim in claims:
        fresh = {e.layer for e in ledger.of(claim) if not e.is_stale} if missing else set()
        found += [Check(claim.id, layer) for layer in checkers(claim) if layer in wanted - fresh]
    return found


def run(check: Check) -> Evidence:
    """Run one check and write its evidence."""
    claim = CLAIMS[check.claim]
    verdict = checkers(claim)[check.layer]()
    return ledger.record(claim, verdict, "cuda" if check.layer == "simulation-gpu" else "cpu")


def verify(checks: list[Check], jobs: int | None = None) -> Iterator[Evidence]:
    """Run checks, writing evidence as it comes, in ``jobs`` processes (the processors, if not said).

    An optimizer's checks go to one process, which derives it once; claims of no optimizer go in slices. CUDA
    checks stay in this one.
    """
    if len(checks) <= FEW or jobs == 1:
        yield from map(run, checks)
        return
    here = [check for check in checks if check.layer == "simulation-gpu"]
    groups: dict[tuple[str | int, bool], list[Check]] = {}
    place = {name: i for i, name in enumerate(CLAIMS)}
    for check in checks:
        if check not in here:
            simulated = check.layer.startswith("simulation")
            shared = CLAIMS[check.claim].optimizer or place[check.claim] // SLICE
            groups.setdefault((shared, simulated), []).append(check)
    with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=get_context("spawn")) as pool:
        pending = [pool.submit(_run_all, group) for group in sorted(groups.values(), key=len, reverse=True)]
        for finished in as_completed(pending):
            yield from finished.result()
    yield from map(run, here)


def _run_all(checks: list[Check]) -> list[Evidence]:
    """The evidence of a group's checks; Coq compiles the lemmas of all its claims together."""
    from proofs.layers import kernel

    together = [check for check in checks if check.layer == kernel.LAYER]
    found = [run(check) for check in checks if check not in together]
    claims = [CLAIMS[check.claim] for check in together]
    return found + [ledger.record(*pair) for pair in zip(claims, kernel.check_all(claims), strict=True)]
