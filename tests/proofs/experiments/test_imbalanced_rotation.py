"""Chosen neurons turn by their factor, and the judgement sees wrong rotations and costs."""

import math

import numpy as np
import pytest
import torch

from numerics.optimizers import Rotational
from numerics.seeding import generator
from numerics.sweep import Cell
from proofs.experiments.cells import imbalanced_rotation as cells
from proofs.experiments.cells.watching import Watch
from proofs.experiments.experiment import Mode
from proofs.experiments.imbalanced_rotation import BALANCED, EXPERIMENT, _set
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
HERE = {"width": 8, "depth": 2, "batch": 8, "rate": 0.01, "wd": 1.0, "steps": 12, "seed": 0, "device": "cpu"}


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_neurons_turn_as_they_are_set(factor):
    """tan of the others' angle is the published one, that of the chosen ones so many times as large; it repeats."""
    found, again = (cells.run(share=0.25, factor=factor, **HERE) for _ in range(2))
    assert found == again
    angle = math.sqrt(2 * HERE["rate"] * HERE["wd"] * 0.1 / 1.9)
    assert found["others"] == pytest.approx(angle, rel=1e-4)
    assert found["chosen"] == pytest.approx(factor * angle, rel=1e-4)


def test_factors_of_one_change_nothing():
    """Rotational itself; norms stay whatever the factor."""
    start = torch.randn(6, 5, generator=generator(0), dtype=torch.float64)
    slopes = [torch.randn(6, 5, generator=generator(i), dtype=torch.float64) for i in range(1, 6)]
    ends = []
    for factor in (None, 1.0, 10.0):
        w = torch.nn.Parameter(start.clone())
        base = torch.optim.AdamW([w], lr=0.01, weight_decay=1.0)
        factors = {w: torch.full((6, 1), factor or 1.0, dtype=torch.float64)}
        optimizer = Rotational(base) if factor is None else cells.Imbalanced(base, factors)
        with Watch(optimizer, {"w": w}) as watch:
            for slope in slopes:
                w.grad = slope.clone()
                optimizer.step()
        norms = watch.of("w").norms
        np.testing.assert_allclose(norms, np.broadcast_to(norms[0], norms.shape), rtol=1e-12)
        ends.append(w.detach())
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-10, atol=1e-12)
    assert not torch.allclose(ends[0], ends[2])


def made(*, realised=1.0, cost=0.1):
    """Cells of the quick grid: rotations off by a factor, and losses that imbalance adds to."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        for seed in (0, 1):
            added = cost * (1 + 1e-4 * seed) * ((p["share"], p["factor"]) != BALANCED)
            angle = _set(Cell(p, seed, {}))
            chosen = realised * angle * p["factor"]
            values = {"others": angle, "chosen": chosen, "loss": 1 + added, "accuracy": 0.9 - added}
            found.append(Cell(p, seed, values))
    return found


def test_the_judgement_can_hold_and_refute():
    """Rotations that were not set, a blind control and imbalance that helps are refuted."""
    assert {f.outcome for f in EXPERIMENT.judge(made())} == {Outcome.HOLDS}
    wrong = [f for f in EXPERIMENT.judge(made(realised=1.01)) if "realised" in f.name]
    assert {f.outcome for f in wrong} == {Outcome.REFUTED}
    helps = [f for f in EXPERIMENT.judge(made(cost=-0.1)) if "added" in f.name or "lost" in f.name]
    assert {f.outcome for f in helps} == {Outcome.REFUTED}
    blind = made()
    for cell in blind:
        cell.values["chosen"] = cell.values["others"]
    assert {f.outcome for f in EXPERIMENT.judge(blind) if "control" in f.name} == {Outcome.REFUTED}


def test_table_and_figure():
    """A row for each rotation and angle; two panels."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(EXPERIMENT.figure(made()).axes) == 2
