"""What a measurement ran on, and what that can do at most."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import numpy as np
import torch

from numerics.benchmark.pairing import Contestant
from numerics.philox.kinds import normal
from numerics.provenance import source_hash, versions
from numerics.slices import pool

NORMALS_AT_ONCE = 1 << 12
"""Normals that are drawn into the same memory again and again, so that memory is no limit."""
NORMALS_TOGETHER = 4
"""Such pieces that are drawn by one call, which lets go of the interpreter's lock."""
FIRST_CALL = (
    "import time; begin = time.monotonic(); from numerics import simulate; loaded = time.monotonic(); "
    "simulate('adamw', {'lr': 0.01, 'wd': 0.1, 'beta2': 0.99}, dim=1024, steps=64, dtype='float32'); "
    "print(loaded - begin, time.monotonic() - loaded)"
)


def processor() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def described(device: str) -> dict[str, Any]:
    """Processor, cores, load, versions and date."""
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device == "cuda" else processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": source_hash(),
        "versions": dict(versions()),
    }
    for name in ("jax", "triton"):
        try:
            found["versions"][name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def normals(dtype: str = "float32") -> Contestant:
    """The machine's own rate of normals: Philox words made normals and nothing else, on one thread."""
    from numerics.philox import compiled

    z = np.empty(NORMALS_AT_ONCE, dtype)

    def run(steps: int) -> None:
        for step in range(steps):
            compiled.fill_normal(z, NORMALS_AT_ONCE // 4, step, 0, 0, 1, 2)

    return Contestant(run, NORMALS_AT_ONCE)


def normals_on(threads: int, dtype: str = "float32") -> Contestant:
    """The same on several threads, each of which draws on its own and waits for no other."""
    from numerics.philox import compiled

    law, chains = normal(), np.arange(NORMALS_TOGETHER)
    kind, parameters = int(law.kind), np.array(law.parameters, dtype=np.float64)
    spaces = [np.empty((NORMALS_TOGETHER, NORMALS_AT_ONCE), dtype) for _ in range(threads)]

    def draw(space: np.ndarray, steps: int) -> None:
        for step in range(steps):
            compiled.fill_chains(space, chains, step, 0, 1, 2, kind, parameters)

    def run(steps: int) -> None:
        for done in [pool(threads).submit(draw, space, steps) for space in spaces]:
            done.result()

    return Contestant(run, threads * NORMALS_TOGETHER * NORMALS_AT_ONCE)


def cuda_limits() -> dict[str, float]:
    """Of the GPU: thread-instructions that it can issue and bytes that it can move, each per second."""
    properties: Any = torch.cuda.get_device_properties(0)
    clock = getattr(properties, "clock_rate", 0) * 1e3
    source = torch.empty(1 << 28, dtype=torch.float32, device="cuda")
    target = torch.empty_like(source)
    best = min(timed(lambda: target.copy_(source)) for _ in range(10))
    lanes = 4 * 32  # four schedulers a multiprocessor, each a warp a cycle
    return {
        "instructions per second": properties.multi_processor_count * lanes * clock,
        "bytes per second": 2 * source.numel() * 4 / best,
    }


def timed(work: Callable[[], object]) -> float:
    """Seconds of work on the GPU."""
    torch.cuda.synchronize()
    begin = time.monotonic()
    work()
    torch.cuda.synchronize()
    return time.monotonic() - begin


def first_call() -> dict[str, float]:
    """Seconds of the import and of the first call in a fresh process, once it was compiled before."""
    for _ in range(2):
        ran = subprocess.run([sys.executable, "-c", FIRST_CALL], check=True, capture_output=True, text=True)  # noqa: S603
    loaded, called = map(float, ran.stdout.split()[-2:])
    return {"import": loaded, "call": called}
