"""The numbers of every step by configuration, as compiled kernels read them."""

from __future__ import annotations

from typing import cast

import numpy as np

from numerics.engines.problem import Array, Problem
from numerics.updates.update import Rule


def table(problem: Problem, asked: tuple[str, ...], first: int, count: int) -> Array:
    """What a form asks for [configurations, count, asked], in double precision."""
    steps = np.arange(first, first + count)
    found = np.empty((len(problem.updates), count, len(asked)))
    for row, update in zip(found, problem.updates, strict=True):
        rule = cast(Rule, update)
        fresh = problem.fresh and first == 0
        known = rule.scalars(steps + 1.0 + problem.steps_before, fresh=fresh)
        known |= {name: values[steps] for name, values in problem.schedule.items()}
        for j, name in enumerate(asked):
            row[:, j] = known[name]
    return found


def changing(rows: Array) -> Array:
    """Whether each of the steps [count] differs from the one before in any configuration's numbers."""
    differs = np.zeros(rows.shape[1], dtype=np.uint8)
    differs[1:] = np.any(rows[:, 1:] != rows[:, :-1], axis=(0, 2))
    return differs
