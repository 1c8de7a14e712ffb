"""Chains advanced by kernels that numba compiled: draw, gradient, update and measurement in one pass over memory."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import torch

from numerics.engines.caching import announced
from numerics.engines.problem import Array, Problem
from numerics.engines.starting import start_of
from numerics.engines.steps import LANES, law_numbers
from numerics.engines.tables import changing, table
from numerics.engines.transcription import transcribe
from numerics.philox.kinds import Kind
from numerics.updates.update import Rule, Start, State

NARROW = 16
"""Entries up to which chains go side by side."""

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
        for done in [pool.submit(run, int(a), int(b)) for a, b in pairwise(edges)]:
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
        self.arrays = start_of(problem, self.loop.form.kept, 4 * math.ceil(problem.dim / 4))
        self.law = law_numbers(problem.law, problem.grad_norm)
        plain = problem.law.entries.kind is Kind.NORMAL and not problem.law.remembers
        self.side_by_side = plain and problem.dim <= NARROW

    def advance(self, first: int, count: int) -> tuple[Array, Array, Array]:
        """Take steps; each thread has chains of its own."""
        problem, held = self.problem, self.arrays
        measured = np.empty((3, problem.chains, count))
        rows = table(problem, self.loop.asked, first, count)

        changes = changing(rows)
        kernel = self.kernel.lanes if self.side_by_side else self.kernel.chains
        items = math.ceil(problem.chains / LANES) if self.side_by_side else problem.streams

        def run(low: int, high: int) -> None:
            kernel(
                low, high, first, problem.share, problem.replicas, self.law, problem.dim, *problem.key, rows, changes,
                held["weights"], held["kept"], held["memory"], held["squares"], *measured,
            )  # fmt: skip

        with announced():
            in_slices(run, items, self.threads if problem.chains * problem.dim * count > SMALL else 1)
        return measured[0], measured[1], measured[2]

    def squares(self) -> Array:
        """|w|^2 of the chains now."""
        return np.array(self.arrays["squares"])

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""
        self.arrays = {name: np.array(values) for name, values in arrays.items()}

    def end(self) -> Start:
        """Weights and state."""
        dim = self.problem.dim
        kept = {name: torch.from_numpy(self.arrays["kept"][j, :, :dim]) for j, name in enumerate(self.loop.form.kept)}
        steps = self.problem.steps_before + self.problem.steps
        return Start(torch.from_numpy(self.arrays["weights"][:, :dim]), State(**kept, steps=steps))
