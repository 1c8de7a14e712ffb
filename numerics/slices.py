"""Work over chains in slices side by side, for kernels that let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np


def threads_here() -> int:
    """Threads to use: OMP_NUM_THREADS, or the processors that this process may use."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else len(os.sched_getaffinity(0))


def in_slices(run: Callable[[int, int], None], items: int, threads: int) -> None:
    """run(low, high) over all items, in slices side by side; an error or an interrupt comes through."""
    if min(threads, items) <= 1:
        run(0, items)
        return
    edges = np.linspace(0, items, min(threads, items) + 1).astype(int)
    with ThreadPoolExecutor(len(edges) - 1) as pool:
        for done in [pool.submit(run, int(a), int(b)) for a, b in pairwise(edges)]:
            done.result()
