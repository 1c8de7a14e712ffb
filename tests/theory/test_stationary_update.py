"""Any stationary update and any stationary input: against double sums over lags, and at the borders of the law."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix

import theory
from tests import strategies
from tests.compare import close
from theory import NoEquilibrium, OutOfDomain, stationary_input, stationary_update
from theory.optimizers import OPTIMIZERS
from theory.symbols import beta1, decay, dim, lr, persistence


def brute(a, correlations):
    """(E|w|^2, E<w, w'>) at eta = U = 1 by the double sum over both lags."""
    n = np.arange(len(correlations) // 2)
    r = np.concatenate(([1.0], correlations))
    powers = a ** n.astype(float)
    gaps = n[:, None] - n[None, :]
    return powers @ r[np.abs(gaps)] @ powers, powers @ r[np.abs(gaps + 1)] @ powers


@pytest.mark.parametrize("p", [0.05, 0.5, 1.0, 1.7])
def test_norm_and_angle_of_a_damped_oscillation(p):
    """An autocorrelation that alternates in sign, r^k cos(omega k): norm and angle are those of the double sum."""
    k = np.arange(1, 1400)
    correlations = 0.9**k * np.cos(1.1 * k)
    square, overlap = brute(1 - p, correlations)
    found = theory.from_correlations(correlations, lr=1.0, wd=p, energy=1.0)
    assert found.equilibrium_norm**2 == close(square, 1e-11)
    assert 1 - found.one_minus_cosine == close(overlap / square, 1e-9)
    assert found.norm_range[0] <= found.equilibrium_norm <= found.norm_range[1]


def test_control_rejects_another_correlation():
    """The comparison can fail: a mode of 0.9 in place of 0.89 moves the norm by percents."""
    k = np.arange(1, 800)
    found, other = (theory.from_correlations(r**k, lr=1.0, wd=0.05, energy=1.0) for r in (0.9, 0.89))
    assert abs(found.equilibrium_norm / other.equilibrium_norm - 1) > 0.02


@strategies.examples(0.3)
@given(p=st.floats(0.01, 1.9), mode=st.floats(-0.95, 0.95), known=st.integers(0, 40))
def test_a_cut_array_brackets_the_whole(p, mode, known):
    """Norm and angle of the whole sequence lie within the ranges that its first terms give."""
    k = np.arange(1, 4000)
    whole = theory.from_correlations(mode**k, lr=1.0, wd=p, energy=1.0)
    cut = theory.from_correlations((mode**k)[:known], lr=1.0, wd=p, energy=1.0)
    slack = 1e-9
    for value, (low, high) in (
        (whole.equilibrium_norm, cut.norm_range),
        (whole.angular_update, cut.angle_range),
    ):
        assert low * (1 - slack) <= value <= high * (1 + slack)


@pytest.mark.parametrize(("sign", "norm"), [(1.0, 1 / 0.1), (-1.0, 1 / 1.9)])
def test_constant_and_alternating_updates_reach_the_bounds(sign, norm):
    """R_k = 1 gives sqrt(U)/lambda, R_k = (-1)^k gives eta sqrt(U)/(1 + a)."""
    k = np.arange(1, 600)
    found = theory.from_correlations(sign**k, lr=1.0, wd=0.1, energy=1.0)
    assert found.equilibrium_norm == close(norm, 1e-9)


def test_norm_and_angle_close_a_triangle():
    """cos = (1 + a^2 - (eta sqrt(U)/|w|)^2)/(2 a), whatever the correlations."""
    k = np.arange(1, 2000)
    for correlations in (0.8**k, 0.9**k * np.cos(k), np.where(k < 4, 0.3, 0.0)):
        found = theory.from_correlations(correlations, lr=0.5, wd=0.3, energy=7.0)
        a, relative = 1 - 0.15, 0.25 * 7.0 / found.equilibrium_norm**2
        assert 1 - found.one_minus_cosine == close((1 + a * a - relative) / (2 * a), 1e-12)


@pytest.mark.parametrize(
    ("correlations", "changed", "message"),
    [
        ([1.2], {}, "correlations"),
        ([-0.9, -0.9, -0.9], {"wd": 0.01, "beyond": 0.0}, "spectrum is negative"),
        ([0.5], {"lr": -1.0}, "lr = -1"),
        ([0.5], {"energy": 0.0}, "energy = 0"),
        ([0.5], {"beyond": 2.0}, "beyond = 2"),
    ],
)
def test_bad_input_is_named(correlations, changed, message):
    """Correlations that no process has, and numbers outside their range, get one sentence."""
    with pytest.raises(OutOfDomain, match=message):
        theory.from_correlations(correlations, **{"lr": 1.0, "wd": 0.1, "energy": 1.0} | changed)


def test_too_much_decay_has_no_equilibrium():
    """lr*wd = 2 and beyond lets the weights grow."""
    with pytest.raises(NoEquilibrium, match="grow without bound"):
        theory.from_correlations([0.5], lr=1.0, wd=2.0, energy=1.0)


@pytest.mark.parametrize(("p", "b", "phi"), [(0.1, 0.9, 0.5), (0.5, 0.3, 0.9), (1.5, 0.6, 0.2)])
def test_array_moments_are_those_of_the_mixture(p, b, phi):
    """AdamW under AR(1) input: the array of R_k gives the engine's closed form."""
    rule = OPTIMIZERS["adamw"]
    at = {lr: 1, decay: p, beta1: b, dim: 1, persistence: phi}
    m, n = (np.array(Matrix(x).subs(at), dtype=float) for x in rule.in_decay())
    gram, cosine = stationary_input.moments(m, n, phi ** np.arange(1, 800))
    found = theory.driven_by(rule, stationary_input.autoregressive())
    assert gram[0, 0] == close(float(found.norm_power.subs(at)), 1e-10)
    assert 1 - cosine == close(float(found.one_minus_cosine.subs(at)), 1e-8)
    assert gram[0, 0] != close(float(found.norm_power.subs(at | {persistence: phi * 0.99})), 1e-4)


def test_moments_of_a_growing_rule_do_not_exist():
    """A multiplier of modulus one or more is refused."""
    with pytest.raises(NoEquilibrium, match="largest multiplier"):
        stationary_input.moments(np.array([[1.0]]), np.array([1.0]), [0.5])


def test_range_of_nothing_known_is_the_general_bound():
    """Without any correlation given the range is the whole of eta sqrt(U)/(1 + a) to sqrt(U)/lambda."""
    found = theory.from_correlations([], lr=1.0, wd=0.1, energy=4.0)
    assert found.norm_range == close((2 / 1.9, 20.0), 1e-12)
    assert found.angle_range[1] == pytest.approx(math.pi, abs=1e-6)
    assert stationary_update.memory_of_correlations([], 0.9)[1] == close(10.0, 1e-12)
