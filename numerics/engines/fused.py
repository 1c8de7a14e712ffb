"""Chains advanced by kernels that numba compiled: draw, gradient, update and measurement in one pass over memory."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping

import numpy as np

from numerics.compilation import announced
from numerics.engines.problem import STATE, Array, Problem, Take
from numerics.engines.starting import ARRAYS, aligned, start_of
from numerics.engines.steps import LANES, law_numbers
from numerics.engines.tables import changing, table
from numerics.engines.transcription import transcribe
from numerics.philox.kinds import Kind
from numerics.slices import in_slices, threads_here
from numerics.updates.update import Rule

NARROW = 16
"""Entries up to which chains go side by side."""

TOGETHER = 4
"""Groups of chains side by side after which measurements are handed over, while they are at hand."""

SMALL = 1 << 16
"""Entries a chunk below which threads would cost more than they bring."""


class Fused:
    """The numba engine, in single or double precision."""

    name = "numba"

    def __init__(self, problem: Problem, threads: int | None = None) -> None:
        rule = problem.updates[0]
        assert isinstance(rule, Rule)
        self.problem, self.loop = problem, transcribe(rule.form)
        self.threads = threads or threads_here()
        self.kernel = importlib.import_module(f"numerics.engines.compiled.{rule.form.name}")
        self.arrays = start_of(problem, rule.form, 4 * math.ceil(problem.dim / 4))
        self.law = law_numbers(problem.law, problem.grad_norm)
        plain = problem.law.entries.kind is Kind.NORMAL and not problem.law.remembers
        self.side_by_side = plain and problem.dim <= NARROW

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps; each thread has chains of its own."""
        problem, held = self.problem, self.arrays
        rows = table(problem, self.loop.asked, first, count)
        known = first, problem.share, problem.replicas, self.law, problem.dim, *problem.key, rows, changing(rows)
        arrays, width = tuple(held[name] for name in ARRAYS), held["weights"].shape[1]
        threads = self.threads if problem.chains * problem.dim * count > SMALL else 1

        def side_by_side(low: int, high: int) -> None:
            for group in range(low, high, TOGETHER):
                end = min(group + TOGETHER, high)
                of_these = aligned(3, min(end * LANES, problem.chains) - group * LANES, count)
                self.kernel.lanes(group, end, *known, *arrays, *of_these)
                take(group * LANES, *of_these)

        measured = aligned(3, 0 if self.side_by_side else problem.chains, count)

        def one_by_one(low: int, high: int) -> None:
            self.kernel.chains(low, high, *known, *arrays, *measured, aligned(2, width, dtype=problem.dtype))
            for begin in range(0, problem.chains, problem.streams):
                take(begin + low, *measured[:, begin + low : begin + high])

        with announced():
            if self.side_by_side:
                in_slices(side_by_side, math.ceil(problem.chains / LANES), threads)
                return
            in_slices(one_by_one, problem.streams, threads)

    def squares(self) -> Array:
        """|w|^2 of the chains now."""
        return np.array(self.arrays["squares"])

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""
        for name, values in arrays.items():
            self.arrays[name][...] = values

    def end(self) -> dict[str, Array]:
        """Weights and state, as arrays."""
        dim, form, held = self.problem.dim, self.loop.form, self.arrays
        found = {STATE + name: held["kept"][j, :, :dim] for j, name in enumerate(form.vectors)}
        found |= {STATE + name: held["numbers"][j, :, None] for j, name in enumerate(form.numbers)}
        steps = np.array(self.problem.steps_before + self.problem.steps)
        return {"weights": held["weights"][:, :dim], **found, STATE + "steps": steps}
