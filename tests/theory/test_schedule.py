"""Schedules: shapes, warmup, how weight decay goes along, and what has no meaning."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compare import close
from theory import OutOfDomain, Schedule, scheduled
from theory.catalogue import DECAYS, Choice
from theory.schedule import SHAPES, drop_step, shape, wsd_length


@given(st.sampled_from(SHAPES), st.integers(2, 300), st.data())
def test_every_schedule_stays_between_zero_and_its_peak(kind, steps, data):
    """Every schedule has one factor a step, above zero and at most 1, which is reached unless all steps warm up."""
    warmup = data.draw(st.integers(0, steps))
    final = data.draw(st.floats(0, 1))
    found = shape(kind, steps, warmup=warmup, final=final)
    assert found.shape == (steps,)
    assert (found > 0).all()
    assert found.max() == close(1, 1e-12)


@pytest.mark.parametrize("kind", SHAPES)
def test_warmup_grows_by_equal_steps(kind):
    """Step t of W warmup steps uses (t + 1) / W of the peak."""
    assert shape(kind, 40, warmup=8)[:8] == pytest.approx(np.arange(1, 9) / 8, rel=1e-15)


def test_shapes_by_hand():
    """Half-way values of linear and cosine; WSD flat, then linear; drops by the factor."""
    assert shape("linear", 100, final=0.2)[50] == close(0.6, 1e-14)
    assert shape("cosine", 100, final=0.2)[50] == close(0.6, 1e-14)
    assert shape("cosine", 90)[30] == close((1 + math.cos(math.pi / 3)) / 2, 1e-14)
    wsd = shape("wsd", 100, cooldown=0.2)
    assert (wsd[:81] == 1).all()
    assert wsd[90] == close(0.5, 1e-14)
    step = shape("step", 30, drops=(1 / 3, 2 / 3), drop_factor=4)
    assert step.tolist() == [1.0] * 10 + [0.25] * 10 + [0.0625] * 10


def test_lengths():
    """A drop stands at its fraction of the steps; WSD's decay has at least one step and leaves the warmup alone."""
    assert drop_step(30, 1 / 3) == 10
    assert wsd_length(100, 90, 0.5) == 10
    assert wsd_length(100, 0, 1e-9) == 1


def test_weight_decay_goes_along():
    """Decays by name as in ``predict``: corrected scales wd with lr, independent decays by wd at every lr."""
    at = {name: scheduled("cosine", lr=0.1, wd=0.3, steps=50, final=0.1, decay=name) for name in DECAYS}
    assert at["corrected"].wd / at["corrected"].lr == pytest.approx(np.full(50, 3.0))
    assert at["independent"].decay == pytest.approx(np.full(50, 0.3))
    for name in DECAYS:
        meant = Choice("adamw", name)
        for t in (0, 20, 49):
            assert at[name].wd[t] == close(meant.coefficient(at[name].lr[t], 0.3, lr_max=0.1), 1e-14)


MISTAKES = {
    "an unknown schedule": {"kind": "sawtooth"},
    "no steps": {"steps": 0},
    "too many steps": {"steps": 10**9},
    "more warmup than steps": {"warmup": 51},
    "warmup below zero": {"warmup": -1},
    "an end above the peak": {"final": 1.5},
    "an end that is no number": {"final": math.nan},
    "no cooldown": {"cooldown": 0.0},
    "a drop outside the run": {"drops": (1.2,)},
    "a drop by nothing": {"drop_factor": 0.0},
    "an infinite drop": {"drop_factor": math.inf},
    "no learning rate": {"lr": 0.0},
    "no decay": {"wd": 0.0},
    "an infinite learning rate": {"lr": math.inf},
    "an unknown decay": {"decay": "sideways"},
}


@pytest.mark.parametrize("given_", MISTAKES.values(), ids=MISTAKES)
def test_what_has_no_meaning_is_named(given_):
    """A bad argument raises OutOfDomain, which names it."""
    (name, value), chosen = next(iter(given_.items())), {"kind": "cosine", "lr": 0.1, "wd": 0.1, "steps": 50, **given_}
    with pytest.raises(OutOfDomain) as caught:
        scheduled(chosen.pop("kind"), **chosen)
    assert ("schedule" if name == "kind" else name) in str(caught.value)
    assert str(value[0] if isinstance(value, tuple) else value).removesuffix(".0") in str(caught.value)


def test_a_schedule_of_your_own_is_checked():
    """Arrays of different lengths, or with a negative or missing number, are refused."""
    for lr, wd in (([0.1, 0.1], [0.1]), ([], []), ([0.1, -1.0], [0.1, 0.1]), ([0.1], [math.nan])):
        with pytest.raises(OutOfDomain):
            Schedule(np.array(lr), np.array(wd))
