"""Where compiled chains lie in memory, and what is compiled apart from them: their speed rests on both."""

import sys

import numpy as np
import pytest

pytest.importorskip("numba", reason="numba is not installed")

from numerics.engines import steps
from numerics.engines.fused import Fused
from numerics.engines.problem import Problem
from numerics.gradients import LAWS
from numerics.philox import compiled
from numerics.updates import UPDATES

pytestmark = pytest.mark.chance(0)

LINE = 64
KNOWN = {"seed": 5, "share": False, "schedule": {}, "start": None, "start_norm": 1.0, "grad_norm": 1.0}


def chains(dtype="float32", dim=1 << 14):
    """Chains of SGDM so long that numpy alone would begin their arrays 16 bytes after a cache line does."""
    updates = (UPDATES["sgdm"](lr=0.1, wd=0.1, momentum=0.9),)
    return Fused(Problem(updates, LAWS["sphere"], dim=dim, replicas=4, steps=3, dtype=dtype, **KNOWN), 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chains_begin_at_cache_lines(dtype):
    """At the start, and where a checkpoint put them back."""
    engine, taken = chains(dtype), chains(dtype)
    taken.advance(0, 3, lambda *measured: None)
    assert not np.array_equal(engine.arrays["weights"], taken.arrays["weights"])
    for put_back in (False, True):
        if put_back:
            engine.restore({name: np.array(values) for name, values in taken.arrays.items()})
        for name in ("weights", "kept"):
            rows = engine.arrays[name].reshape(-1, engine.arrays[name].shape[-1])
            assert {row.ctypes.data % LINE for row in rows} == {0}
    assert all(np.array_equal(engine.arrays[name], values) for name, values in taken.arrays.items())


def test_arrays_that_kernels_do_not_count_are_held_by_their_caller_alone():
    """A kernel leaves as many references as it found."""
    engine = chains()
    before = {name: sys.getrefcount(values) for name, values in engine.arrays.items()}
    for step in range(3):
        engine.advance(step, 1, lambda *measured: None)
    assert {name: sys.getrefcount(values) for name, values in engine.arrays.items()} == before


def test_only_what_asks_for_it_is_copied_into_its_caller():
    """``draw`` is; what it calls is compiled on its own."""
    assert steps.draw.targetoptions["forceinline"]
    assert not any(f.targetoptions["forceinline"] for f in (compiled.fill_normal, compiled.fill_student, steps.overlap))
