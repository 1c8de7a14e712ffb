"""Which engine runs what, and in which precision."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from numerics.arguments import device_of
from numerics.engines.problem import Array, Engine, Problem
from numerics.errors import BadSimulation
from numerics.gradients import GradientLaw
from numerics.muon import Muon
from numerics.philox.arrays import compiled_form
from numerics.philox.kinds import Kind as Entries
from numerics.updates.update import Rule, Update

ENGINES = ("torch", "numba", "reduction", "triton")
DTYPES = ("float32", "float64")
RESOLVED = 2.0**-20
"""The smallest lr wd that single precision is used for: sixteen of its spacings below 1."""


@dataclass(frozen=True)
class Kind:
    """An engine, where it runs, and its precision."""

    engine: str
    device: str
    dtype: str


def has_numba() -> bool:
    """Whether compiled engines are there."""
    return compiled_form() is not None


def can_fold(updates: tuple[Update, ...], law: GradientLaw, dim: int) -> str | None:
    """None where the exact reduction is exact, else why not."""
    from numerics.engines.transcription import transcribe

    for update in updates:
        if isinstance(update, Muon):
            if update.orthogonalise != "polar":
                return f"orthogonalise = {update.orthogonalise} rounds otherwise where the space is turned"
            if max(update.rows, update.cols) <= 3 * min(update.rows, update.cols):
                return "matrices fold where one side is above three times the other"
            if (update.rows, update.cols) != (updates[0].rows, updates[0].cols):  # type: ignore[attr-defined]
                return "matrices of different shapes fold apart"
        elif not isinstance(update, Rule) or not transcribe(update.form).linear:
            return "the rule does not turn with the space"
    if law.entries.kind is not Entries.NORMAL or law.remembers:
        return f"the law {law.name} is not white and normal"
    return "dim is below 2" if dim < 2 else None


def can_triton(updates: tuple[Update, ...], dim: int, dtype: str) -> str | None:
    """None where the Triton engine can run this, else why not."""
    from numerics.engines.fused_triton import LARGEST

    if not importlib.util.find_spec("triton"):
        return "triton is not installed"
    if any(not isinstance(update, Rule) for update in updates):
        return "the rule is not one of numerics.UPDATES"
    if dim > LARGEST:
        return f"dim = {dim} is above {LARGEST}, the most entries that one program takes"
    return f"dtype = {dtype} is not float32" if dtype != "float32" else None


def least_decay(updates: tuple[Update, ...], schedule: Mapping[str, Array]) -> float:
    """The smallest lr wd above 0 of the configurations, at any step of a schedule."""
    own = [
        np.asarray(schedule.get("lr", u.lr) * schedule.get("wd", u.wd)) for u in updates if isinstance(u, Rule | Muon)
    ]
    return min((float(p[p > 0].min()) for p in own if (p > 0).any()), default=1.0)


def choose(
    updates: tuple[Update, ...],
    law: GradientLaw,
    dim: int,
    engine: str | None,
    device: str | None,
    dtype: str,
    *,
    schedule: Mapping[str, Array] | None = None,
    vectors: bool = False,
) -> Kind:
    """The engine asked for, or the fastest that can: the reduction, Triton on CUDA, numba, torch.

    ``vectors`` says that weights are needed at the end, which the reduction has not. Raises BadSimulation for an
    engine that is unknown, not there or not able, and for a precision that does not resolve 1 - lr wd.
    """
    place = device_of(device or "cpu")
    if engine is not None and engine not in ENGINES:
        raise BadSimulation(f"engine = {engine} is unknown; known are {', '.join(ENGINES)}")
    if dtype not in DTYPES:
        raise BadSimulation(f"dtype = {dtype} is unknown; known are {', '.join(DTYPES)}")
    own = any(not isinstance(update, Rule) for update in updates)
    cannot_fold = can_fold(updates, law, dim)
    cannot_triton = can_triton(updates, dim, dtype) if engine == "triton" or place == "cuda" else None
    folds, on_gpu = cannot_fold is None and not vectors, place == "cuda" and cannot_triton is None
    chosen = engine or ("triton" if on_gpu else _fastest(place, own=own, folds=folds))
    reasons = {
        "numba": "numba is not installed" if not has_numba() else own and "the rule is not one of numerics.UPDATES",
        "reduction": "numba is not installed" if not (has_numba() or own) else cannot_fold,
        "triton": cannot_triton,
        "torch": None,
    }
    if reasons[chosen]:
        raise BadSimulation(f"engine = {chosen} cannot run this: {reasons[chosen]}")
    if (chosen == "triton") != (place == "cuda") and chosen != "torch":
        raise BadSimulation(f"engine = {chosen} does not run on device = {place}")
    decay = least_decay(updates, schedule or {})
    if dtype == "float32" and decay < RESOLVED:
        raise BadSimulation(f"dtype = float32 does not resolve 1 - lr wd at lr wd = {decay:.3g}; use float64")
    return Kind(chosen, place, "float64" if chosen == "reduction" else dtype)


def _fastest(device: str, *, own: bool, folds: bool) -> str:
    """The engine where Triton's is not."""
    if own or device == "cuda" or not has_numba():
        return "torch"
    return "reduction" if folds else "numba"


def build(kind: Kind, problem: Problem, threads: int | None) -> Engine:
    """The engine at the start of the problem."""
    if kind.engine == "torch":
        from numerics.engines.readable import Readable

        return Readable(problem, kind.device)
    if kind.engine == "reduction" and not isinstance(problem.updates[0], Rule):
        from numerics.engines.folded_matrices import FoldedMatrices

        return FoldedMatrices(problem)
    if kind.engine == "reduction":
        from numerics.engines.folded import Folded

        return Folded(problem, threads)
    if kind.engine == "triton":
        from numerics.engines.fused_triton import FusedTriton

        return FusedTriton(problem, kind.device)
    from numerics.engines.fused import Fused

    return Fused(problem, threads)


def check_memory(problem: Problem, kind: Kind, record: int) -> None:
    """Raise BadSimulation where weights, what is kept and trajectories do not fit into the memory that is free."""
    narrow = kind.engine == "reduction" and isinstance(problem.updates[0], Rule)
    entries = 0 if narrow else problem.chains * problem.dim * 4 + problem.streams * problem.dim
    trajectories = 3 * problem.chains * (problem.steps // record if record else 0)
    needed = entries * (4 if kind.dtype == "float32" else 8) + (trajectories + 16 * 256 * problem.chains) * 8
    free = free_memory(kind.device)
    if needed > free:
        what = f"{problem.chains} chains of dim = {problem.dim}, record = {record} of {problem.steps} steps"
        raise BadSimulation(f"{what} take {needed / 2**30:.3g} GB, and {free / 2**30:.3g} GB are free")


def free_memory(device: str) -> float:
    """Bytes that are free on a device."""
    if device == "cuda":
        import torch

        return float(torch.cuda.mem_get_info()[0])
    try:
        with open("/proc/meminfo") as lines:
            return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
