"""Rates over many steps: the way back to equilibrium as theory iterates it, and twins that part at the multiplier.

Benches have few replicas of many coordinates, where the mean field's remainder lies below the error bar: a test says
how it shows where they are few.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs.confrontation import Bench, Predicted, decay, predicted_path, twins
from tests import strategies
from theory import OutOfDomain, load
from theory.schedule import Schedule
from theory.trajectory import trajectory

pytestmark = pytest.mark.chance(4)

DIM = 512
RULES = {
    "sgd": ({"lr": 0.1, "wd": 0.1}, "fixed"),
    "sgdm": ({"lr": 0.1, "wd": 0.1, "momentum": 0.9}, "fixed"),
    "sgdw": ({"lr": 0.1, "wd": 0.1, "momentum": 0.9}, "sphere"),
    "nesterov": ({"lr": 0.1, "wd": 0.1, "momentum": 0.9}, "sphere"),
    "nesterovw": ({"lr": 0.1, "wd": 0.1, "momentum": 0.9}, "fixed"),
    "ngd": ({"lr": 0.1, "wd": 0.1}, "iid"),
    "signsgd": ({"lr": 0.1, "wd": 0.1}, "laplace"),
    "rmspropw": ({"lr": 0.1, "wd": 0.1}, "iid"),
    "rmsprop": ({"lr": 0.1, "wd": 0.1}, "fixed"),
    "adamw": ({"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "iid"),
    "adam_l2": ({"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "fixed"),
    "nadamw": ({"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "iid"),
    "nadam_l2": ({"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "fixed"),
    "lars": ({"lr": 1.0, "wd": 0.1, "momentum": 0.9, "trust": 0.1}, "fixed"),
    "lamb": ({"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "iid"),
}
SIGNS = {
    "lion": {"lr": 0.01, "wd": 0.05, "beta1": 0.9, "beta2": 0.95, "dim": DIM},
    "signum": {"lr": 0.01, "wd": 0.1, "beta1": 0.9, "dim": DIM},
}
STEPS = 100


def case(optimizer, seed=51, dim=DIM, replicas=16):
    """Hyper-parameters and bench of a rule."""
    chosen, law = RULES[optimizer]
    known = {p.name for p in load(optimizer).parameters}
    return {**chosen, **({"dim": dim} if "dim" in known else {})}, Bench(law, dim=dim, replicas=replicas, seed=seed)


@pytest.mark.parametrize("factor", [0.5, 3.0])
@pytest.mark.parametrize("optimizer", RULES)
def test_the_way_back_is_the_one_that_theory_iterates(optimizer, factor):
    """From half and from three times the equilibrium norm the whole path of E|w|^2 is the predicted one."""
    chosen, bench = case(optimizer)
    c = decay(optimizer, chosen, bench, factor=factor, steps=STEPS)
    assert c.agrees, c.report()


@pytest.mark.parametrize("factor", [0.5, 3.0])
@pytest.mark.parametrize("optimizer", SIGNS)
def test_the_way_back_of_rules_that_remember(optimizer, factor):
    """The same of Lion and Signum with their own history."""
    c = decay(optimizer, SIGNS[optimizer], Bench("iid", dim=DIM, replicas=16, seed=52), factor=factor, steps=600)
    assert c.agrees, c.report()


@pytest.mark.parametrize("optimizer", RULES)
def test_twins_part_as_the_jacobian_s_powers(optimizer):
    """The distance of twins along the slowest eigenvector is J^t of it for a hundred steps."""
    c = twins(optimizer, *case(optimizer), steps=STEPS)
    assert c.agrees, c.report()


@st.composite
def points(draw):
    """A rule with hyper-parameters where its moments return within some hundred steps, and a bench."""
    optimizer = draw(st.sampled_from(sorted(RULES)))
    chosen, bench = case(optimizer, seed=draw(strategies.seeds()))
    steps = {"wd": draw(strategies.log_uniform(1e-3, 0.3)) / chosen["lr"]}
    if load(optimizer).has_gain:
        steps = {"wd": draw(strategies.log_uniform(0.03, 1))}
    for name in chosen.keys() & {"momentum", "beta1"}:
        steps[name] = draw(st.floats(0, 0.95))
    return optimizer, {**chosen, **steps}, bench


@strategies.examples(0.1)
@given(points().filter(lambda point: strategies.attracts(*point[:2])), strategies.log_uniform(0.3, 3))
def test_paths_and_twins_anywhere(point, factor):
    """Any rule at decays from 1e-3 to 0.3 a step, from 0.3 to 3 times its norm.

    Above 0.3 and at momentum above 0.95 the remainder of the mean field, of order p/(1 - momentum) over the dimension,
    would need more coordinates to lie below the error bar.
    """
    optimizer, chosen, bench = point
    path = decay(optimizer, chosen, bench, factor=factor, steps=STEPS)
    apart = twins(optimizer, chosen, bench, steps=STEPS)
    assert path.agrees, path.report()
    assert apart.agrees, apart.report()


def hastened(optimizer, chosen, factor, speed):
    """The predicted path as it would be with every step counting ``speed`` steps."""
    path = predicted_path(optimizer, chosen, factor, math.ceil(STEPS * speed))
    return np.interp(np.arange(STEPS + 1) * speed, np.arange(len(path)), path)


def multiplier(optimizer, chosen):
    """The slowest multiplier's modulus."""
    return np.abs(np.linalg.eigvals(Predicted.of(optimizer, chosen).jacobian)).max()


@pytest.mark.parametrize("speed", [0.95, 1.05])
@pytest.mark.parametrize("optimizer", ["sgdw", "nesterovw", "adamw"])
def test_control_rejects_a_rate_off_by_a_twentieth(optimizer, speed):
    """A path that runs 5 % too fast or too slow is rejected, and so are twins, whose right multiplier passes."""
    chosen, bench = case(optimizer, dim=2048, replicas=32)
    chosen["wd"] = 0.2
    wrong = hastened(optimizer, chosen, 3.0, speed)
    assert decay(
        optimizer, chosen, bench, factor=3.0, steps=STEPS, predicted=hastened(optimizer, chosen, 3.0, 1)
    ).agrees
    assert not decay(optimizer, chosen, bench, factor=3.0, steps=STEPS, predicted=wrong).agrees
    if optimizer == "adamw":
        slow = multiplier(optimizer, chosen)
        assert twins(optimizer, chosen, bench, steps=STEPS, predicted=slow ** np.arange(STEPS + 1)).agrees
        wrong = slow ** (speed * np.arange(STEPS + 1))
        assert not twins(optimizer, chosen, bench, steps=STEPS, predicted=wrong).agrees


@pytest.mark.parametrize("speed", [0.95, 1.05])
def test_control_rejects_a_rate_of_lion_off_by_a_twentieth(speed):
    """Lion's path from three times its norm, run 5 % too fast or too slow, is rejected."""
    chosen, bench = SIGNS["lion"], Bench("iid", dim=DIM, replicas=64, seed=53)
    long = predicted_path("lion", chosen, 3.0, 640)
    for wrong in (speed, 1.0):
        path = np.interp(np.arange(601) * wrong, np.arange(len(long)), long)
        assert decay("lion", chosen, bench, factor=3.0, steps=600, predicted=path).agrees is (wrong == 1)


@pytest.mark.parametrize(("optimizer", "other"), [("sgd", "adamw"), ("sgdm", "sgdw"), ("adamw", "sgd")])
def test_control_rejects_the_rate_of_another_rule(optimizer, other):
    """Twins of one rule do not part at the multiplier of another at the same hyper-parameters."""
    chosen, bench = case(optimizer, replicas=64)
    taken = {**chosen, **RULES[other][0]} | ({"dim": DIM} if other == "adamw" else {})
    known = {p.name for p in load(other).parameters}
    wrong = multiplier(other, {k: v for k, v in taken.items() if k in known}) ** np.arange(STEPS + 1)
    assert twins(optimizer, chosen, bench, steps=STEPS).agrees
    assert not twins(optimizer, chosen, bench, steps=STEPS, predicted=wrong).agrees


def test_in_few_dimensions_the_mean_field_is_not_the_path():
    """With four coordinates SGDM leaves the mean field's path, which many replicas see, and with 512 it does not."""
    chosen = RULES["sgdm"][0]
    few, many = Bench("fixed", dim=4, replicas=8192, seed=54), Bench("fixed", dim=512, replicas=16, seed=54)
    assert not decay("sgdm", chosen, few, factor=0.5, steps=STEPS).agrees
    assert decay("sgdm", chosen, many, factor=0.5, steps=STEPS).agrees


def test_a_history_longer_than_the_start_is_refused():
    """Lion's own history cannot be brought down to a hundredth of its equilibrium norm."""
    with pytest.raises(ValueError, match=r"factor = 0.01: the history alone has E\|w\|\^2"):
        decay("lion", SIGNS["lion"], Bench("iid", dim=DIM, replicas=4), factor=0.01, steps=10)


@pytest.mark.parametrize("rest", [{"start_norm": 1.0}, {"beta2": 0.99}])
def test_moments_do_not_go_with_another_start(rest):
    """A trajectory from given moments has no start norm, and none of a lagging second moment."""
    still = Schedule(np.full(3, 0.1), np.full(3, 0.1))
    with pytest.raises(OutOfDomain, match="moments: "):
        trajectory("adamw", still, moments=np.eye(2), dim=8, **rest)


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw", "lion"])
def test_from_the_moments_of_equilibrium_nothing_moves(optimizer):
    """The path from one times the equilibrium stays there."""
    chosen = SIGNS["lion"] if optimizer == "lion" else case(optimizer)[0]
    path = predicted_path(optimizer, chosen, 1.0, 50)
    assert np.abs(path / path[0] - 1).max() < 1e-11
