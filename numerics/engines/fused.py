"""Chains advanced by kernels that numba compiled: draw, gradient, update and measurement in one pass over memory."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from numerics.engines.problem import Array, Problem
from numerics.engines.starting import start_of
from numerics.engines.steps import law_numbers
from numerics.engines.tables import table
from numerics.engines.transcription import transcribe
from numerics.updates.update import Rule

SMALL = 1 << 16
"""Entries a chunk below which threads would cost more than they bring."""


def threads_here() -> int:
    """Threads to use: OMP_NUM_THREADS, or the processors that this process may use."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else len(os.sched_getaffinity(0))


def in_slices(run: Callable[[int, int], None], items: int, threads: int) -> None:
    """run(low, high) over all items, in slices side by side; an error or an interrupt comes through."""
    edges = np.linspace(0, items, max(1, min(threads, items)) + 1).astype(int)
    if len(edges) == 2:
        run(0, items)
        return
    with ThreadPoolExecutor(len(edges) - 1) as pool:
        for done in [pool.submit(run, int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]:
            done.result()


class Fused:
    """The numba engine, in single or double precision."""

    name = "numba"

    def __init__(self, problem: Problem, threads: int | None = None) -> None:
        rule = problem.updates[0]
        assert isinstance(rule, Rule)
        self.problem, self.loop = problem, transcribe(rule.form)
        self.threads = threads or threads_here()
        self.kernel = importlib.import_module(f"numerics.engines.compiled.{rule.form.name}")
        padded = 4 * math.ceil(problem.dim / 4)
        self.arrays = start_of(problem, self.loop.form.kept, padded)
        self.law = law_numbers(problem.law, problem.grad_norm)

    def advance(self, first: int, count: int) -> tuple[Array, Array, Array]:
        """Take steps; each thread has chains of its own."""
        problem, held = self.problem, self.arrays
        measured = np.empty((3, problem.chains, count))
        rows = table(problem, self.loop.asked, first, count)

        def run(low: int, high: int) -> None:
            self.kernel.chains(
                low, high, first, problem.share, problem.replicas, self.law, problem.dim, *problem.key, rows,
                held["weights"], held["kept"], held["memory"], held["squares"], *measured,
            )  # fmt: skip

        work = problem.chains * problem.dim * count
        in_slices(run, problem.streams, self.threads if work > SMALL else 1)
        return measured[0], measured[1], measured[2]

    def end(self) -> dict[str, Array]:
        """Weights and what is kept."""
        dim = self.problem.dim
        kept: dict[str, Any] = {name: self.arrays["kept"][j, :, :dim] for j, name in enumerate(self.loop.form.kept)}
        return {"weights": self.arrays["weights"][:, :dim], **kept}
