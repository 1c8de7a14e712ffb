"""A run records what happened, reproduces from its seed, and refuses what has no meaning."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from numerics import (
    LAWS,
    UPDATES,
    BadSimulation,
    Start,
    check_run,
    device_of,
    random_weights,
    simulate,
    update_for,
)
from numerics.gradients import correlated
from numerics.seeding import BASE
from numerics.updates import State
from tests import strategies
from tests.compare import close

pytestmark = pytest.mark.chance(0)

SMALL = {"dim": 16, "replicas": 8, "steps": 30}


def run(optimizer="sgd", **rest):
    """A short run."""
    return simulate(update_for(optimizer, {"lr": 0.1, "wd": 0.5}), **{**SMALL, **rest})


@pytest.mark.parametrize("optimizer", UPDATES)
@pytest.mark.parametrize("law", LAWS)
def test_a_seed_gives_one_result(optimizer, law):
    """The same seed gives the same numbers bit by bit, another seed others."""
    first, again, other = (run(optimizer, law=law, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.squared_norm, again.squared_norm)
    assert np.array_equal(first.angle, again.angle)
    assert not np.array_equal(first.end.weights, other.end.weights)


def test_a_run_does_not_touch_the_global_generator():
    """Randomness is local: torch's global state is the same after a run."""
    before = torch.random.get_rng_state()
    run()
    assert torch.equal(before, torch.random.get_rng_state())


def test_shapes_and_records():
    """One more norm than steps, the last one that of the end, and the overlap that of each step."""
    found = run("sgdm")
    assert found.squared_norm.shape == (31, 8)
    assert found.lost_overlap.shape == found.angle.shape == (30, 8)
    assert found.replicas == 8
    assert found.squared_norm[-1] == close(found.end.weights.square().sum(-1).numpy(), 1e-14)
    assert found.squared_norm[0] == close(1, 1e-14)


def test_overlaps_and_angles_belong_to_the_norms():
    """cos = (|w|^2 - lost)/(|w||w'|) for every step and replica."""
    found = run("adamw", law="iid")
    before, after = found.squared_norm[:-1], found.squared_norm[1:]
    assert np.cos(found.angle) == pytest.approx((before - found.lost_overlap) / np.sqrt(before * after), abs=1e-12)


def test_averages_skip_the_burn_in():
    """Norm and cosine are averages over the steps after the burn-in."""
    whole, late = run(), run(burn_in=20)
    assert np.array_equal(whole.squared_norm, late.squared_norm)
    norm = math.sqrt(late.squared_norm[20:-1].mean())
    lost = late.lost_overlap[20:].mean() / late.squared_norm[20:-1].mean()
    assert late.equilibrium_norm.value == close(norm, 1e-9)
    assert late.one_minus_cosine.value == close(lost, 1e-9)
    assert late.cos_angular_update.value == close(1 - lost, 1e-9)
    assert late.angular_update.value == close(math.acos(1 - lost), 1e-7)
    assert whole.equilibrium_norm.value != close(norm, 1e-3)


def test_a_run_can_be_continued():
    """The end of a run starts another one; its first norm is the last one before, but for the order of the sum."""
    first = run("sgdm", seed=1)
    second = run("sgdm", seed=2, start=first.end)
    assert second.squared_norm[0] == close(first.squared_norm[-1], 1e-15)
    assert second.end.state.steps == 60


def test_progress_is_told():
    """``on_step`` hears the number of steps done at the end of every chunk."""
    heard = []
    run(steps=600, on_step=heard.append)
    assert heard == [256, 512, 600]


@strategies.examples(0.3)
@given(strategies.dims(1, 64), strategies.log_uniform(1e-3, 1e3), strategies.seeds())
def test_random_weights_have_the_norm_asked_for(dim, norm, seed):
    """Random starts lie on the sphere of the given norm."""
    w = random_weights(5, dim, norm, torch.Generator().manual_seed(seed))
    assert w.shape == (5, dim)
    assert w.norm(dim=-1).tolist() == close([norm] * 5, 1e-14)


def test_sgd_pathwise_by_hand():
    """Under ``fixed`` the squared norm obeys A' = (1-p)^2 A + lr^2 L/A for every replica."""
    found = run(law="fixed", grad_norm=0.7)
    before, after = found.squared_norm[:-1], found.squared_norm[1:]
    assert after == close(0.95**2 * before + 0.1**2 * 0.49 / before, 1e-13)


def test_single_precision_is_carried_through():
    """The dtype asked for is that of the end."""
    assert run(dtype="float32").end.weights.dtype == torch.float32


MISTAKES = {
    "unknown law": ({"law": "cauchy"}, "law = cauchy is unknown; known are fixed, sphere, iid"),
    "unknown device": ({"device": "tpu"}, "device = tpu is unknown; known are cpu, cuda"),
    "dimension below the law's": ({"dim": 1}, r"dim = 1 is outside its range \[2, inf\) for the law fixed"),
    "no dimension": ({"law": "iid", "dim": 0}, r"dim = 0 is outside its range \[1, inf\) for the law iid"),
    "one replica": ({"replicas": 1}, r"replicas = 1 is outside its range \[2, inf\)"),
    "no steps": ({"steps": 0}, r"steps = 0 is outside its range \[1, inf\)"),
    "negative burn-in": ({"burn_in": -1}, r"burn_in = -1 is outside its range \[0, inf\)"),
    "burn-in without end": ({"burn_in": 30}, r"burn_in = 30 is outside its range \[0, 30\)"),
    "start at zero": ({"start_norm": 0.0}, r"start_norm = 0 is outside its range \[1e-100, 1e\+100\]"),
    "start at infinity": ({"start_norm": math.inf}, r"start_norm = inf is outside its range \[1e-100, 1e\+100\]"),
    "start at nan": ({"start_norm": math.nan}, r"start_norm = nan is outside its range \[1e-100, 1e\+100\]"),
    "start whose square vanishes": ({"start_norm": 1e-200}, r"start_norm = 1e-200 is outside its range"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_run_without_meaning_is_refused(case):
    """A run that cannot be is refused before it starts, naming the argument, its value and its range."""
    arguments, says = MISTAKES[case]
    with pytest.raises(BadSimulation, match=says):
        run(**arguments)


def test_an_unknown_optimizer_is_named():
    """An optimizer that has no update is named beside those that have."""
    with pytest.raises(BadSimulation, match="optimizer = adagrad is unknown; known are sgd, sgdm, adamw, lion"):
        update_for("adagrad", {})


def test_an_absent_device_is_named(monkeypatch):
    """Without CUDA the device cuda is refused with what to use instead."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadSimulation, match="device = cuda is not available here; use cpu"):
        device_of("cuda")


def test_a_run_with_meaning_is_let_through():
    """The check is silent on a run that can be."""
    assert check_run(law="iid", dim=1, replicas=2) is None


def test_start_is_taken_as_given():
    """Weights and state of a given start are used, whatever the start norm says."""
    w = random_weights(8, 16, 3.0, torch.Generator().manual_seed(0))
    update = update_for("sgd", {"lr": 0.1, "wd": 0.5})
    found = simulate(update, **SMALL, start=Start(w, update.start(w)), start_norm=1.0)
    assert found.squared_norm[0] == close(9, 1e-14)


def test_provenance_tells_runs_apart(monkeypatch):
    """Whatever changes the numbers of a run changes its provenance: law, schedule, start, shared noise, base seed."""
    hyper = [{"lr": 0.1, "wd": 0.5}, {"lr": 0.2, "wd": 0.5}]
    w = random_weights(16, 16, 3.0, torch.Generator().manual_seed(0))
    others = {
        "plain": {},
        "law": {"law": correlated(0.5)},
        "another persistence": {"law": correlated(0.6)},
        "schedule": {"schedule": {"lr": [0.1] * 30}},
        "another schedule": {"schedule": {"lr": [0.2] * 30}},
        "start": {"start": Start(w, State())},
        "shared": {"share_noise": True},
    }

    def told(**settings):
        found = simulate("sgdm", hyper, **SMALL, engine="torch", **settings).provenance.as_dict()
        return {name: value for name, value in found.items() if name not in ("date", "duration")}

    found = [told(**settings) for settings in others.values()]
    monkeypatch.setenv(BASE, "5")
    found.append(told())
    assert all(found[i] != found[j] for i in range(len(found)) for j in range(i))
    monkeypatch.delenv(BASE)
    assert told() == found[0]
