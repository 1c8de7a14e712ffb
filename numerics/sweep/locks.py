"""Locks on a sweep's folder, which the system takes back from processes that die."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numerics.sweep.cells import BadSweep

DRIVER, WORKERS = ".driver", ".workers"
PATIENCE = 60.0
"""Seconds that the workers of a killed driver are given to end."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the one driver of a folder, after the workers of one that was killed have ended.

    Raises BadSweep where another drives it, or where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        driver, workers = (os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o644) for name in (DRIVER, WORKERS))
    except OSError as failed:
        raise BadSweep(f"{folder} cannot be used for a sweep: {failed.strerror}") from failed
    try:
        if not _taken(driver, fcntl.LOCK_EX, 0):
            other = os.pread(driver, 20, 0).decode().strip() or "?"
            raise BadSweep(f"{folder} is being filled by process {other}; wait for it")
        os.pwrite(driver, f"{os.getpid():<20}".encode(), 0)
        if not _taken(workers, fcntl.LOCK_EX, PATIENCE):
            raise BadSweep(f"{folder}: workers of an earlier sweep still run there")
        fcntl.flock(workers, fcntl.LOCK_UN)
        yield
    finally:
        os.close(driver)
        os.close(workers)


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Be one of the workers in a folder."""
    handle = os.open(folder / WORKERS, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _taken(handle: int, how: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
        else:
            return True
