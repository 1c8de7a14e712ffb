"""Work over chains in slices side by side, for kernels that let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import pairwise

import numpy as np

SLICES = 4
"""Slices for each thread: one whose processor is busy elsewhere leaves some of them to others."""


def threads_here() -> int:
    """Threads to use: OMP_NUM_THREADS, or the processors that this process may use."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) > 0 else len(os.sched_getaffinity(0))


@cache
def pool(threads: int) -> ThreadPoolExecutor:
    """Threads that stay: to start them takes about as long as a slice."""
    return ThreadPoolExecutor(threads)


os.register_at_fork(after_in_child=pool.cache_clear)


def in_slices(run: Callable[[int, int], None], items: int, threads: int) -> None:
    """run(low, high) over all items, in slices side by side; an error or an interrupt comes through, all being done."""
    if min(threads, items) <= 1:
        run(0, items)
        return
    edges = np.linspace(0, items, min(SLICES * threads, items) + 1).astype(int)
    begun = [pool(threads).submit(run, int(a), int(b)) for a, b in pairwise(edges)]
    try:
        for done in begun:
            done.result()
    finally:
        for one in begun:
            one.cancel()
        wait(begun)
