"""Without numba every simulation still runs, by torch, and the compiled engines say why they do not."""

import subprocess
import sys

import pytest

from numerics import simulate
from tests.compare import close

pytestmark = pytest.mark.chance(0)

SCRIPT = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = None
from numerics import BadSimulation, simulate
found = simulate("sgdm", {"lr": 0.1, "wd": 0.1}, 8, 300, 1, 3)
print(found.provenance.engine, found.equilibrium_norm.value)
for engine in ("numba", "reduction"):
    try:
        simulate("sgdm", {"lr": 0.1, "wd": 0.1}, 8, 300, 1, 3, engine=engine)
    except BadSimulation as why:
        print(why)
"""


def test_torch_takes_over():
    """The same random numbers give the same run, and asking for a compiled engine earns one line."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    (engine, norm), *refusals = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert engine == "torch"
    with_numba = simulate("sgdm", {"lr": 0.1, "wd": 0.1}, 8, 300, 1, 3, engine="numba")
    assert float(norm) == close(with_numba.equilibrium_norm.value, 1e-12)
    assert [" ".join(line) for line in refusals] == [
        f"engine = {name} cannot run this: numba is not installed" for name in ("numba", "reduction")
    ]
