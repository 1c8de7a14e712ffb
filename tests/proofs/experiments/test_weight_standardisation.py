"""Neurons of standardised layers turn alike, those of plain layer norm need not, and the judgement sees both."""

import numpy as np
import pytest

from numerics.sweep import Cell
from proofs.experiments.cells import weight_standardisation as cells
from proofs.experiments.experiment import Mode
from proofs.experiments.weight_standardisation import ACCURACY, EXPERIMENT, INVARIANT, _predicted
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
HERE = {"width": 8, "depth": 2, "batch": 8, "rate": 0.1, "wd": 0.05, "steps": 20, "seed": 0, "device": "cpu"}


@pytest.mark.parametrize("normalisation", ["standardised layer", "layer"])
def test_a_cell_says_how_neurons_turn(normalisation):
    """Positive angles by layer and neuron, the same again; with invariant neurons the energy is that of the norm."""
    found, again = (cells.run(normalisation=normalisation, **HERE) for _ in range(2))
    np.testing.assert_array_equal(found["angle"], again["angle"])
    assert found["angle"].shape == found["norm"].shape == found["energy"].shape == found["idle"].shape == (2, 8)
    assert (found["angle"][found["idle"] == 0] > 0).all()
    assert 0 <= found["accuracy"] <= 1


def made(*, invariant=1.0, plain=0.3, accuracy=0.0):
    """Cells of the quick grid: angles off by a factor, neurons of layer norm spread around theirs, and a gain."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        for seed in (0, 1):
            law, wobble = _predicted(Cell(p, seed, {})), 1 + 1e-5 * seed
            own = p["normalisation"] in INVARIANT
            around = np.exp((0.01 if own else plain) * wobble * np.linspace(-1, 1, 16))
            values = {
                "angle": law * (invariant if own else 1.0) * np.stack([around, around]),
                "idle": np.zeros((2, 16)),
                "accuracy": 0.9 + accuracy * wobble * (p["normalisation"] == "standardised layer"),
            }
            found.append(Cell(p, seed, values))
    return found


def outcomes(cells_made, **wanted):
    found = [f for f in EXPERIMENT.judge(cells_made) if f.claims == (wanted["claim"],)]
    return {f.outcome for f in found if f.name.startswith("control") == wanted.get("control", False)}


def test_the_judgement_can_hold_and_refute():
    """Unequal neurons, wrong angles, a blind control and a loss of accuracy are refuted."""
    balance = EXPERIMENT.claims[0]
    right = made(accuracy=0.01)
    assert {f.outcome for f in EXPERIMENT.judge(right)} == {Outcome.HOLDS}
    assert Outcome.REFUTED in outcomes(made(invariant=1.2), claim=balance)
    assert outcomes(made(plain=0.01), claim=balance) == {Outcome.HOLDS, Outcome.REFUTED}
    assert outcomes(made(plain=0.01), claim=balance, control=True) == {Outcome.REFUTED}
    assert outcomes(made(accuracy=-0.1), claim=ACCURACY) == {Outcome.REFUTED}


def test_neurons_without_gradient_are_left_out():
    """They decay and do not turn."""
    right = made(accuracy=0.01)
    for cell in right:
        cell.values["angle"][:, 0], cell.values["idle"][:, 0] = 0.0, 0.5
    assert {f.outcome for f in EXPERIMENT.judge(right)} == {Outcome.HOLDS}


def test_table_and_figure():
    """A row for each network and rate; two panels."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(EXPERIMENT.figure(made()).axes) == 2
