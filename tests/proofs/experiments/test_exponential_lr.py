"""A network without decay at the equivalent learning rate is the network with decay, and the judgement can fail."""

import numpy as np
import pytest

from numerics.sweep import Cell
from proofs.experiments.cells import exponential_lr as cells
from proofs.experiments.experiment import Mode
from proofs.experiments.exponential_lr import EXPERIMENT
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
SGDM = {"network": "mlp", "rate": 0.1, "wd": 0.01, "momentum": 0.9, "steps": 8, "seed": 0, "device": "cpu"}


@pytest.mark.parametrize(
    ("schedule", "invariant", "same"),
    [
        ("equivalent", True, True),
        ("warmed", True, True),
        ("equivalent", False, False),
        ("published", True, False),
        ("constant", True, False),
        ("spoiled", True, False),
    ],
)
def test_same_function_to_rounding(schedule, invariant, same):
    """Right schedules give the same logits; a wrong schedule, start or network does not."""
    found = cells.run(schedule=schedule, invariant=invariant, **SGDM)
    assert (found["difference"].max() < 1e-12) == same
    assert found["difference"].shape == found["norms"].shape == found["growth"].shape == found["marks"].shape
    assert found["losses"].shape == (2, 8)


def test_the_root_needs_real_roots_and_its_buffer():
    """At a decay below (1 - sqrt(alpha))^2 the exponential schedule is exact from its own buffer."""
    found = cells.run(**SGDM, schedule="root", invariant=True)
    assert found["difference"].max() < 1e-12


def made(**values):
    """Cells of the quick grid with the same values everywhere."""
    common = {"marks": np.array([1]), "growth": np.ones(1), "difference": np.zeros(1), "norms": np.zeros(1)}
    return [Cell(p, seed, {**common, **values}) for p in EXPERIMENT.grid(Mode.QUICK) for seed in (0, 1)]


def test_a_wrong_function_refutes_and_a_blind_measurement_too():
    """Differences everywhere refute the claims; none anywhere refute the controls. Norms are judged as well."""
    for values, controls in (({"difference": np.full(1, 1e-6)}, True), ({}, False)):
        found = EXPERIMENT.judge(made(**values))
        logits = [f for f in found if "control" in f.name or "logits" in f.name]
        assert {f.outcome for f in logits if "control" in f.name} == {Outcome.HOLDS if controls else Outcome.REFUTED}
        assert {f.outcome for f in logits if "control" not in f.name} == {
            Outcome.REFUTED if controls else Outcome.HOLDS
        }
    norms = [f for f in EXPERIMENT.judge(made(norms=np.full(1, np.nan))) if "norms" in f.name]
    assert {f.outcome for f in norms} == {Outcome.REFUTED}


def test_table_and_figure():
    """A row for each schedule, and a panel for each optimizer."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert [axis.get_title() for axis in EXPERIMENT.figure(made(difference=np.full(1, 1e-15))).axes] == [
        "SGD",
        "SGDM 0.9",
    ]
