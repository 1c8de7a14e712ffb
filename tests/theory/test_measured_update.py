"""Motion from the updates' autocorrelation: against the covariance matrix written out, and at rest."""

import numpy as np
import pytest

import theory
from theory import OutOfDomain
from theory.measured_update import interpolated, moved_by
from theory.schedule import Schedule, scheduled

KNOWN = 0.7 ** np.arange(1, 81)


def written_out(plan, start, known, energy):
    """E|w_t|^2 and the angles from w_t as a sum over all updates, with their covariance matrix."""
    steps = plan.steps
    lag = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    correlations = np.concatenate([[1.0], known, np.zeros(max(0, steps - known.size))])[lag]
    covariance = correlations * np.sqrt(np.outer(energy, energy))
    weights, left = np.zeros((steps + 1, steps)), np.ones(steps + 1)
    for t in range(steps):
        kept = 1 - plan.decay[t]
        weights[t + 1] = kept * weights[t]
        weights[t + 1, t] = -plan.lr[t]
        left[t + 1] = kept * left[t]
    products = weights @ covariance @ weights.T + start * np.outer(left, left)
    squares = np.diag(products)
    return squares, np.arccos(np.diag(products, 1) / np.sqrt(squares[:-1] * squares[1:]))


def test_any_schedule_is_the_covariance_written_out():
    """Norm and angle of every step under a schedule and a varying energy; another decay gives others."""
    plan = scheduled("cosine", lr=0.1, wd=0.5, steps=70, warmup=10)
    energy = 1 + 0.5 * np.sin(np.arange(70))
    squares, angles = written_out(plan, 2.0, KNOWN, energy)
    found = moved_by(plan, 2.0, KNOWN, energy)
    np.testing.assert_allclose(found.squares[:, 0], squares, rtol=1e-12)
    np.testing.assert_allclose(found.angle, angles, rtol=1e-8, atol=1e-10)
    wrong = moved_by(plan, 2.0, KNOWN, energy, decay=1.1 * plan.decay)
    assert np.abs(wrong.angle / angles - 1).max() > 1e-2


def test_it_settles_at_the_stationary_law():
    """At rest it is ``from_correlations``."""
    plan = Schedule(np.full(2000, 0.1), np.full(2000, 0.1))
    found = moved_by(plan, 1.0, KNOWN, 5.0)
    expected = theory.from_correlations(KNOWN, lr=0.1, wd=0.1, energy=5.0, beyond=0.0)
    np.testing.assert_allclose(found.norm[-1], expected.equilibrium_norm, rtol=1e-9)
    np.testing.assert_allclose(found.angle[-1], expected.angular_update, rtol=1e-9)


def test_between_the_lags_it_is_linear_in_their_logarithm():
    """Known lags are met, and beyond the last it is 0."""
    found = interpolated([1, 4, 16], [0.8, 0.4, 0.2], 20)
    np.testing.assert_allclose(found[[0, 1, 3, 7, 15]], [0.8, 0.6, 0.4, 0.3, 0.2])
    assert not found[16:].any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interpolated([1, 1], [0.1, 0.1], 5), "lags"),
        (lambda: interpolated([1, 2], [0.1, 1.5], 5), "correlations"),
        (lambda: moved_by(Schedule(np.ones(3), np.zeros(3)), -1.0, KNOWN, 1.0), "start"),
        (lambda: moved_by(Schedule(np.ones(3), np.zeros(3)), 1.0, KNOWN, np.nan), "energy"),
        (lambda: moved_by(Schedule(np.full(9, 0.1), np.ones(9)), 1e-9, -np.ones(5), 1.0), "belong to no process"),
    ],
)
def test_what_has_no_meaning_is_refused(call, message):
    """One line names what and why."""
    with pytest.raises(OutOfDomain, match=message):
        call()
