"""Regimes of a network at fixed effective learning rates: what a cell measures, and judgements that can fail."""

import math

import numpy as np
import pytest

from numerics.sweep import Cell
from proofs.experiments import regimes_in_training as training
from proofs.experiments import second_regime_annealing as annealing
from proofs.experiments import three_regimes_network as regimes
from proofs.experiments.cells import regimes as cells
from proofs.experiments.experiment import Mode
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
TINY = {"seed": 1, "device": "cpu", "width": 8, "depth": 2}


def test_a_projected_run():
    """Layers' steps and lengths keep the identity; a second run gives the same bits."""
    once, again = (cells.run(rule="projected", phases=[[0.03, 20], [0.001, 20]], wd=0.0, **TINY) for _ in range(2))
    assert abs(once["unequal"]) < 1e-12
    assert once["elr"] == pytest.approx(1e-3)
    assert once["first_elr"] == 0.03
    assert once["tangents"].shape == once["secants"].shape == (2,)
    assert np.array_equal(once["losses"], again["losses"])


def test_sgd_is_projected_sgd_at_its_own_rate():
    """Replayed at Phi_t the losses are the same to rounding, and log Phi is balanced."""
    found = cells.run(rule="sgd", phases=[[0.1, 40]], wd=0.1, **TINY)
    assert found["replay"] < 1e-10
    assert found["balance"] < 1e-10
    assert found["elr"] > found["first_elr"]
    # what a step of another rate would leave
    elrs = np.full(20, 1.01 * found["first_elr"])
    losses = np.exp(np.log(found["losses"][:20]))
    assert cells._replayed(1, "cpu", 8, 2, elrs, losses) > 1e-3


def outcomes(experiment, made):
    """Outcomes by the names of the findings."""
    return {f.name: f.outcome for f in experiment.judge(made)}


def refuted(experiment, made, part):
    """Whether a finding with this in its name is refuted."""
    return any(o is Outcome.REFUTED for name, o in outcomes(experiment, made).items() if part in name)


def three(loss=1.0, spread=0.0, trend=0.0, unequal=0.0):
    """Cells of the three regimes as claimed, changed by these."""
    found = []
    for p in regimes.EXPERIMENT.grid(Mode.QUICK):
        rate = p["phases"][0][0]
        level = 4.0 * loss if rate in regimes.THIRD else min(3.9, 0.1 * (rate / 0.01) ** 1.5 + 1e-6 / rate)
        first = rate in regimes.FIRST
        for seed in (0, 1, 2):
            apart = 0.5 if first else spread
            values = {
                "loss": level * (1 + 1e-3 * seed),
                "random": 4.0,
                "trend": (-0.5 if first else 0.0) + trend + 1e-3 * seed,
                "tangents": np.exp([0.0, apart + 1e-3 * seed]),
                "unequal": unequal,
            }
            found.append(Cell(p, seed, values))
    return found


def test_the_judgement_of_three_regimes_can_fail():
    """Cells as claimed hold; a wrong level, unequal steps, a drift and a broken identity refute."""
    assert set(outcomes(regimes.EXPERIMENT, three()).values()) == {Outcome.HOLDS}
    assert refuted(regimes.EXPERIMENT, three(loss=2.0), "third regime")
    assert refuted(regimes.EXPERIMENT, three(spread=0.2), "second regime")
    assert refuted(regimes.EXPERIMENT, three(trend=1.0), "first regime")
    assert refuted(regimes.EXPERIMENT, three(unequal=1e-3), "log squared length")
    lower, upper = regimes.boundaries(three())
    assert 10**lower.value < 0.03 < 0.07 < 10**upper.value
    assert len(regimes.EXPERIMENT.table(three()).rows) == len(regimes.EXPERIMENT.grid(Mode.QUICK))
    assert len(regimes.EXPERIMENT.figure(three()).axes) == 2


def annealed(better=1.0, dropped=10.0, unconverged=1.0):
    """Cells in which annealing multiplies the held-out loss by 0.8 times ``better``."""
    found = []
    for p in annealing.EXPERIMENT.grid(Mode.QUICK):
        for seed in (0, 1, 2):
            ends = len(p["phases"]) > 1
            losses = np.r_[np.full(10, dropped), np.ones(30)] if ends else np.ones(40)
            loss = (0.08 * better if ends else 0.1) * (1 + 1e-3 * seed)
            train = (0.01 * unconverged if ends else 0.01) * (1 + 1e-3 * seed * ends)
            values = {"held_out_loss": loss, "held_out_accuracy": 1 - loss, "train_loss": train, "losses": losses}
            found.append(Cell(p, seed, values))
    return found


def test_the_judgement_of_annealing_can_fail():
    """A lower loss holds, a higher one refutes, and so do a drop that is not seen and one too late."""
    made = [*annealed()]
    assert Outcome.REFUTED not in outcomes(annealing.EXPERIMENT, made).values()
    assert refuted(annealing.EXPERIMENT, annealed(better=2.0), "log of the held-out loss")
    assert refuted(annealing.EXPERIMENT, annealed(dropped=1.0), "before the drop")
    assert refuted(annealing.EXPERIMENT, annealed(unconverged=5.0), "log of the training loss")
    assert len(annealing.EXPERIMENT.table(made).rows) == len(annealing.EXPERIMENT.grid(Mode.QUICK))
    assert len(annealing.EXPERIMENT.figure(made).axes) == 2


def trained(elr=1.0, loss=1.0, exact=0.0):
    """Fixed runs with loss 100 ELR^1.5 and growth (10 ELR)^2, and ordinary ones as predicted, times these."""
    found = []
    level = lambda at: 100 * at**1.5 + 1e-7 / at  # noqa: E731
    for p in training.EXPERIMENT.grid(Mode.QUICK):
        (rate, _), decays = p["phases"][0], p["wd"] > 0
        for seed in (0, 1, 2):
            noise = 1 + 1e-3 * seed
            at, first, growth = rate, rate, (10 * rate) ** 2
            if p["rule"] == "sgd":
                first = 5e-4 if decays else rate / 200
                at = math.sqrt(training.gain(p["wd"])) / 10 if decays else 2e-3
                at *= elr if decays else 1.0
            fixed = p["rule"] == "projected"
            values = {
                "elr": at if fixed else at * noise,
                "loss": level(at) * (1 if fixed else noise * loss),
                "growth": growth,
                "first_elr": first,
                "last_elr": at * (1 if fixed else noise),
                "balance": exact,
                "replay": exact,
                "elrs": np.full(40, at),
                "losses": np.full(40, level(at)),
            }
            found.append(Cell(p, seed, values))
    return found


def test_the_judgement_of_training_can_fail():
    """ELR and loss at the curve's values hold where the curve is interpolated closely; others refute."""
    names = outcomes(training.EXPERIMENT, trained())
    held = [o for name, o in names.items() if "wd 0.06" in name]
    assert set(held) == {Outcome.HOLDS}
    assert refuted(training.EXPERIMENT, trained(elr=3.0), "log of the ELR")
    assert refuted(training.EXPERIMENT, trained(loss=5.0), "log of the loss")
    assert refuted(training.EXPERIMENT, trained(exact=1e-3), "recursion")
    assert refuted(training.EXPERIMENT, trained(exact=1e-3), "projected SGD")
    assert len(training.EXPERIMENT.table(trained()).rows) == 8
    assert len(training.EXPERIMENT.figure(trained()).axes) == 2


def test_the_curve():
    """Between runs it is a power law, beyond them nothing; without decay the ELR falls by every step's growth."""
    curve = training.curves(trained())[0]
    assert curve.balanced(0.04) == pytest.approx(0.02)
    assert curve.growth(0.02) == pytest.approx(0.04)
    assert curve.followed(0.02, 1) == pytest.approx(0.02 * math.exp(-0.04))
    assert math.isnan(curve.balanced(2.0))
    assert math.isnan(curve.loss(1e-6))
    assert training.gain(0.06) == pytest.approx(-2 * math.log(1 - 0.006))
