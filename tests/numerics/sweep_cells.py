"""Functions for sweeps: quick, and able to go wrong on demand."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from numerics.seeding import mixed

MARK, WAIT = "SWEEP_TEST_MARK", "SWEEP_TEST_WAIT"


def draw(*, seed, device, x):
    """Random numbers of the seed; x = 3 kills its process once where a mark is named and not yet there."""
    time.sleep(float(os.environ.get(WAIT, "0")))
    mark = os.environ.get(MARK)
    if mark and x == 3 and not Path(mark).exists():
        Path(mark).write_text(str(os.getpid()), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    values = np.random.default_rng(mixed(seed, x + 1)).standard_normal(8)
    return {"values": values, "mean": float(values.mean()), "process": "alike", "device": device}


def fails(*, seed, device, x):
    """Raise at x = 1 as long as the mark is not there."""
    if x == 1 and not Path(os.environ[MARK]).exists():
        raise ZeroDivisionError("one is not\nallowed")
    return {"x": x}


def kills(*, seed, device, x):
    """Kill whoever runs x = 1."""
    if x == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"x": x}


def odd(*, seed, device, x):
    """Give something that no file can hold."""
    return {"x": object()}


def version(module):
    """A hash of sources that a test chooses."""
    return os.environ.get("SWEEP_TEST_SOURCES", "1")
