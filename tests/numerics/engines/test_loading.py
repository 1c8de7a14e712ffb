"""What a run loads: importing torch takes longer than a compiled engine's first call, and only who uses it waits."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.chance(0)

SCRIPT = """
import sys
from numerics import simulate
from numerics.gradients import correlated
from smd.simulating import simulate as beside_its_prediction

hyper = {"lr": 0.1, "wd": 0.1}


def run(rule, law="fixed", engine="numba"):
    found = simulate(rule, [hyper, hyper], 40, 3, replicas=2, law=law, engine=engine)
    assert found[1].equilibrium_norm.value > 0
    return found
"""
LIGHT = """
ends = [run(*settings) for settings in (("sgdm",), ("lars", "iid"), ("adamw", "student"), ("sgdm", correlated(0.5)))]
assert run("sgdm", engine=None).provenance.engine == "reduction"
assert beside_its_prediction("lion", lr=0.1, wd=0.1, steps=300, replicas=2).run.provenance.engine == "numba"
"""


@pytest.mark.parametrize(
    ("call", "loads"),
    [(LIGHT, False), ("run('sgdm').end.weights", True), ("run('sgdm', engine='torch')", True)],
    ids=["compiled engines", "weights at the end", "torch engine"],
)
def test_torch_is_loaded_where_it_is_used(call, loads):
    """Not by a compiled engine under any law, nor by a prediction beside its simulation, until tensors are wanted."""
    pytest.importorskip("numba", reason="numba is not installed")
    asked = "print('torch' in sys.modules)\n"
    ran = subprocess.run([sys.executable, "-c", SCRIPT + asked + call + "\n" + asked], check=True, capture_output=True)
    assert ran.stdout.decode().split() == ["False", str(loads)]
