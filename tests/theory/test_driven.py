"""Motion from measured energies, rows and correlations: against the trajectory, the stationary laws, and by hand."""

import numpy as np
import pytest

import theory
from theory import OutOfDomain
from theory.driven import driven
from theory.motion import motion
from theory.schedule import Schedule, scheduled
from theory.stationary_input import moments
from theory.trajectory import trajectory

STEPS = 300
CONSTANT = Schedule(np.full(STEPS, 0.1), np.full(STEPS, 0.2))
COSINE = scheduled("cosine", lr=0.1, wd=0.2, steps=STEPS, warmup=30)
CASES = {
    "sgd": {},
    "sgdm": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adamw": {"beta1": 0.9, "beta2": 0.95},
    "lion": {"beta1": 0.9, "beta2": 0.99},
    "adam_l2": {"beta1": 0.9},
}


@pytest.mark.parametrize("name", CASES)
def test_constant_energy_is_the_trajectory(name):
    """One row under a constant energy L moves as ``trajectory`` says for it; another start moves otherwise."""
    grad_norm, dim = 3.0, 40
    seen = {"sgd", "sgdm", "nesterov", "adam_l2"}
    extra = {"grad_norm": grad_norm} if name in seen else {}
    extra |= {"dim": dim} if name not in {"sgd", "sgdm", "nesterov"} else {}
    expected = trajectory(name, COSINE, 2.0, **CASES[name], **extra)
    energy = np.full((STEPS, 1), grad_norm**2)
    found = driven(name, COSINE, np.array([4.0]), energy=energy, sizes=np.array([dim]), **CASES[name])
    np.testing.assert_allclose(found.norm, expected.norm, rtol=1e-12)
    np.testing.assert_allclose(found.angle, expected.angle, rtol=1e-10)
    wrong = driven(name, COSINE, np.array([4.4]), energy=energy, sizes=np.array([dim]), **CASES[name])
    assert np.abs(wrong.norm / expected.norm - 1).max() > 1e-3


def test_rows_weigh_by_their_squared_norm():
    """A row without gradient decays and never turns; the whole turns by what the other's share leaves of its angle."""
    energy = np.stack([np.full(STEPS, 9.0), np.zeros(STEPS)], axis=1)
    found = driven("sgd", CONSTANT, np.array([1.0, 5.0]), energy=energy)
    alone = driven("sgd", CONSTANT, np.array([1.0]), energy=energy[:, :1])
    kept = 1 - 0.1 * 0.2
    decayed = 5 * kept ** (2 * np.arange(STEPS + 1))
    np.testing.assert_allclose(found.squares[:, 1], decayed, rtol=1e-12)
    live = alone.squares[:, 0]
    overlap = np.cos(alone.angle) * np.sqrt(live[:-1] * live[1:]) + kept * decayed[:-1]
    total = live + decayed
    np.testing.assert_allclose(np.cos(found.angle), overlap / np.sqrt(total[:-1] * total[1:]), rtol=1e-9)
    assert found.angle[0] < 0.7 * alone.angle[0]


@pytest.mark.parametrize("name", ["sgdw", "adamw"])
def test_correlated_gradients_settle_at_the_stationary_moments(name):
    """With R_k given, the end is that of ``stationary_input.moments``; the white angle is another one."""
    known = 0.6 ** np.arange(1, 60) - 0.05 * 0.9 ** np.arange(1, 60)
    given = {"momentum": 0.8} if name == "sgdw" else {"beta1": 0.8}
    plan = Schedule(np.full(1500, 0.05), np.full(1500, 0.2))
    energy = np.full((1500, 1), 4.0)
    found = driven(name, plan, np.array([1.0]), energy=energy, correlations=known, **given)
    transition, drive = motion(name).matrices(
        {"eta": 0.05, "lam": 0.2, "alpha": 0.8, "mu": 0.0, "tau": 0.0, "beta_1": 0.8}
    )
    expected = np.arccos(moments(transition, drive, known)[1])
    np.testing.assert_allclose(found.angle[-1], expected, rtol=1e-6)
    assert abs(np.arccos(moments(transition, drive, [])[1]) / expected - 1) > 0.05


def test_the_denominator_follows_correlated_bursts():
    """AdamW with beta2 under correlations settles at the angle of AdamW at its mean denominator."""
    known = 0.5 ** np.arange(1, 40)
    plan = Schedule(np.full(800, 0.05), np.full(800, 0.2))
    energy = np.full((800, 1), 4.0)
    lagged = driven("adamw", plan, np.array([1.0]), energy=energy, correlations=known, beta1=0.8, beta2=0.9)
    at_mean = driven("adamw", plan, np.array([1.0]), energy=energy, correlations=known, beta1=0.8)
    np.testing.assert_allclose(lagged.angle[-1], at_mean.angle[-1], rtol=1e-4)


def test_eps_far_above_the_root_of_v_makes_it_decoupled_momentum():
    """Then AdamW is SGDW with dampening at lr/eps, and its angle that of SGDW; far below, eps changes nothing."""
    energy = np.full((STEPS, 1), 1e-12)
    small, none, large = (
        driven("adamw", CONSTANT, np.array([1e-6]), energy=energy, eps=e, beta1=0.9, beta2=0.99)
        for e in (1e-14, 0, 1e3)
    )
    np.testing.assert_allclose(small.angle, none.angle, rtol=1e-6)
    slow = Schedule(CONSTANT.lr / 1e3, CONSTANT.wd * 1e3)
    expected = driven("sgdw", slow, np.array([1e-6]), energy=energy, momentum=0.9, dampening=0.9)
    np.testing.assert_allclose(large.angle[-1], expected.angle[-1], rtol=1e-3)
    assert abs(none.angle[-1] / expected.angle[-1] - 1) > 1e-2


@pytest.mark.parametrize(
    ("name", "start", "energy", "message"),
    [
        ("sgd", [1.0], None, "energy is missing"),
        ("adamw", [1.0], None, "energy is missing"),
        ("sgd", [0.0], [1.0], "start"),
        ("sgd", [1.0], [-1.0], "energy"),
        ("lars", [1.0, 1.0], [1.0, 1.0], "norm of the whole"),
    ],
)
def test_what_has_no_meaning_is_refused(name, start, energy, message):
    """One line names what and why."""
    given = {"beta1": 0.9, "beta2": 0.9} if name == "adamw" else {}
    values = None if energy is None else np.tile(energy, (STEPS, 1))
    with pytest.raises(OutOfDomain, match=message):
        driven(name, CONSTANT, np.array(start), energy=values, **given)


def test_the_angle_settles_at_the_equilibrium():
    """The last angle under a constant schedule is that of ``predict``."""
    found = driven("sgdm", CONSTANT, np.array([1.0]), energy=np.full((STEPS, 1), 2.0), momentum=0.9)
    expected = theory.predict("sgdm", lr=0.1, wd=0.2, momentum=0.9).angular_update
    np.testing.assert_allclose(found.angle[-1], expected, rtol=1e-6)


def test_the_bias_correction_leaves_the_decay():
    """AdamW under correlations of zero moves as without any while v fills; with a corrected decay it would not."""
    steps = 700
    plan = Schedule(np.full(steps, 2e-3), np.full(steps, 5.0))
    given = {"energy": np.ones((steps, 1)), "sizes": np.array([4096.0]), "beta1": 0.9, "beta2": 0.999}
    lagged = driven("adamw", plan, np.array([30.0]), **given)
    linear = driven("adamw", plan, np.array([30.0]), correlations=np.zeros(1), **given)
    np.testing.assert_allclose(linear.norm, lagged.norm, rtol=1e-12)
    wrong = 1 - plan.decay * np.sqrt(1 - 0.999 ** np.arange(1, steps + 1))
    assert np.prod(wrong[:500]) > 2 * np.prod(1 - plan.decay[:500])


def test_correlations_that_no_process_has_are_refused():
    """Measured ones can say that the squared norm becomes negative; the step at which it does is named."""
    plan = scheduled("constant", lr=0.1, wd=0.05, steps=400)
    with pytest.raises(OutOfDomain, match="the squared norm is no positive number"):
        driven(
            "sgdm", plan, [1.0], energy=np.ones((400, 1)), correlations=np.full(50, -0.9), momentum=0.9, dampening=0.0
        )
