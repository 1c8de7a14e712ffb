"""What chains start from, as arrays."""

from __future__ import annotations

import math

import numpy as np

from numerics.engines.problem import Array, Problem
from numerics.philox import arrays
from numerics.philox.kinds import Stream, normal
from numerics.updates.update import Form

ARRAYS = ("weights", "kept", "memory", "numbers", "squares")
"""What a kernel advances, in its order."""


def aligned(*shape: int, dtype: str = "float64") -> Array:
    """An empty array whose rows begin where cache lines do, if they are of whole lines: written at once, not twice."""
    line, size = 64, np.dtype(dtype).itemsize * math.prod(shape)
    raw = np.empty(size + line, np.uint8)
    begin = -raw.ctypes.data % line
    return raw[begin : begin + size].view(dtype).reshape(shape)


def nothing(*shape: int, dtype: str) -> Array:
    """The same of zeros."""
    found = aligned(*shape, dtype=dtype)
    found.fill(0)
    return found


def draw(problem: Problem, step: int, streams: Array) -> Array:
    """Normals [streams, dim] of what is drawn before the first step: 0 the directions, 1 what noise remembers."""
    if arrays.compiled_form() is None:
        from numerics.philox.drawing import entries

        return entries(normal(), problem.seed, streams.tolist(), step, Stream.START, problem.dim).numpy()
    found = np.empty((len(streams), problem.dim))
    arrays.fill(found, normal(), problem.seed, streams, step, Stream.START)
    return found


def weights_of(problem: Problem) -> Array:
    """The weights [chains, dim] at the start, in double precision: those given, or random directions of a norm."""
    if problem.start is not None:
        return problem.start.weights.cpu().double().numpy()
    raw = draw(problem, 0, np.arange(problem.streams))
    raw *= problem.start_norm / np.linalg.norm(raw, axis=1, keepdims=True)
    return np.tile(raw, (len(problem.updates), 1)) if problem.share else raw


def memory_of(problem: Problem) -> Array:
    """What the noise remembers [streams, dim], stationary."""
    return draw(problem, 1, np.arange(problem.streams))


def numbers_of(problem: Problem, names: tuple[str, ...]) -> Array:
    """The numbers that are kept [names, chains], in double precision; zero where nothing is given."""
    found = np.zeros((len(names), problem.chains))
    for j, name in enumerate(names):
        given = None if problem.start is None else getattr(problem.start.state, name)
        if given is not None:
            found[j] = given.cpu().double().numpy()[:, 0]
    return found


def start_of(problem: Problem, form: Form, width: int) -> dict[str, Array]:
    """Arrays of ``width`` entries a chain: weights, vectors that are kept [vectors, chains, width], noise's memory.

    Beside them the numbers that are kept [numbers, chains], and |w|^2 [chains].
    """
    weights, dim, kept = weights_of(problem), problem.dim, form.vectors
    found = {
        "weights": nothing(problem.chains, width, dtype=problem.dtype),
        "kept": nothing(len(kept), problem.chains, width, dtype=problem.dtype),
        "memory": np.zeros((problem.streams, width if problem.law.remembers else 1), problem.dtype),
    }
    found["weights"][:, :dim] = weights
    for j, name in enumerate(kept):
        vector = None if problem.start is None else getattr(problem.start.state, name)
        if vector is not None:
            found["kept"][j, :, :dim] = vector.cpu().numpy()
    if problem.law.remembers:
        found["memory"][:, :dim] = memory_of(problem)
    squares = np.einsum("ij,ij->i", found["weights"], found["weights"], dtype=np.float64)
    return found | {"numbers": numbers_of(problem, form.numbers), "squares": squares}
