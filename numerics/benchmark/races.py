"""Who runs against whom: rules, dimensions, numbers of chains and threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from numerics.benchmark import machine, peers
from numerics.benchmark.pairing import Contestant, Interrupted, race
from numerics.benchmark.scan import LENGTH, has_jax, scan
from numerics.engines.choice import can_fold, has_numba
from numerics.errors import BadSimulation
from numerics.gradients import LAWS
from numerics.simulation import simulate
from numerics.updates import UPDATES

LOOP, BATCHED, IN_PLACE, SCAN = "torch.optim loop", "batched torch", "batched torch in place", "jax scan"
NUMBA, SHARED, REDUCTION, DEFAULT, NORMALS = "numba", "numba, shared noise", "reduction", "default", "normals"
CONFIGURATIONS = 16
"""Configurations that share noise."""
CHAINS, FOLDED_CHAINS, ENTRIES = 64, 4096, 1 << 20
"""Chains of a run; of the reduction; and the entries beyond which there are fewer chains."""
DIMS = (2, 16, 64, 256, 1024, 16384, 262144, 1000000)
FOLDED_DIMS = (10, 1024, 10**6, 10**9)


@dataclass
class Race:
    """Contestants at one point, and the rate of each in each round, in ``unit`` per second of ``clock``."""

    kind: str
    rule: str
    dim: int
    chains: int
    unit: str
    clock: str
    contestants: dict[str, Contestant] = field(repr=False, default_factory=dict)
    rates: dict[str, list[float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """What was measured, as JSON has it."""
        return {name: value for name, value in vars(self).items() if name != "contestants"}


@dataclass(frozen=True)
class Plan:
    """What to measure: rules, dimensions of the scaling, rounds, seconds of a contestant in a round."""

    rules: Sequence[str] = tuple(peers.HYPERPARAMETERS)
    dims: Sequence[int] = DIMS
    rounds: int = 11
    seconds: float = 0.25
    device: str = "cpu"
    chains: Sequence[int] = (2, 8, 32, 128, 512)
    threads: Sequence[int] = (1, 2, 4)
    jax: bool = True

    @classmethod
    def quick(cls) -> Plan:
        """Few rounds at few points."""
        return cls(
            rules=("sgdm", "adamw"), dims=(2,), rounds=3, seconds=0.05, chains=(2, 64), threads=(1, 2), jax=False
        )

    def but(self, **changed: Any) -> Plan:
        """The plan with other settings; raises BadSimulation for those without meaning."""
        return replace(self, **changed)

    def __post_init__(self) -> None:
        for rule in self.rules:
            if rule not in peers.HYPERPARAMETERS:
                raise BadSimulation(f"rule = {rule} is unknown; known are {', '.join(peers.HYPERPARAMETERS)}")
        for dim in self.dims:
            if not 2 <= dim <= ENTRIES:
                raise BadSimulation(f"dim = {dim} is outside its range [2, {ENTRIES}]")
        if self.rounds < 1:
            raise BadSimulation(f"rounds = {self.rounds} is outside its range [1, inf)")
        if self.device not in ("cpu", "cuda"):
            raise BadSimulation(f"device = {self.device} is unknown; known are cpu, cuda")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise BadSimulation("device = cuda is not available here; use cpu")


def chains_of(dim: int) -> int:
    """Chains that a run has at a dimension."""
    return max(2, min(CHAINS, ENTRIES // dim))


def engine(
    rule: str, dim: int, chains: int, configurations: int = 1, unit: int | None = None, **how: Any
) -> Contestant:
    """``simulate`` on so many chains in all, every step measured."""
    h = peers.HYPERPARAMETERS[rule]
    several = [h | {"wd": h["wd"] * (1 + c / configurations)} for c in range(configurations)]
    settings = {"law": "sphere", "record": 0, "threads": 1, "dtype": "float32", "replicas": chains // configurations}
    settings |= {"share_noise": configurations > 1} | how

    def run(steps: int) -> object:
        return simulate(rule, several if configurations > 1 else h, dim, steps, **settings)  # type: ignore[arg-type]

    return Contestant(run, chains * (dim if unit is None else unit))


def folds(rule: str) -> bool:
    """Whether the rule has the exact reduction."""
    update = UPDATES[rule](**peers.HYPERPARAMETERS[rule])
    return can_fold((update,), LAWS["sphere"], 1024) is None


def against(rule: str, dim: int, device: str, *, everyone: bool, jax: bool = False) -> Race:
    """The engines beside the peers; not ``everyone``, but what is chosen by default beside plain batched torch."""
    chains = chains_of(dim)
    found = {BATCHED: Contestant(peers.batched(rule, chains, dim, device), chains * dim)}
    if device == "cuda":
        found[DEFAULT] = engine(rule, dim, chains, device=device, threads=None)
    else:
        found[DEFAULT] = engine(rule, dim, chains, dtype="float64")
        found |= {NUMBA: engine(rule, dim, chains, engine="numba")} if has_numba() else {}
    if everyone:
        found[LOOP] = Contestant(peers.loop(rule, dim, device), dim)
        found[IN_PLACE] = Contestant(peers.in_place(rule, chains, dim, device), chains * dim)
    if everyone and jax:
        found[SCAN] = Contestant(scan(rule, chains, dim), LENGTH * chains * dim)
    if everyone and has_numba() and device == "cpu":
        sharing = CONFIGURATIONS * CONFIGURATIONS
        found[SHARED] = engine(rule, dim, sharing, CONFIGURATIONS, engine="numba")
        found[NORMALS] = machine.normals()
        if folds(rule):
            found[REDUCTION] = engine(rule, dim, FOLDED_CHAINS, engine="reduction")
    kind, clock = ("engines" if everyone else "dimensions"), ("wall" if device == "cuda" else "CPU")
    return Race(kind, rule, dim, chains, "coordinate-steps", clock, found)


def races(plan: Plan) -> Iterator[Race]:
    """All races of a plan, one after the other."""
    for rule in plan.rules:
        yield against(rule, 1024, plan.device, everyone=True, jax=plan.jax and has_jax())
    for rule in plan.rules:
        for dim in plan.dims:
            yield against(rule, dim, plan.device, everyone=False)
    if plan.device == "cuda" or not has_numba():
        return
    for rule in plan.rules:
        counts = {f"{n} chains": engine(rule, 1024, n, engine="numba") for n in plan.chains}
        yield Race("chains", rule, 1024, 0, "coordinate-steps", "CPU", counts)
        several = {f"{n} threads": engine(rule, 1024, CHAINS, engine="numba", threads=n) for n in plan.threads}
        several |= {f"{NORMALS}, {n} threads": machine.normals_on(n) for n in plan.threads}
        yield Race("threads", rule, 1024, CHAINS, "coordinate-steps", "wall", several)
        if folds(rule):
            wide = {f"d = {d}": engine(rule, d, FOLDED_CHAINS, unit=1, engine="reduction") for d in FOLDED_DIMS}
            yield Race("reduction", rule, 0, FOLDED_CHAINS, "chain-steps", "CPU", wide)


def run(plan: Plan, on_round: Callable[[int, int, str], None] | None = None, *, fresh: bool = True) -> dict[str, Any]:
    """Run a plan on one thread but where threads are compared; an interrupt leaves what was measured.

    ``fresh`` measures the first call of a fresh process too. ``on_round`` is told rounds done, rounds in all and what
    runs. Returns what JSON holds: "machine", "limits", "first call", "skipped", "races" and "interrupted".
    """
    planned = list(races(plan))
    found: dict[str, Any] = {"machine": machine.described(plan.device), "limits": {}, "first call": {}, "races": []}
    found["interrupted"] = False
    found["skipped"] = [] if plan.jax and has_jax() else [f"{SCAN}: {'a quick run' if has_jax() else 'no jax here'}"]
    found["skipped"] += [] if has_numba() else ["engines numba and reduction: numba is not installed"]
    total, before = len(planned) * plan.rounds, torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for place, one in enumerate(planned):
            told = f"{one.rule}, {one.kind}, d = {one.dim}"

            def show(done: int, first: int = place * plan.rounds, told: str = told) -> None:
                if on_round is not None:
                    on_round(first + done, total, told)

            show(0)
            clock = time.process_time if one.clock == "CPU" else time.monotonic
            try:
                one.rates = race(one.contestants, plan.rounds, plan.seconds, clock, show)
            except Interrupted as interrupt:
                one.rates = interrupt.rates
                raise
            finally:
                if all(one.rates.values()) and one.rates:
                    found["races"].append(one.as_dict())
        found["limits"] = machine.cuda_limits() if plan.device == "cuda" else {}
        if fresh:
            found["first call"] = machine.first_call()
    except KeyboardInterrupt:
        found["interrupted"] = True
    finally:
        torch.set_num_threads(before)
    return found
