"""Runs under a schedule: torch's schedulers against formulas, torch's optimizers against our updates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics import BadSimulation
from numerics.scheduled import learning_rates, simulate_scheduled
from numerics.simulation import simulate
from numerics.updates import SGDM, AdamW, Lion
from tests.strategies import examples
from theory.schedule import SHAPES, drop_step, shape, wsd_length

pytestmark = pytest.mark.chance(0)


@examples(0.4)
@given(st.sampled_from(SHAPES), st.integers(2, 120), st.data())
def test_two_writings_of_a_schedule_agree(kind, steps, data):
    """torch.optim.lr_scheduler and theory's formula give the same lr at every step."""
    warmup = data.draw(st.integers(0, steps - 1))
    final = data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    expected = shape(kind, steps, warmup=warmup, final=final, drops=(0.5, 0.8), drop_factor=3.0)
    drops = [drop_step(steps, at) for at in (0.5, 0.8)]
    if kind == "step" and warmup >= min(drops):
        return
    found = learning_rates(
        kind,
        lr=0.3,
        steps=steps,
        warmup=warmup,
        final=final,
        cooldown=wsd_length(steps, warmup, 0.2),
        milestones=drops,
        drop_factor=3.0,
    )
    assert found == pytest.approx(0.3 * expected, rel=1e-9, abs=1e-15)


def test_the_comparison_of_schedules_notices_one_step():
    """A warmup that is one step longer is not the same schedule."""
    found = learning_rates("cosine", lr=1.0, steps=50, warmup=6)
    assert found != pytest.approx(shape("cosine", 50, warmup=5), rel=1e-3)


def test_an_unknown_schedule_is_named():
    """An unknown schedule raises BadSimulation."""
    with pytest.raises(BadSimulation, match="sawtooth"):
        learning_rates("sawtooth", lr=1.0, steps=5)


CASES = {
    "sgd": ("sgd", {}, SGDM(lr=0.1, wd=0.3, momentum=0.0)),
    "sgdm": ("sgdm", {"momentum": 0.8}, SGDM(lr=0.1, wd=0.3, momentum=0.8)),
    "adamw": ("adamw", {"beta1": 0.8, "beta2": 0.9}, AdamW(lr=0.1, wd=0.3, beta1=0.8, beta2=0.9, eps=1e-12)),
    "adamw at its mean": ("adamw", {"beta1": 0.8}, AdamW(lr=0.1, wd=0.3, beta1=0.8)),
    "lion": ("lion", {"beta1": 0.8, "beta2": 0.9}, Lion(lr=0.1, wd=0.3, beta1=0.8, beta2=0.9)),
}


@pytest.mark.parametrize(("optimizer", "chosen", "update"), CASES.values(), ids=CASES)
def test_a_constant_schedule_is_the_plain_simulation(optimizer, chosen, update):
    """At constant lr and wd torch.optim's optimizers move as our updates do on the same random numbers."""
    run = simulate_scheduled(
        optimizer, lr=[0.1] * 25, wd=[0.3] * 25, start_norm=1.3, dim=12, replicas=3, seed=5, **chosen
    )
    plain = simulate(update, dim=12, replicas=3, seed=5, start_norm=1.3, steps=25)
    assert run.squared_norm == pytest.approx(plain.squared_norm, rel=1e-9)
    assert run.angle == pytest.approx(plain.angle, rel=1e-8)
    assert run.lost_overlap == pytest.approx(plain.lost_overlap, rel=1e-8)


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw", "lion"])
def test_every_step_uses_its_own_lr_and_wd(optimizer):
    """A step without lr changes nothing, the steps around it do."""
    chosen = {"beta2": 0.9} if optimizer == "adamw" else {}
    run = simulate_scheduled(
        optimizer, lr=[0.1, 0.0, 0.1], wd=[0.3, 0.3, 0.3], dim=8, replicas=2, seed=1, grad_norm=1.0, **chosen
    )
    assert (run.squared_norm[2] == run.squared_norm[1]).all()
    assert (run.lost_overlap[1] == 0).all()
    assert (run.squared_norm[3] != run.squared_norm[2]).all()


def test_a_seed_gives_one_result():
    """The same seed gives the same run, another seed another."""
    runs = [
        simulate_scheduled("sgdm", lr=[0.1] * 4, wd=[0.1] * 4, dim=6, replicas=2, seed=seed).squared_norm
        for seed in (3, 3, 4)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ({"law": "cauchy"}, "law"),
        ({"replicas": 1}, "replicas"),
        ({"start_norm": 0.0}, "start_norm"),
        ({"device": "tpu"}, "device"),
        ({"lr": []}, "steps"),
    ],
)
def test_what_has_no_meaning_is_named(given_, named):
    """Bad arguments raise BadSimulation, which names them."""
    chosen = {"lr": [0.1], "wd": [0.1], **given_}
    chosen["wd"] = [0.1] * len(chosen["lr"])
    with pytest.raises(BadSimulation, match=named):
        simulate_scheduled("sgd", **chosen)
