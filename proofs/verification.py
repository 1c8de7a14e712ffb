"""Running the layers over the claims and writing what they say as evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from proofs import dependencies, experiments, kept, processes
from proofs import evidence as ledger
from proofs.claim import Claim, Kind
from proofs.claims import CLAIMS
from proofs.evidence import Evidence
from proofs.layers import TABLE, Worth, of_worth
from proofs.verdict import Outcome, Verdict

LAYERS = tuple(name for name, layer in TABLE.items() if layer.run_by == "smd verify")
"""Every layer that is run here, cheapest first."""
DECIDING = of_worth(Worth.PROVES, Worth.DECIDES)
"""The layers of which one must hold."""
EVERYWHERE = ("identity", "certificate", "smt")
"""The deciding layers that apply to every claim: two of them hold for each exact claim and bound."""
SLICE = 8
"""Neighbouring claims of no optimizer that go to one process."""
TOGETHER = 15
"""Claims that a layer which checks claims together is given at once."""
FEW = 6
"""Checks that are not worth starting other processes for, or a file of lemmas."""


@dataclass(frozen=True)
class Check:
    """One layer's turn on one claim."""

    claim: str
    layer: str


def checkers(claim: Claim) -> dict[str, Callable[[], Verdict]]:
    """The layers that apply to a claim and can run here: none for an empirical claim, which owes no identity."""
    found: dict[str, Callable[[], Verdict]] = {}
    for name in LAYERS if claim.kind is not Kind.EMPIRICAL else ():
        layer = TABLE[name]
        if layer.runs_here:
            module, on = layer.checker, () if layer.device == "cpu" else (layer.device,)
            if getattr(module, "applies", lambda _: True)(claim):
                found[name] = partial(module.check, claim, *on)
    return found


def lacking(layers: Iterable[str] = LAYERS) -> list[str]:
    """One line for each of the layers that cannot run for want of a package."""
    return [
        f"{name}: {' and '.join(layer.lacks)} not installed, so this layer is left out: {layer.remedy}"
        for name, layer in TABLE.items()
        if name in layers and layer.lacks and layer.device == "cpu"
    ]


def unmet(claims: Iterable[Claim], layers: Iterable[str] = LAYERS) -> list[str]:
    """One line for each claim that no layer looks at, and for each layer that runs here and would look at no claim.

    An empirical claim must have an experiment.
    """
    applied = {
        claim.id: {e.name for e in experiments.of_claim(claim.id)}
        if claim.kind is Kind.EMPIRICAL
        else set(checkers(claim)) & set(layers)
        for claim in claims
    }
    used = set().union(*applied.values())
    idle = [name for name in layers if TABLE[name].runs_here and name not in used]
    return [f"{name}: no layer checks this claim" for name, own in applied.items() if not own] + [
        f"{name}: this layer would check no claim at all" for name in idle
    ]


def never_met(found: Iterable[Evidence]) -> list[str]:
    """One line for each layer that drew points for a claim, of which none met its domain and hypotheses."""
    lines = []
    for e in found:
        inside, outside, unmet = (e.detail.get(name) for name in ("inside", "outside", "unmet"))
        if unmet or (outside and not inside):
            what = f" of {', '.join(map(str, unmet))}" if isinstance(unmet, list) else ""
            lines.append(f"{e.claim} {e.layer}: no point met the hypotheses{what} ({inside} inside, {outside} outside)")
    return lines


def failing(found: Iterable[Evidence]) -> list[str]:
    """The claims that a layer refutes, that layers were to decide and none did, or that one layer alone decides."""
    by_claim: dict[str, list[Evidence]] = {}
    for evidence in found:
        by_claim.setdefault(evidence.claim, []).append(evidence)
    return [claim for claim, own in by_claim.items() if _fails(CLAIMS[claim], ledger.said(own))]


def _fails(claim: Claim, said: Mapping[str, Outcome]) -> bool:
    holding = [layer for layer in DECIDING if said.get(layer) is Outcome.HOLDS]
    refuted = Outcome.REFUTED in said.values()
    undecided = not holding and any(layer in said for layer in DECIDING)
    full = claim.kind in (Kind.EXACT, Kind.BOUND) and said.keys() >= set(EVERYWHERE)
    return refuted or undecided or (full and len(holding) < 2)


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
    if check.layer == "identity":  # what it took to derive is kept while it is there
        dependencies.depends_on(claim)
        kept.printed(claim)
    return ledger.record(claim, verdict, TABLE[check.layer].device_name)


def verify(checks: list[Check], jobs: int | None = None) -> Iterator[Evidence]:
    """Run checks, writing evidence as it comes, in ``jobs`` processes (the processors, if not said).

    What shares a derivation or an experiment goes to one process. CUDA checks stay in this process.
    """
    if len(checks) <= FEW or jobs == 1:
        yield from map(run, checks)
        return
    here = [check for check in checks if TABLE[check.layer].device != "cpu"]
    plan = Plan([check for check in checks if check not in here], jobs or os.cpu_count() or 1)
    with processes.pool(plan.jobs, _one_thread) as pool:
        running: dict[Future[list[Evidence]], list[Check]] = {}
        while True:
            while len(running) < plan.jobs and (turn := plan.next()):
                function, group = turn
                running[pool.submit(function, group)] = group
            if not running:
                break
            for finished in wait(running, return_when=FIRST_COMPLETED).done:
                yield from finished.result()
                plan.end(running.pop(finished))
    yield from map(run, here)


class Plan:
    """Groups of checks in the order of their turns: derivations, what is checked together as they end, simulations.

    What takes long has its turn first.
    """

    def __init__(self, checks: list[Check], jobs: int) -> None:
        self.jobs = jobs
        groups: dict[tuple[bool, object], list[Check]] = {}
        place = {name: i for i, name in enumerate(CLAIMS)}
        for check in checks:
            claim, simulated = CLAIMS[check.claim], TABLE[check.layer].worth is Worth.MEASURES
            shared = (simulated and claim.experiment) or claim.optimizer or place[claim.id] // SLICE
            groups.setdefault((simulated, shared), []).append(check)
        self.derived, self.simulated = (
            sorted((group for (kind, _), group in groups.items() if kind is simulated), key=_expected)
            for simulated in (False, True)
        )
        self.deriving: list[list[Check]] = []
        self.ready: list[Check] = []

    def next(self) -> tuple[Callable[[list[Check]], list[Evidence]], list[Check]] | None:
        """What to do with which checks; None if there is nothing, yet or any more."""
        if self.derived:
            self.deriving.append(self.derived.pop())
            return _run_apart, self.deriving[-1]
        # In the end all processes share what is left.
        count = TOGETHER if self.deriving else min(TOGETHER, max(FEW, len(self.ready) // self.jobs))
        if len(self.ready) >= count or (self.ready and not self.deriving):
            some, self.ready = self.ready[:count], self.ready[count:]
            return _run_together, some
        return (_run_apart, self.simulated.pop()) if self.simulated else None

    def end(self, checks: list[Check]) -> None:
        """These checks had their turn."""
        if checks in self.deriving:
            self.deriving.remove(checks)
            self.ready += filter(_is_joint, checks)


def _expected(checks: list[Check]) -> float:
    """Seconds that the checks took when they last ran, or a guess."""
    total = 0.0
    before = {name: {e.layer: e.seconds for e in ledger.of(CLAIMS[name])} for name in {c.claim for c in checks}}
    for check in checks:
        has_experiment = CLAIMS[check.claim].experiment is not None and TABLE[check.layer].worth is Worth.MEASURES
        total += before[check.claim].get(check.layer, 1.0 + 5.0 * has_experiment)
    return total


def _one_thread() -> None:
    if find_spec("torch") is not None:
        import torch

        torch.set_num_threads(1)


def _is_joint(check: Check) -> bool:
    return hasattr(TABLE[check.layer].checker, "check_all")


def _run_apart(checks: list[Check]) -> list[Evidence]:
    """The evidence of a group's checks; what is checked together with others is made ready where it is derived."""
    found = []
    for layer in dict.fromkeys(check.layer for check in checks):
        for check in checks:
            if check.layer == layer and not _is_joint(check):
                found.append(run(check))
            elif check.layer == layer:
                TABLE[layer].checker.prepare(CLAIMS[check.claim])
    return found


def _run_together(checks: list[Check]) -> list[Evidence]:
    """The evidence of checks by layers that look at several claims at once."""
    found = []
    for layer in dict.fromkeys(check.layer for check in checks):
        claims = [CLAIMS[check.claim] for check in checks if check.layer == layer]
        verdicts = TABLE[layer].checker.check_all(claims)
        found += [ledger.record(*pair) for pair in zip(claims, verdicts, strict=True)]
    return found
