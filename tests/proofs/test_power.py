"""What the confrontation resolves: computed from error bars, held to measured rejections, uniform under the truth."""

import math

import numpy as np
import pytest

from numerics.statistics import Estimate
from proofs.comparison import FALSE_ALARM, Confrontation, Statistic
from proofs.confrontation import Bench, Predicted, confront, perturbation, stationarity
from proofs.confrontation.calibration import Calibration, calibrations, largest_gap
from proofs.confrontation.power import GOAL_AT_RECIPES, GOALS, Power, judged, mapped, points, power, unmet
from proofs.confrontation.sequential import looks
from theory import OutOfDomain, complete

SGDM = {"lr": 0.1, "wd": 1e-4, "momentum": 0.9}


@pytest.mark.parametrize("replicas", [12, 32, 128])
def test_a_resolved_difference_is_rejected_99_times_in_100(replicas):
    """Of 20 000 Gaussian samples that lie just as far off as is resolved, 98 to 99.8 per cent are rejected."""
    alarm = 1e-3
    generator = np.random.default_rng(0)
    expected = Statistic("x", 1.0, Estimate(0.0, 1 / math.sqrt(replicas), replicas), 0.0)
    shift = expected.resolves(alarm)
    samples = generator.standard_normal((20_000, replicas)) + 1.0 + shift
    t = (samples.mean(1) - 1.0) / samples.std(1, ddof=1) * math.sqrt(replicas)
    least = expected.least_seen(alarm) * math.sqrt(replicas)
    assert 0.98 < np.mean(abs(t) > least) < 0.998


def test_a_zero_prediction_without_a_unit_resolves_nothing():
    """A relative error of zero is no error."""
    assert Statistic("x", 0.0, Estimate(0.0, 1.0, 9), 0.0).resolves(FALSE_ALARM) == math.inf
    assert Statistic("x", 0.0, Estimate(0.0, 1.0, 9), 0.0, per_unit=2.0).resolves(FALSE_ALARM) < math.inf


@pytest.mark.chance(7)
@pytest.mark.parametrize("quantity", ["norm", "angle", "rate"])
@pytest.mark.parametrize(
    ("optimizer", "chosen", "law"),
    [
        ("sgdm", SGDM, "sphere"),
        ("nesterovw", SGDM, "fixed"),
        ("adamw", {"lr": 6e-4, "wd": 0.1, "beta1": 0.9, "dim": 256}, "iid"),
    ],
)
def test_what_is_resolved_is_rejected(optimizer, chosen, law, quantity):
    """A prediction wrong by twice what is resolved is rejected on three seeds, and the right one on none."""
    design = "perturbation" if quantity == "rate" else "stationarity"
    full = complete(optimizer, chosen)
    error = 2 * judged(optimizer, design, full, Bench(law, 256)).resolves(quantity)
    assert 0 < error < 0.2
    for seed in (1, 2, 3):
        bench = Bench(law, 256, seed=seed)
        assert not judged(optimizer, design, full, bench, quantity, error).agrees
        assert judged(optimizer, design, full, bench).agrees


@pytest.mark.chance(1)
def test_the_mirror_leaves_only_what_the_gradient_s_length_spreads():
    """Under gradients of one length one step shows the norm to rounding; of random length, to per cents."""
    norm = {law: stationarity("sgdm", SGDM, Bench(law)).resolves("norm") for law in ("fixed", "sphere")}
    assert norm["fixed"] < 1e-11
    assert 1e-4 < norm["sphere"] < 0.05
    assert perturbation("sgdm", SGDM, Bench("fixed")).resolves("rate") < 1e-3


def test_points_hold_a_recipe_and_the_whole_map():
    """Every optimizer of the map has one recipe and decays from 1e-8 to one half."""
    for name in mapped():
        recipes = [recipe for recipe, _ in points(name)]
        assert recipes == [True] + [False] * (len(recipes) - 1)


@pytest.mark.chance(0)
def test_an_optimizer_s_map_meets_its_goals():
    """NGD's map: every point resolves what it must, and what it says that it resolves is rejected.

    Its gradients are normalised, so that one step leaves rounding alone and nothing to chance.
    """
    rows = list(power("ngd", repetitions=2))
    assert {row.quantity for row in rows} == {"norm", "angle", "rate"}
    assert unmet(rows) == []
    measured = [row for row in rows if row.rejected is not None]
    assert len(measured) >= 9
    assert all(row.alarms == 0 for row in rows if row.alarms is not None)
    assert sum(row.rejected for row in measured) >= 0.9 * sum(row.of for row in measured)


def test_goals_are_stricter_at_recipes_and_end_at_the_least_decay():
    """0.2 per cent at recipes, 1 and 5 elsewhere, none below lr*wd = 1e-5; the sharpest law counts."""

    def row(resolves, quantity="norm", decay=1e-3, recipe=False, law="fixed"):
        return Power("sgd", "stationarity", quantity, law, 2, 2, {}, decay, recipe, resolves)

    assert row(0.0, recipe=True).goal == GOAL_AT_RECIPES
    assert row(0.0, "rate", recipe=True).goal == GOALS["rate"]
    assert row(0.0, decay=1e-6).goal is None
    assert unmet([row(0.5, law="sphere"), row(0.005)]) == []
    assert unmet([row(0.5, decay=1e-6)]) == []
    assert [r.resolves for r in unmet([row(0.5), row(0.02, law="sphere")])] == [0.02]


@pytest.mark.chance(2)
def test_looks_stop_once_enough_is_seen():
    """Replicas double until a per cent would be seen; a coarse goal needs one look; each look risks half as much."""
    found = list(confront("sgd", {"lr": 0.1, "wd": 1e-4}, law="sphere", resolve=0.02))
    replicas = [c.conditions["replicas"] for c in found]
    assert replicas == [128 << k for k in range(len(found))]
    assert len(found) > 1
    assert found[-1].resolves("norm") <= 0.02 < found[-2].resolves("norm")
    assert sum(c.false_alarm for c in found) < FALSE_ALARM
    assert len(list(confront("sgd", {"lr": 0.1, "wd": 1e-4}, law="sphere", resolve=0.5))) == 1
    assert found[-1].agrees


@pytest.mark.chance(1)
def test_looks_stop_at_a_rejection():
    """A wrong prediction ends the sequence although its goal is far."""
    right = Predicted.of("sgd", {"lr": 0.1, "wd": 1e-4})
    wrong = right.replaced(squared_norm=2 * right.moments[0, 0])

    def run(bench):
        return stationarity("sgd", {"lr": 0.1, "wd": 1e-4}, bench, wrong)

    found = list(looks(run, Bench("sphere"), 1e-9))
    assert len(found) == 1
    assert not found[0].agrees


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"design": "guess"}, "design = guess is unknown for sgd; known are stationarity"),
        ({"replicas": 1}, "replicas = 1 must be at least 2"),
        ({"law": "loud"}, "law = loud is unknown"),
        ({"resolve": 0.0}, r"resolve = 0 is outside its range \(0, inf\)"),
    ],
)
def test_a_confrontation_that_cannot_be_run_is_refused(settings, says):
    """One line names what is wrong."""
    with pytest.raises(Exception, match=says):
        list(confront("sgd", {"lr": 0.1, "wd": 0.1}, **settings))
    with pytest.raises(OutOfDomain, match="optimizer = guess is unknown"):
        list(confront("guess", {}))


@pytest.mark.chance(1, 1e-9)
def test_p_values_of_a_design_are_calibrated():
    """SGD's drift over 100 seeds has uniform p-values, and p-values of a tenth the size have not."""
    (found,) = calibrations("sgd", seeds=100)
    assert found.is_uniform
    assert found.below["0.001"] < 0.2
    assert found.seeds == 100
    tenth = np.linspace(0, 0.1, 100)
    assert not Calibration("sgd", "", "", "", 100, largest_gap(tenth), {}).is_uniform


def test_a_shifted_prediction_moves_only_its_quantity():
    """with_error shifts the comparisons of one quantity by their unit."""
    one, other = Estimate(1.0, 0.1, 9), Estimate(2.0, 0.1, 9)
    c = Confrontation(
        "c", "d", {}, {}, (Statistic("a", 1.0, one, 0, "norm"), Statistic("b", 2.0, other, 0, "angle", 5.0))
    )
    assert [s.predicted for s in c.with_error("norm", 0.1).statistics] == [1.1, 2.0]
    assert [s.predicted for s in c.with_error("angle", 0.1).statistics] == [1.0, 2.5]
    assert set(c.resolution) == {"norm", "angle"}
