"""Chains of rules that turn with the space, in three numbers each: equal in law at every dimension, at one cost.

Such a rule's step is a combination of w, of what it keeps and of the gradient. Its chain lives in the plane of the
first two and in the direction of the noise outside of it, where a normal and the root of a chi-square with
dim - 2 degrees of freedom take the noise's place.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping

import numpy as np

from numerics.compilation import announced
from numerics.engines.problem import Array, Problem, Take
from numerics.engines.starting import ARRAYS, aligned, numbers_of, weights_of
from numerics.engines.steps import GROUP, law_numbers
from numerics.engines.tables import changing, table
from numerics.engines.transcription import transcribe
from numerics.slices import in_slices, threads_here
from numerics.updates.update import Rule

SMALL = 1 << 13
"""Chain-steps a chunk below which threads would cost more than they bring."""


class Folded:
    """The exact reduction, in double precision."""

    name = "reduction"

    def __init__(self, problem: Problem, threads: int | None = None) -> None:
        rule = problem.updates[0]
        assert isinstance(rule, Rule)
        self.problem, self.loop, self.threads = problem, transcribe(rule.form), threads or threads_here()
        self.kernel = importlib.import_module(f"numerics.engines.compiled.{rule.form.name}").folded
        self.law = law_numbers(problem.law, problem.grad_norm)
        self.arrays = self._start()

    def _start(self) -> dict[str, Array]:
        """The length of w, the parts of the vector that is kept along w and across, and the numbers that are kept."""
        problem, form = self.problem, self.loop.form
        weights, kept = np.zeros((problem.chains, 1)), np.zeros((1, problem.chains, 2))
        if problem.start is None:
            weights[:] = problem.start_norm
        else:
            whole = weights_of(problem)
            weights[:, 0] = np.linalg.norm(whole, axis=1)
            for name in form.vectors:
                vector = getattr(problem.start.state, name)
                if vector is not None:
                    vectors = vector.cpu().double().numpy()
                    along = np.einsum("ij,ij->i", whole, vectors) / weights[:, 0]
                    rest = vectors - whole * (along / weights[:, 0])[:, None]
                    kept[0] = np.stack([along, np.linalg.norm(rest, axis=1)], axis=1)
        found = {"weights": weights, "kept": kept, "memory": np.zeros((1, 1))}
        return found | {"numbers": numbers_of(problem, form.numbers), "squares": weights[:, 0] ** 2}

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps, GROUP chains at a time, so that what is measured is still at hand; threads have their own."""
        problem, held = self.problem, self.arrays
        rows = table(problem, self.loop.asked, first, count)
        changes = changing(rows)

        def run(low: int, high: int) -> None:
            buffer = aligned(3, GROUP, count)
            for group in range(low, high):
                measured = buffer[:, : problem.chains - group * GROUP]
                self.kernel(
                    group, group + 1, first, problem.share, problem.replicas, self.law, problem.dim, *problem.key, rows,
                    changes, *(held[name] for name in ARRAYS), *measured,
                )  # fmt: skip
                take(group * GROUP, *measured)

        with announced():
            in_slices(run, math.ceil(problem.chains / GROUP), self.threads if problem.chains * count > SMALL else 1)

    def squares(self) -> Array:
        """|w|^2 of the chains now."""
        return np.array(self.arrays["squares"])

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""
        self.arrays = {name: np.array(values) for name, values in arrays.items()}

    def end(self) -> None:
        """There are no vectors to give."""
