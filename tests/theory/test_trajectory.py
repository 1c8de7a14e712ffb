"""Trajectories against brute force, against their equilibrium, and against what has no meaning."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import reference
from tests.compare import close
from tests.strategies import attracts, coefficients, examples, hyperparameters, log_uniform, optimizers
from theory import NAMES, OutOfDomain, Schedule, predict, scheduled
from theory.optimizers.lion import FILTER
from theory.symbols import beta1, beta2
from theory.trajectory import trajectory

# Its input's memory changes from step to step.
UNDERIVED = "nadamw_beta2"
DERIVED = tuple(name for name in NAMES if name != UNDERIVED)


def wandering(seed, steps, lr=0.3, decay=0.2):
    """A schedule that follows no rule."""
    draw = np.random.default_rng(seed)
    return Schedule(lr * draw.uniform(0.1, 1, steps), decay / lr * draw.uniform(0.1, 1, steps))


def by_hand(optimizer, schedule, start_norm, **chosen):
    """E|w|^2 and the cosine of every step from the maps written by hand, in double precision."""
    one_step, size = reference.MAPS[optimizer]
    moments = [start_norm**2] + [0.0] * (size - 1)
    squares, cosines = [moments[0]], []
    for lr, wd in zip(schedule.lr, schedule.wd, strict=True):
        own = {"lr": lr, "wd": wd, **{k: v for k, v in chosen.items() if k not in ("dim", "grad_norm")}}
        energy = chosen["dim"] if "dim" in chosen else chosen["grad_norm"] ** 2 / moments[0]
        input_alone = one_step([0.0] * size, **own)
        lost = reference.lost_overlap(optimizer, moments, **own)
        after = [m + (energy - 1) * x for m, x in zip(one_step(moments, **own), input_alone, strict=True)]
        cosines.append((moments[0] - lost) / math.sqrt(moments[0] * after[0]))
        moments = after
        squares.append(moments[0])
    return np.array(squares), np.array(cosines)


@examples(0.5)
@given(optimizers("sgd", "sgdm", "adamw"), st.integers(0, 10**6), log_uniform(0.1, 10), st.data())
def test_linear_rules_equal_the_maps_by_hand(optimizer, seed, start_norm, data):
    """From any start under any schedule norm and angle are those of the moments' map written by hand."""
    chosen = data.draw(hyperparameters(optimizer))
    chosen = {k: v for k, v in chosen.items() if k not in ("lr", "wd")}
    schedule = wandering(seed, 40)
    squares, cosines = by_hand(optimizer, schedule, start_norm, **chosen)
    found = trajectory(optimizer, schedule, start_norm, **chosen)
    assert found.norm**2 == pytest.approx(squares, rel=1e-11)
    assert 2 * np.sin(found.angle / 2) ** 2 == pytest.approx(1 - cosines, rel=1e-7, abs=1e-13)


def test_the_comparison_by_hand_notices_three_percent():
    """The comparison fails when the start norm is three percent off."""
    schedule = wandering(1, 40)
    squares, _ = by_hand("sgdm", schedule, 1.0, momentum=0.9, dampening=0.0, grad_norm=1.0)
    found = trajectory("sgdm", schedule, 1.03, momentum=0.9, dampening=0.0, grad_norm=1.0)
    assert found.norm**2 != pytest.approx(squares, rel=1e-4)


@examples(0.5)
@given(optimizers(*DERIVED), st.data())
def test_from_equilibrium_nothing_moves(optimizer, data):
    """From the equilibrium at constant lr and wd norm and angle stay those of ``predict``."""
    chosen = data.draw(hyperparameters(optimizer, most_beta2=0.99))
    assume(attracts(optimizer, chosen))
    expected = predict(optimizer, **chosen)
    still = scheduled("constant", lr=chosen.pop("lr"), wd=chosen.pop("wd"), steps=5)
    found = trajectory(optimizer, still, **chosen)
    assert found.norm == pytest.approx(np.full(6, expected.equilibrium_norm), rel=1e-9)
    assert found.angle == pytest.approx(np.full(5, expected.angular_update), rel=1e-6)
    assert found.adiabatic_angle == pytest.approx(np.full(5, expected.angular_update), rel=1e-12)


def test_what_is_not_derived_says_so():
    """The rule whose input's memory follows a schedule of its own is refused by name."""
    still = scheduled("constant", lr=0.1, wd=0.1, steps=5)
    with pytest.raises(OutOfDomain, match=rf"optimizer = {UNDERIVED}: .* not derived"):
        trajectory(UNDERIVED, still, 1.0, beta1=0.9, beta2=0.99, dim=16)


def test_lion_equals_the_sum_over_all_pairs_of_steps():
    """Lion from an empty buffer: E|w|^2 as the double sum over steps of the arcsine law of the growing filter."""
    pole, gain, readout, through = (
        float(getattr(FILTER, name).subs({beta1: 0.9, beta2: 0.95}))
        for name in ("pole", "gain", "readout", "feedthrough")
    )
    steps, schedule = 60, wandering(3, 60)
    responses = np.zeros((steps, steps))  # c_t = sum_s responses[t, s] g_s
    for t in range(steps):
        responses[t, t] = through
        responses[t, :t] = readout * gain * pole ** (t - 1 - np.arange(t))
    covariance = responses @ responses.T
    deviation = np.sqrt(np.diag(covariance))
    signs = 2 / np.pi * np.arcsin(np.clip(covariance / np.outer(deviation, deviation), -1, 1))
    np.fill_diagonal(signs, 1)  # the arcsine's slope is infinite there
    found = trajectory("lion", schedule, 2.0, beta1=0.9, beta2=0.95, dim=3)
    kept = 1 - schedule.decay
    for t in (1, 2, 7, 30, 60):
        weights = np.array([schedule.lr[s] * np.prod(kept[s + 1 : t]) for s in range(t)])
        expected = 4 * np.prod(kept[:t]) ** 2 + 3 * weights @ signs[:t, :t] @ weights
        assert found.norm[t] ** 2 == close(expected, 1e-12)


@given(coefficients(0.99), st.integers(0, 10**6))
@examples(0.3)
def test_lion_without_interpolation_is_a_signed_walk(beta2, seed):
    """At beta1 = 0 Lion moves like AdamW without momentum, whatever its beta2."""
    schedule = wandering(seed, 30)
    lion = trajectory("lion", schedule, 1.5, beta1=0.0, beta2=beta2, dim=4)
    adamw = trajectory("adamw", schedule, 1.5, beta1=0.0, dim=4)
    assert lion.norm == pytest.approx(adamw.norm, rel=1e-12)
    assert lion.angle == pytest.approx(adamw.angle, rel=1e-9)


@given(st.integers(0, 10**6), log_uniform(1e-3, 1e3))
@examples(0.3)
def test_an_immediate_denominator_makes_no_difference_without_momentum(seed, start_norm):
    """AdamW at beta1 = beta2 = 0 divides each gradient by its own size: v at its mean."""
    schedule = wandering(seed, 30)
    lagging = trajectory("adamw", schedule, start_norm, beta1=0.0, beta2=0.0, dim=5)
    mean = trajectory("adamw", schedule, start_norm, beta1=0.0, dim=5)
    assert lagging.norm == pytest.approx(mean.norm, rel=1e-12)
    assert lagging.angle == pytest.approx(mean.angle, rel=1e-9)


def test_sgd_turns_by_its_tangent():
    """SGD: tan(theta) = eta sqrt(L) / ((1 - p) |w|^2) at every step, also at angles of 1e-12."""
    schedule = scheduled("cosine", lr=0.1, wd=0.3, steps=50)
    for start in (0.3, 3e5):
        found = trajectory("sgd", schedule, start, grad_norm=2.0)
        tangent = schedule.lr * 2.0 / ((1 - schedule.decay) * found.norm[:-1] ** 2)
        assert np.tan(found.angle) == pytest.approx(tangent, rel=1e-3 if start > 1e3 else 1e-12)


def test_the_adamw_cosine_example_of_the_literature():
    """Our RMS agrees with the series .0742 and the run .0744 of key su2025rms, not with its mean field .0760."""
    schedule = scheduled("cosine", lr=1e-3, wd=0.1, steps=10_000, final=0.1)
    found = float(trajectory("adamw", schedule, 0.1, beta1=0.9, dim=1).norm[-1])
    run_error = 0.0744 / math.sqrt(2 * 10_000)  # 10 000 coordinates, one run
    assert abs(found - 0.0744) < 3 * run_error + 5e-5
    assert found == pytest.approx(0.0742, abs=5e-5)
    assert abs(found - 0.0760) > 1e-3


def test_peak_and_settling():
    """The peak is the largest angle; settling starts after the last step outside the band, and may never happen."""
    found = trajectory("sgd", scheduled("constant", lr=0.1, wd=0.3, steps=400), 0.4)
    assert found.peak == (0, found.angle[0])
    at = found.settled_at(0.05)
    away = np.abs(found.angle / found.adiabatic_angle - 1)
    assert 0 < at < 400
    assert (away[at:] <= 0.05).all()
    assert away[at - 1] > 0.05
    assert trajectory("sgd", scheduled("linear", lr=0.1, wd=0.3, steps=400), 0.4).settled_at(0.05) is None


MISTAKES = {
    "lr beside the schedule": ("sgd", {"lr": 0.1}, "lr"),
    "an unknown optimizer": ("adagrad", {}, "adagrad"),
    "a foreign hyper-parameter": ("sgd", {"beta1": 0.9}, "beta1"),
    "a start at zero": ("sgd", {"start_norm": 0.0}, "start_norm"),
    "an endless start": ("sgd", {"start_norm": math.inf}, "start_norm"),
    "an enormous gradient": ("sgd", {"start_norm": 1.0, "grad_norm": 1e200}, "grad_norm"),
    "a memory without end": ("lion", {"start_norm": 1.0, "beta1": 1 - 1e-12, "beta2": 1 - 1e-14}, "remembers"),
}


@pytest.mark.parametrize(("optimizer", "given_", "named"), MISTAKES.values(), ids=MISTAKES)
def test_what_has_no_meaning_is_named(optimizer, given_, named):
    """A bad argument raises OutOfDomain, which names it."""
    with pytest.raises(OutOfDomain, match=named):
        trajectory(optimizer, scheduled("constant", lr=0.1, wd=0.3, steps=5), **given_)


def test_growth_beyond_double_precision_is_named():
    """Where the norm grows beyond double precision the step is named, with a lagging denominator too."""
    wild = scheduled("constant", lr=10.0, wd=1.0, steps=2000)
    with pytest.raises(OutOfDomain, match="at step"):
        trajectory("sgd", wild, 1.0)
    with pytest.raises(OutOfDomain, match="at step"):
        trajectory("adamw", wild, 1.0, beta2=0.9)


def test_no_equilibrium_to_start_from_is_named():
    """Without an equilibrium at the first step a start norm is asked for."""
    with pytest.raises(OutOfDomain, match="start_norm is needed"):
        trajectory("sgd", scheduled("constant", lr=2.5, wd=1.0, steps=5))


def test_steps_without_learning_rate_do_nothing():
    """At lr = 0 the weights stand still: the norm stays, the angle is 0, and there is no equilibrium."""
    schedule = Schedule(np.array([0.1, 0.0, 0.1]), np.array([0.3, 0.3, 0.3]))
    found = trajectory("sgd", schedule, 1.0)
    assert found.norm[2] == found.norm[1]
    assert found.angle[1] == 0
    assert math.isnan(found.adiabatic_angle[1])


def test_progress_is_reported():
    """``on_step`` hears of every thousandth step, with and without a lagging denominator."""
    for own in ({}, {"beta2": 0.9}):
        heard = []
        trajectory("adamw", scheduled("constant", lr=0.1, wd=0.1, steps=2500), 1.0, on_step=heard.append, **own)
        assert heard == [0, 1000, 2000]
