"""A wrong start norm: what a cell measures, and a judgement that can fail."""

import numpy as np
import pytest

from numerics.sweep import Cell
from proofs.experiments.cells import wrong_start_norm as cells
from proofs.experiments.experiment import Mode
from proofs.experiments.wrong_start_norm import EXPERIMENT, RIGHT, predicted_norms, returned
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
TINY = {"network": "mlp", "size": {"width": 8, "depth": 2}, "rate": 0.1, "wd": 0.1, "steps": 6, "device": "cpu"}


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_recursion_is_exact_and_directions_are_the_same(factor):
    """Every norm follows from the unit gradients; the first gradient is divided by the factor."""
    right, wrong = (cells.run(seed=1, factor=f, invariant=True, **TINY) for f in (1.0, factor))
    np.testing.assert_allclose(wrong["predicted"], wrong["norm"], rtol=1e-12)
    np.testing.assert_allclose(wrong["gradient"][0] * factor, right["gradient"][0], rtol=1e-9)
    np.testing.assert_allclose(wrong["unit"][0], right["unit"][0], rtol=1e-9)


def test_a_network_that_sees_the_scale_is_seen():
    """Without normalisation the recursion is wrong, and so is a wrong start."""
    free, again = (cells.run(seed=1, factor=1.0, invariant=False, **TINY) for _ in range(2))
    assert np.abs(free["predicted"] / free["norm"] - 1).max() > 1e-3
    assert np.array_equal(free["norm"], again["norm"])
    large = cells.run(seed=1, factor=1e60, invariant=False, **TINY)
    assert not np.isfinite(large["norm"][-1]).all()


def made(unit=1.0, norm=1.0, accuracy=0.9, spoiled=0.0):
    """Cells as predicted, those from wrong starts times these."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        for seed in (0, 1, 2):
            right = {"unit": np.full((p["steps"], 2), 2.0 + seed * 1e-3), "norm": np.full((1, 2), 8.0)}
            expected = predicted_norms(p["factor"], right)
            wrong = p["factor"] != RIGHT
            own = right["unit"] * (unit if wrong else 1)
            values = {
                "unit": np.vstack([right["unit"][:1], own[1:]]),
                "gradient": own / expected[:-1],
                "norm": expected * np.append(1.0, np.full(p["steps"], norm if wrong else 1))[:, None],
                "loss": np.ones(p["steps"]),
                "held_out_accuracy": (accuracy if wrong else 0.9) + seed * 1e-4,
            }
            if not p["invariant"]:
                values["held_out_accuracy"] = 0.1 + seed * 1e-3 if wrong else 0.9 + seed * 1e-3
            values["gradient"][0] = right["unit"][0] / expected[0]
            values["predicted"] = values["norm"] * (1 + (spoiled if p["invariant"] else 0.1 + seed * 1e-3))
            found.append(Cell(p, seed, values))
    return found


def refuted(**values):
    """The ends of the names of the findings that are refuted."""
    return {f.name.split(": ")[-1] for f in EXPERIMENT.judge(made(**values)) if f.outcome is Outcome.REFUTED}


def test_the_judgement_can_fail():
    """Right runs hold; exploding and vanishing gradients, another norm, accuracy or recursion refute."""
    assert {f.outcome for f in EXPERIMENT.judge(made())} == {Outcome.HOLDS}
    assert any("largest gradient" in name for name in refuted(unit=5.0))
    assert any("RMS gradient" in name for name in refuted(unit=0.2))
    assert any("last sixth" in name for name in refuted(norm=1.5))
    assert any("accuracy" in name for name in refuted(accuracy=0.7))
    assert any("own unit gradient" in name for name in refuted(spoiled=1e-6))


def test_when_a_norm_has_returned():
    """The first step at twice the settled norm or less; never is infinity."""
    norms = np.array([[8.0, 8.0], [3.0, 8.0], [2.0, 8.0], [1.0, 8.0]])
    assert returned(norms, np.ones(2)).tolist() == [2.0, np.inf]


def test_table_and_figure():
    """A row for each start and network."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(EXPERIMENT.figure(made()).axes) == 2
