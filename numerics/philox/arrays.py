"""Entries for a batch of chains in arrays, by numba."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import numpy as np

from numerics.philox.kinds import Entries


@cache
def compiled_form() -> ModuleType | None:
    """The module of compiled functions, or None where numba is not installed."""
    try:
        from numerics.philox import compiled
    except ImportError:
        return None
    return compiled


def fill(out: np.ndarray, law: Entries, seed: int, chains: np.ndarray, step: int, stream: int) -> None:
    """Fill out [len(chains), dim] with entries of a law at one step."""
    compiled = compiled_form()
    assert compiled is not None
    parameters = np.array(law.parameters, np.float64)
    compiled.fill_chains(out, chains, step, int(stream), seed % 2**32, seed >> 32, int(law.kind), parameters)
