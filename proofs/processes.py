"""Processes side by side that begin with what they need already imported, where a server can fork them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.context import BaseContext


def import_early(*modules: str) -> None:
    """Let these be imported while this process does something else; the processes of ``pool`` will have them.

    They must begin no thread. Once in a process: what is named later is imported by each process that needs it.
    """
    if _forks():
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


def pool(jobs: int | None = None, prepare: Callable[[], object] = bool) -> ProcessPoolExecutor:
    """As many processes as processors, if not said; each has this one's environment, and prepares."""
    return ProcessPoolExecutor(jobs or os.cpu_count(), _context(), _begin, (dict(os.environ), prepare))


def _forks() -> bool:
    """What macOS computes with does not survive a fork."""
    return sys.platform == "linux"


def _context() -> BaseContext:
    return get_context("forkserver" if _forks() else "spawn")


def _begin(environment: Mapping[str, str], prepare: Callable[[], object]) -> None:
    """The server has the environment in which it was started itself; of an interrupt, who started it tells."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    prepare()
