"""A simulation beside its prediction: it ends there, and says when it cannot.

Averages are compared by Student's t with the false alarms of a confrontation.
"""

import math

import pytest

from numerics import BadSimulation
from smd.simulating import simulate
from tests.compare import agrees, close
from theory import NoEquilibrium, OutOfDomain

pytestmark = pytest.mark.chance(3)

FAST = {
    "sgd": {"lr": 0.1, "wd": 1.0},
    "sgdm": {"lr": 0.1, "wd": 0.5, "momentum": 0.5, "dim": 1024, "replicas": 16},
    "adamw": {"lr": 0.1, "wd": 1.0, "beta1": 0.8, "dim": 64},
    "lion": {"lr": 0.1, "wd": 1.0, "beta1": 0.8, "beta2": 0.9, "dim": 64},
    "nesterov": {"lr": 0.1, "wd": 0.5, "momentum": 0.5, "dim": 1024, "replicas": 16},
    "ngd": {"lr": 0.1, "wd": 1.0, "dim": 64},
    "signsgd": {"lr": 0.1, "wd": 1.0, "dim": 64},
    "signum": {"lr": 0.1, "wd": 1.0, "beta1": 0.8, "dim": 64},
    "rmsprop": {"lr": 0.1, "wd": 1.0, "dim": 64},
    "nadamw": {"lr": 0.1, "wd": 1.0, "beta1": 0.8, "dim": 64},
    "lamb": {"lr": 0.3, "wd": 0.5, "beta1": 0.5, "dim": 1024, "replicas": 16},
}
SCALE_INVARIANT = {"sgd", "sgdm", "nesterov", "rmsprop"}


@pytest.mark.parametrize("optimizer", FAST)
def test_default_run_ends_at_the_prediction(optimizer):
    """With its default law and length a run measures the predicted norm and angle."""
    found = simulate(optimizer, **FAST[optimizer], seed=4)
    assert found.settings["law"] == ("fixed" if optimizer in SCALE_INVARIANT else "iid")
    assert found.settings["burn_in"] < found.settings["steps"]
    for name, measured in found.measured.items():
        predicted = getattr(found.prediction, name)
        rounding = 1e-12 * max(abs(predicted), 1)
        assert agrees(predicted, measured, rounding), name


def test_a_decay_chooses_what_is_simulated():
    """Independent decay runs the decoupled rule at the converted coefficient: the same noise gives the same run."""
    short = {"lr": 0.1, "steps": 40, "dim": 8, "replicas": 4}
    found, plain = simulate("adam", wd=0.3, decay="independent", **short), simulate("adamw", wd=0.3 / 0.1, **short)
    assert found.prediction.decay == "independent"
    assert found.measured == plain.measured != simulate("adam", wd=0.3, decay="decoupled", **short).measured


def test_beta2_reaches_the_simulation():
    """With beta2 the refined rule predicts and the simulated denominator is an average."""
    short = {"lr": 0.1, "wd": 0.3, "steps": 40, "dim": 8, "replicas": 4}
    found = simulate("adamw", beta2=0.9, kurtosis=6.0, law="laplace", **short)
    assert found.prediction.optimizer == "adamw_beta2"
    assert found.settings["law"] == "laplace"
    assert found.measured != simulate("adamw", law="laplace", **short).measured


def test_random_walk_gradients_have_their_own_norm():
    """Under ``iid`` SGD's norm is that of a random walk at the same angle, and a note says so."""
    walk, scale_invariant = simulate("sgd", **FAST["sgd"], law="iid", dim=64), simulate("sgd", **FAST["sgd"])
    assert walk.prediction.cos_angular_update == scale_invariant.prediction.cos_angular_update
    assert walk.prediction.equilibrium_norm == close(0.1 / math.sqrt(0.1 * 1.9), 1e-12)
    assert agrees(walk.prediction.equilibrium_norm, walk.measured["equilibrium_norm"])
    assert any("random walk" in w for w in walk.prediction.warnings)


def test_too_few_steps_are_said_to_be():
    """A run too short to forget its start says so."""
    found = simulate("sgd", lr=0.01, wd=0.01, steps=20, dim=8, replicas=4)
    assert any("not at equilibrium" in w for w in found.prediction.warnings)
    assert found.settings["burn_in"] == 10


def test_progress_is_told_with_the_total():
    """``on_step`` hears at the end of every chunk how many steps are done and how many there are."""
    heard = []
    simulate(
        "sgd", lr=0.1, wd=0.1, steps=300, dim=4, replicas=2, on_step=lambda done, total: heard.append((done, total))
    )
    assert heard == [(256, 300), (300, 300)]


def test_json_of_a_run_holds_prediction_and_measurement():
    """Measured values and standard errors stand under the names of the predicted ones, with the settings."""
    found = simulate("sgd", lr=0.1, wd=0.1, steps=50, dim=4, replicas=2, seed=9).as_json()
    names = {"equilibrium_norm", "angular_update", "cos_angular_update"}
    assert set(found["measured"]) == set(found["standard_error"]) == names
    assert names <= set(found)
    assert found["settings"]["seed"] == 9
    assert list(found)[-3:] == ["measured", "standard_error", "settings"]


def test_a_seed_gives_one_run():
    """The same seed measures the same numbers, another seed others."""
    one, again, other = (simulate("lion", lr=0.1, wd=1.0, steps=40, dim=8, replicas=4, seed=s) for s in (1, 1, 2))
    assert one.measured == again.measured != other.measured


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ({"law": "cauchy"}, BadSimulation),
        ({"device": "tpu"}, BadSimulation),
        ({"replicas": 1}, BadSimulation),
        ({"steps": 0}, BadSimulation),
        ({"start_norm": 0.0}, BadSimulation),
        ({"dim": 1}, BadSimulation),
        ({"dim": 2.5}, OutOfDomain),
        ({"wd": 10.0}, NoEquilibrium),
        ({"momentum": 0.9}, OutOfDomain),
        ({"grad_norm": 0.0}, OutOfDomain),
    ],
)
def test_what_is_wrong_is_refused(rest, error):
    """A run without meaning or without equilibrium is refused, naming what is wrong."""
    with pytest.raises(error, match=next(iter(rest)) if "wd" not in rest else "outside"):
        simulate("sgd", **{"lr": 0.1, "wd": 0.1, **rest})
