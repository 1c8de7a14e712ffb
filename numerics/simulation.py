"""``simulate``: one signature before every engine, with progress, checkpoints and a result that says how it ran."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from numerics import checkpoint as checkpoints
from numerics.accumulate import CHUNK
from numerics.arguments import (
    WORDS,
    check_run,
    check_update,
    law_of,
    positive,
    schedule_of,
    start_of_chains,
    update_for,
    writable,
)
from numerics.engines import choice
from numerics.engines.problem import Engine, Problem
from numerics.errors import BadSimulation
from numerics.gradients import LAWS, GradientLaw
from numerics.interrupts import Deferred
from numerics.provenance import Provenance
from numerics.recording import Recorder
from numerics.result import Result
from numerics.seeding import mixed
from numerics.updates import Start, Update
from numerics.updates.update import KEPT

Array = np.ndarray
Hyperparameters = Mapping[str, float | None]
PAUSE = 30.0
"""Seconds between two checkpoints."""


def simulate(
    rule: str | Update,
    hyperparameters: Hyperparameters | Sequence[Hyperparameters] | None = None,
    dim: int = 64,
    steps: int = 1000,
    record: int = 1,
    seed: int = 0,
    engine: str | None = None,
    device: str | None = None,
    *,
    replicas: int = 32,
    law: str | GradientLaw = "fixed",
    grad_norm: float = 1.0,
    burn_in: int = 0,
    start: Start | None = None,
    start_norm: float = 1.0,
    schedule: Mapping[str, Sequence[float] | Array] | None = None,
    share_noise: bool = False,
    dtype: str = "float64",
    statistics: Collection[str] = ("mean",),
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    on_step: Callable[[int], None] | None = None,
) -> Result:
    """Run ``replicas`` chains of each configuration on gradients of ``law`` and measure every step.

    ``rule`` is an optimizer's name, "muon" among them, with its ``hyperparameters``, one mapping or a sequence of them,
    or an update of one's own. Chains begin at ``start`` or at random directions of ``start_norm``; ``schedule`` gives
    lr or wd of every step. Trajectories keep every ``record``-th step (0 none), averages run over the steps after
    ``burn_in``.

    The random numbers depend on seed, chain and step alone, and a result not on threads, on other chains, or on where
    the run was interrupted. With ``share_noise`` replica r of every configuration has the same noise: configurations
    are then compared pair by pair, and errors still come from replicas. ``engine`` is one of ``choice.ENGINES``, else
    the fastest that can: with a rule's name and no ``start`` that may be the exact reduction, which has no weights at
    the end. ``dtype`` "float32" is faster, and refused where it does not resolve 1 - lr wd.

    With ``checkpoint`` the run writes that file from time to time and when it is interrupted, continues from it where
    it exists, and removes it at its end. ``on_step`` is told the number of steps done.
    Raises BadSimulation for arguments without meaning, before anything is written.
    """
    updates = _updates(rule, hyperparameters)
    chosen = law_of(law)
    check_run(law=chosen, dim=dim, replicas=replicas, steps=steps, burn_in=burn_in, start_norm=start_norm, seed=seed)
    for update in updates:
        check_update(update, dim)
    planned, vectors = schedule_of(schedule, steps), start is not None or not isinstance(rule, str)
    kind = choice.choose(updates, chosen, dim, engine, device, dtype, schedule=planned, vectors=vectors)
    problem = Problem(
        updates=updates,
        law=chosen,
        grad_norm=positive("grad_norm", grad_norm),
        dim=dim,
        replicas=replicas,
        steps=steps,
        seed=mixed(seed),
        share=share_noise,
        dtype=kind.dtype,
        schedule=planned,
        start=start_of_chains(start, updates, replicas, dim, chosen),
        start_norm=start_norm,
    )
    if problem.streams > WORDS:
        raise BadSimulation(f"{problem.streams} chains are more than 2^32: random numbers would come again")
    choice.check_memory(problem, kind, record)
    path = None if checkpoint is None else writable(Path(checkpoint))
    began = time.monotonic()
    recorder = Recorder(len(updates), replicas, steps, record, burn_in, statistics)
    try:
        running = choice.build(kind, problem, threads)
    except (MemoryError, RuntimeError) as full:
        raise BadSimulation(f"{problem.chains} chains of dim = {dim} do not fit into memory") from full
    settings = _settings(problem, kind, record, burn_in, statistics)
    recorder = _advance(running, recorder, problem, settings, path, on_step)
    named = [_fields(update) for update in updates]
    provenance = Provenance.here(
        rule=rule if isinstance(rule, str) else type(rule).__name__.lower(),
        hyperparameters=named if _many(hyperparameters) else named[0],
        law=chosen.name if LAWS.get(chosen.name) == chosen else f"{chosen}",
        dim=dim, replicas=replicas, steps=steps, seed=seed, engine=running.name,
        device=kind.device, dtype=kind.dtype, grad_norm=float(grad_norm), start_norm=float(start_norm),
        share_noise=share_noise, schedule=settings["schedule"], start=settings["start"],
        duration=time.monotonic() - began,
    )  # fmt: skip
    several = _many(hyperparameters)
    end = _by_configuration(running.end(), len(updates)) if several else running.end()
    return Result.of(recorder, several=several, end=end, provenance=provenance)


def _advance(
    engine: Engine,
    recorder: Recorder,
    problem: Problem,
    settings: Mapping[str, Any],
    path: Path | None,
    on_step: Callable[[int], None] | None,
) -> Recorder:
    """Run to the end, from the start or from a checkpoint."""
    done = 0
    if path is not None and path.exists():
        done, arrays = checkpoints.read(path, settings)
        engine.restore({k.removeprefix("engine/"): v for k, v in arrays.items() if k.startswith("engine/")})
        held = {k.removeprefix("recorder/"): v for k, v in arrays.items() if k.startswith("recorder/")}
        recorder = Recorder.restore(held)
    else:
        recorder.start(engine.squares())
    saved = time.monotonic()

    def save() -> None:
        assert path is not None
        arrays = {f"engine/{k}": v for k, v in engine.arrays.items()}
        arrays |= {f"recorder/{k}": v for k, v in recorder.arrays().items()}
        checkpoints.write(path, settings, done, arrays)

    with Deferred() as interrupt:
        while done < problem.steps:
            count = min(CHUNK, problem.steps - done)
            engine.advance(done, count, recorder.take)
            recorder.complete()
            done += count
            if on_step is not None:
                on_step(done)
            ends = interrupt.asked
            if path is not None and (ends or time.monotonic() - saved > PAUSE):
                save()
                saved = time.monotonic()
            if ends:
                raise KeyboardInterrupt
    if path is not None:
        path.unlink(missing_ok=True)
    return recorder


def _by_configuration(end: Start | dict[str, Array] | None, configurations: int) -> Start | dict[str, Array] | None:
    """Weights and state [configurations, replicas, dim] of all chains."""
    if end is None:
        return None
    if isinstance(end, dict):
        return {k: x.reshape(configurations, -1, x.shape[-1]) if x.ndim else x for k, x in end.items()}
    parts = {name: getattr(end.state, name) for name in KEPT}
    whole = {name: x.reshape(configurations, -1, x.shape[-1]) for name, x in parts.items() if x is not None}
    weights = end.weights.reshape(configurations, -1, end.weights.shape[-1])
    return Start(weights, replace(end.state, **whole))


def _many(hyperparameters: Hyperparameters | Sequence[Hyperparameters] | None) -> bool:
    """Whether there is an axis of configurations."""
    return hyperparameters is not None and not isinstance(hyperparameters, Mapping)


def _updates(
    rule: str | Update, hyperparameters: Hyperparameters | Sequence[Hyperparameters] | None
) -> tuple[Update, ...]:
    if not isinstance(rule, str):
        if hyperparameters is not None:
            raise BadSimulation("hyperparameters are given beside an update that has its own; give one of them")
        return (rule,)
    rows = [hyperparameters or {}] if not _many(hyperparameters) else list(hyperparameters or [])
    if not rows:
        raise BadSimulation("hyperparameters = [] has no configuration")
    updates = tuple(update_for(rule, row) for row in rows)  # type: ignore[arg-type]
    if len({getattr(update, "form", None) for update in updates}) > 1:
        raise BadSimulation("beta2 is given in some configurations and left out in others; run them apart")
    return updates


def _fields(update: Update) -> dict[str, Any]:
    return {f.name: getattr(update, f.name) for f in fields(update)} if is_dataclass(update) else {}


def _hash(values: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def _hash_of_start(start: Start) -> str:
    vectors = {"weights": start.weights} | {name: getattr(start.state, name) for name in KEPT}
    held = {name: _hash(vector.cpu().numpy()) for name, vector in vectors.items() if vector is not None}
    return hashlib.sha256(f"{held} {start.state.steps}".encode()).hexdigest()


def _settings(
    problem: Problem, kind: choice.Kind, record: int, burn_in: int, statistics: Collection[str]
) -> dict[str, Any]:
    """What a checkpoint must agree in."""
    return {
        "updates": [f"{update}" for update in problem.updates],
        "law": f"{problem.law}",
        "schedule": {name: _hash(values) for name, values in problem.schedule.items()},
        **{n: getattr(problem, n) for n in ("grad_norm", "dim", "replicas", "steps", "seed", "share", "start_norm")},
        "start": None if problem.start is None else _hash_of_start(problem.start),
        **{name: getattr(kind, name) for name in ("engine", "device", "dtype")},
        "record": record,
        "burn_in": burn_in,
        "statistics": sorted(statistics),
    }
