"""Error bars: the jackknife covers, and the autocorrelation time is that of AR(1).

Coverage and autocorrelation times are compared within six of their own standard errors: about 2e-9 a comparison
on good code.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics.statistics import Estimate, ShortChain, autocorrelation_time, chain_estimate, jackknife
from tests import strategies
from tests.compare import close

SIX_DEVIATIONS = 6 * math.sqrt(0.95 * 0.05 / 2000)
"""Of the share of 2000 experiments in which a 95% interval holds the truth."""


def first(means):
    """The first mean itself."""
    return means[..., 0]


def ar1(rho, replicas, steps, seed):
    """Stationary chains [replicas, steps] of unit variance with correlation rho^k at lag k."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal((replicas, steps))
    chain = np.empty_like(noise)
    chain[:, 0] = noise[:, 0]
    for t in range(1, steps):
        chain[:, t] = rho * chain[:, t - 1] + math.sqrt(1 - rho**2) * noise[:, t]
    return chain


@given(strategies.seeds(), st.integers(2, 200))
def test_jackknife_of_a_mean_is_the_textbook_error(seed, replicas):
    """For the mean itself the jackknife gives the mean and s/sqrt(n)."""
    samples = np.random.default_rng(seed).standard_normal(replicas)
    found = jackknife(samples, first)
    assert found.value == pytest.approx(samples.mean(), abs=1e-12)
    assert found.standard_error == close(samples.std(ddof=1) / math.sqrt(replicas), 1e-9)
    assert found.replicas == replicas


@given(strategies.seeds(), st.integers(2, 100))
def test_jackknife_removes_the_bias_of_a_square(seed, replicas):
    """For the square of a mean the jackknife is the unbiased mean^2 - s^2/n, exactly."""
    samples = np.random.default_rng(seed).standard_normal(replicas) + 3
    found = jackknife(samples, lambda means: means[..., 0] ** 2)
    assert found.value == close(samples.mean() ** 2 - samples.var(ddof=1) / replicas, 1e-9)


@given(st.floats(1e-6, 1e6), st.sampled_from([2, 30, 128, 1000]))
def test_jackknife_of_equal_samples_is_their_value(value, replicas):
    """Replicas that agree give that value; removing the bias multiplies rounding by their number, no more."""
    found = jackknife(np.full(replicas, value), first)
    assert found.value == close(value, 4 * replicas * 2.0**-52)
    assert found.standard_error <= replicas * 2.0**-52 * value


def test_jackknife_covers():
    """The 95% interval of a ratio of means holds the truth in 95% of 2000 experiments, to six standard deviations."""
    experiments, replicas, t_quantile = 2000, 30, 2.0452
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(experiments):
        x = generator.standard_normal(replicas) + 10
        y = x * 0.5 + generator.standard_normal(replicas) * 0.3 + 5
        found = jackknife(np.stack([x, y], axis=1), lambda means: means[..., 1] / means[..., 0])
        held += abs(found.deviations(1.0)) < t_quantile
    assert abs(held / experiments - 0.95) < SIX_DEVIATIONS


def test_coverage_control_rejects_an_error_bar_of_half_the_size():
    """The comparison can fail: error bars half as wide hold the truth too rarely."""
    generator = np.random.default_rng(8)
    held = 0
    for _ in range(2000):
        found = jackknife(generator.standard_normal(30), first)
        held += abs(found.value) < 2.0452 * found.standard_error / 2
    assert held / 2000 < 0.95 - SIX_DEVIATIONS


def test_an_error_needs_two_replicas():
    """One replica has no error bar."""
    with pytest.raises(ShortChain, match="at least two replicas"):
        jackknife(np.ones(1), first)


def test_deviations_in_units_of_the_error():
    """(value - expected)/error; without error any difference is infinite and none is zero."""
    assert Estimate(3.0, 0.5, 9).deviations(2.0) == 2
    assert Estimate(3.0, 0.0, 9).deviations(3.0) == 0
    assert Estimate(3.0, 0.0, 9).deviations(4.0) == -math.inf


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9])
def test_autocorrelation_time_of_ar1(rho):
    """The integrated time of AR(1) is (1 + rho)/(1 - rho)."""
    replicas, steps = 64, 10_000
    tau = (1 + rho) / (1 - rho)
    found = autocorrelation_time(ar1(rho, replicas, steps, seed=3))
    # Sokal: var(tau) = 2 (2 W + 1) tau^2 / N for a window of W steps, which cuts off a geometric tail.
    window = 5 * max(tau, 1)
    error = tau * math.sqrt(2 * (2 * window + 1) / (replicas * steps))
    cut_off = 2 * abs(rho) ** window / (1 - rho)
    assert abs(found - tau) < 6 * error + cut_off


def test_autocorrelation_time_tells_times_apart():
    """The comparison can fail: the time of rho = 0.9 is not that of rho = 0.8."""
    assert autocorrelation_time(ar1(0.9, 64, 10_000, seed=4)) > 1.5 * autocorrelation_time(ar1(0.8, 64, 10_000, seed=4))


def test_a_short_chain_is_refused():
    """Fewer than fifty autocorrelation times raise ShortChain, which names both lengths."""
    with pytest.raises(ShortChain, match=r"chain of 400 steps holds fewer than 50 times"):
        autocorrelation_time(ar1(0.95, 8, 400, seed=5))


def test_a_constant_chain_is_refused():
    """A chain that does not move has no autocorrelation time."""
    with pytest.raises(ShortChain, match="constant chain"):
        autocorrelation_time(np.ones(100))


def test_error_of_one_chain_is_widened_by_its_time():
    """A chain's standard error is sigma sqrt(tau/n) and its mean the plain mean."""
    chain = ar1(0.8, 1, 40_000, seed=6)[0]
    found = chain_estimate(chain)
    assert found.value == chain.mean()
    assert found.standard_error == pytest.approx(chain.std() * math.sqrt(autocorrelation_time(chain) / len(chain)))
    assert found.standard_error > 2 * chain.std() / math.sqrt(len(chain))
