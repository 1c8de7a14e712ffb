"""What a monitor costs a training loop: two copies of it, one watched, step by step in turn."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from numerics.benchmark.pairing import Ratio, ratio
from numerics.monitor.monitor import WINDOW, Monitor

Make = Callable[[], tuple[nn.Module, Optimizer, Callable[[], object]]]
"""Builds a model, its optimizer, and what takes one training step of them."""


@dataclass(frozen=True)
class Overhead:
    """Time of watched over plain steps, by windows of steps; seconds of a plain step; bytes recorded a step."""

    ratio: Ratio
    step: float
    bytes_per_step: float


def overhead(make: Make, every: int = 10, windows: int = 8, **options: Any) -> Overhead:
    """Measure the loop that ``make`` builds, ``windows`` times as many steps as a chunk of the record holds.

    Steps of both alternate, so that the machine's load is the same for both; times are the processor's, on a GPU the
    wall's with all work awaited. ``options`` go to the Monitor. The first window warms up and does not count.
    """
    model, _, plain = make()
    watched_model, watched_optimizer, watched = make()
    device = next(model.parameters()).device
    clock = time.perf_counter if device.type == "cuda" else time.process_time

    def timed(step: Callable[[], object]) -> float:
        begin = clock()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return clock() - begin

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.smd"
        with Monitor(watched_model, watched_optimizer, path, every, **options) as monitor:
            steps, sums = WINDOW * monitor.pattern.block, []
            for _ in range(windows + 1):
                spent = [0.0, 0.0]
                for step in range(steps):
                    for which in ((0, 1), (1, 0))[step % 2]:
                        spent[which] += timed((plain, watched)[which])
                sums.append(spent)
        size = path.stat().st_size
    plain_times, watched_times = ([one[which] for one in sums[1:]] for which in (0, 1))
    return Overhead(ratio(watched_times, plain_times), sum(plain_times) / windows / steps, size / (windows + 1) / steps)
