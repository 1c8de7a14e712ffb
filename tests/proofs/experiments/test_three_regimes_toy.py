"""The toy function's regimes: what a cell measures, and a judgement that can fail."""

import pytest

from numerics.sweep import Cell
from proofs.experiments.cells import three_regimes_toy as cells
from proofs.experiments.experiment import Mode
from proofs.experiments.three_regimes_toy import EXPERIMENT, _predicted
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)


def test_one_group_goes_to_zero_or_to_the_cycle():
    """At half the threshold and at three times."""
    at = {"seed": 0, "device": "cpu", "curvatures": [1.0], "burn_in": 60, "steps": 5}
    assert cells.run(ratio=0.5, **at)["largest"] < 1e-12
    found = cells.run(ratio=3.0, **at)
    assert found["smallest"] == pytest.approx(found["largest"], rel=1e-6)
    assert found["loss"] == pytest.approx(1 / 3, rel=1e-6)


def made(factor=1.0, unequal=0.0):
    """Cells with the predicted loss times a factor."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        loss = factor * _predicted(p["curvatures"], p["ratio"])
        same = dict.fromkeys(("smallest", "largest", "loss"), loss)
        found += [Cell(p, seed, {**same, "loss": loss * (1 + 1e-6 * seed), "unequal": unequal}) for seed in (0, 1, 2)]
    return found


def outcomes(cells):
    """Outcome by the beginning of the finding's name."""
    found = {}
    for finding in EXPERIMENT.judge(cells):
        found.setdefault(finding.name.split(":")[0].split(" at ")[0], set()).add(finding.outcome)
    return found


def test_the_judgement_can_fail():
    """Predicted losses hold; losses wrong by three per cent, and unequal steps, refute."""
    assert set().union(*outcomes(made()).values()) == {Outcome.HOLDS}
    wrong = outcomes(made(1.03, 1e-3))
    assert wrong["second regime"] == wrong["third regime"] == wrong["equal steps"] == {Outcome.REFUTED}
    assert wrong["first regime"] == {Outcome.HOLDS}
    blind = outcomes(made(0.0))
    assert Outcome.REFUTED in blind["loss over K"]


def test_table_and_figure():
    """A row for each cell of the grid, a panel for one group and for several."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert [axis.get_title() for axis in EXPERIMENT.figure(made()).axes] == ["one group", "3 groups"]
