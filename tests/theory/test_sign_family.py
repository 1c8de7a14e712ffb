"""The sign family under random scales: against the arcsine law, a double integral, and the limits in closed form."""

import math

import numpy as np
import pytest
from sympy import Rational

import theory
from tests.compare import close
from theory import OutOfDomain, scale_mixtures
from theory.optimizers.lion import FILTER
from theory.scale_mixtures import GAUSSIAN, LAPLACE, rare_large, sparse, student
from theory.sign_family import sign_correlations, sign_law, sign_persistence
from theory.sign_kurtosis import kurtosis_slope, long_buffer_correlation, rare_excess, rare_loss, rare_memory
from theory.symbols import beta1, beta2, contraction, density, lag

CHARACTERISTIC = {
    "laplace": lambda x: -np.log1p(x * x / 2),
    "sparse at 0.5": lambda x: np.log(0.5 + 0.5 * np.exp(-x * x)),
    "gaussian": lambda x: -x * x / 2,
}
"""Logarithms of the characteristic functions at unit variance."""


def by_characteristic_function(name, k, b1, b2):
    """E[sign c_t sign c_{t+k}] = (2/pi^2) iint (phi(s, -t) - phi(s, t))/(s t) over the quadrant, in logarithms."""
    characteristic = CHARACTERISTIC[name]
    count = math.ceil(12 / (1 - b2))
    h = np.concatenate(([1 - b1], b1 * (1 - b2) * b2 ** np.arange(count)))
    early, late = np.concatenate((np.zeros(k), h)), np.concatenate((h, np.zeros(k)))
    # c_t sees gradient j with early[j], c_{t+k} with late[j]: lag j - k behind t.
    step = 0.1
    x = np.arange(-9, 6, step) - math.log(math.sqrt(np.sum(h**2)))
    s, t = np.exp(x)[:, None], np.exp(x)[None, :]
    same, opposite = np.zeros((len(x), len(x))), np.zeros((len(x), len(x)))
    for a, b in zip(early, late, strict=True):
        same += characteristic(a * s + b * t)
        opposite += characteristic(a * s - b * t)
    return float((2 / np.pi**2) * step**2 * (np.exp(opposite) - np.exp(same)).sum())


@pytest.mark.parametrize("law", [GAUSSIAN, LAPLACE, sparse(0.5)], ids=lambda law: law.name)
def test_average_over_scales_is_the_double_integral(law):
    """The correlation from scales and arcsines is that from the entries' characteristic function alone."""
    for k, found in zip((1, 4), sign_correlations(law, (1, 4), 0.8, 0.9, starts=2000), strict=True):
        expected = by_characteristic_function(law.name, k, 0.8, 0.9)
        assert abs(found.value - expected) < 6 * found.standard_error + 2e-4
        assert abs(found.value - 1.05 * expected) > 6 * found.standard_error + 2e-4


def test_constant_scales_give_the_arcsine_law():
    """Without spread of the scales the correlations are exactly those of the Gaussian filter."""
    for k, found in zip((1, 7, 50), sign_correlations(GAUSSIAN, (1, 7, 50), 0.9, 0.99), strict=True):
        exact = FILTER.sign_autocorrelation_at(k).subs({beta1: Rational(9, 10), beta2: Rational(99, 100)})
        assert found.value == close(float(exact), 1e-10)
        assert found.standard_error < 1e-12


def test_gaussian_equilibrium_is_lions():
    """Norm and angle at kurtosis zero are those of Lion's series, within the stated error."""
    found = sign_law(GAUSSIAN, lr=0.1, wd=0.1, dim=3)
    exact = theory.predict("lion", lr=0.1, wd=0.1, beta1=0.9, beta2=0.99, dim=3)
    for value, expected in (
        (found.equilibrium_norm, exact.equilibrium_norm),
        (found.angular_update, exact.angular_update),
    ):
        assert abs(value.value - expected) < 6 * value.standard_error
        assert value.standard_error < 1e-3 * expected


@pytest.mark.parametrize("law", [LAPLACE, student(6), rare_large(0.01, 3.0)], ids=lambda law: law.name)
def test_kurtosis_of_a_law_is_three_times_the_variance_of_its_scale(law):
    """E sigma^2 = 1 and excess kurtosis = 3 Var(sigma^2), measured."""
    squares = law.draw(np.random.default_rng(3), (400, 5000))
    assert abs(squares.mean() - 1) < 0.01
    assert 3 * squares.var() == pytest.approx(law.excess_kurtosis, rel=0.25)


@pytest.mark.parametrize("law", [LAPLACE, rare_large(0.2, 1.8)], ids=lambda law: law.name)
def test_signum_moves_by_its_kurtosis_slope(law):
    """With a long memory and lags of tens of steps R_k - arcsine law = kappa dR_k/dkappa to first order."""
    b = Rational(49, 50)
    lags = (20, 40)
    for k, found in zip(lags, sign_correlations(law, lags, float(b), float(b), starts=20000), strict=True):
        at = {beta1: b, beta2: b}
        gaussian = float(FILTER.sign_autocorrelation_at(k).subs(at))
        moved = law.excess_kurtosis * float(kurtosis_slope(FILTER).subs(at | {lag: k}))
        assert abs(found.value - gaussian - moved) < 5 * found.standard_error + 0.15 * moved
        assert abs(found.value - gaussian) > 8 * found.standard_error


def test_memory_of_signum_as_beta_goes_to_one():
    """(2/pi) int arcsin(e^-x) dx = log 2, the memory of Signum in units of 1/(1 - beta)."""
    x = np.linspace(0, 40, 400_001) + 5e-5
    assert (2 / np.pi) * np.arcsin(np.exp(-x)).sum() * 1e-4 == pytest.approx(math.log(2), rel=1e-5)


def test_long_buffer_formula_is_a_good_approximation():
    """At s = 1/2 and beta2 = 0.99 the closed form is right to half a percent; the Gaussian law is wrong by half."""
    at = {beta1: Rational(9, 10), beta2: Rational(99, 100), density: Rational(1, 2)}
    for k, found in zip((1, 10, 50), sign_correlations(sparse(0.5), (1, 10, 50), 0.9, 0.99), strict=True):
        formula = float(long_buffer_correlation(FILTER).subs(at | {lag: k}))
        assert abs(found.value - formula) < 6 * found.standard_error + 0.005 * formula
        assert found.value > 1.5 * float(FILTER.sign_autocorrelation_at(k).subs(at))


@pytest.mark.parametrize(("b1", "b2"), [(0.9, 0.9), (0.8, 0.95)])
def test_rare_gradients_stay_between_their_bounds(b1, b2):
    """S lies between the two bounds, which at s = (1 - beta2)/10 leave two percent."""
    s, p = (1 - b2) / 10, 0.05
    found, _ = sign_persistence(sparse(s), b1, b2, p)
    at = {beta1: b1, beta2: b2, density: s, contraction: 1 - p}
    limit, excess, loss = (float(e.subs(at)) for e in (rare_memory(), rare_excess(FILTER), rare_loss(FILTER)))
    factor = max(1.0, b1 * (1 - b2) / ((1 - b1) * b2))
    assert limit * (1 - factor * loss) - 6 * found.standard_error <= found.value
    assert found.value <= limit * (1 + factor * excess) + 6 * found.standard_error
    assert not found.value <= limit / 1.2


def test_more_sparsity_means_longer_memory_and_a_smaller_angle():
    """Lion's memory grows and its angle falls as the gradients become sparse."""
    found = [sign_law(sparse(s), lr=0.1, wd=0.1) for s in (1.0, 0.3, 0.1, 0.03)]
    angles = [f.angular_update.value for f in found]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 2 * angles[-1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sparse(0.0), "density = 0"),
        (lambda: student(2.0), "freedom = 2"),
        (lambda: rare_large(1.0, 2.0), "share = 1"),
        (lambda: rare_large(0.5, -2.0), "ratio = -2"),
        (lambda: sign_law(LAPLACE, lr=0.1, wd=0.1, beta2=0.0), "beta2 = 0"),
        (lambda: sign_law(LAPLACE, lr=0.1, wd=0.1, beta1=1.0), "beta1 = 1"),
        (lambda: sign_law(LAPLACE, lr=1.0, wd=1.5), "lr\\*wd = 1.5"),
        (lambda: sign_law(LAPLACE, lr=0.1, wd=-1.0), "wd = -1"),
    ],
)
def test_bad_input_is_named(make, message):
    """A value outside its range gets one sentence that names it."""
    with pytest.raises(OutOfDomain, match=message):
        make()


def test_no_share_in_the_update_has_no_memory():
    """beta1 = 0 is signSGD: no memory, and only the share s of the entries moves."""
    found, moving = sign_persistence(sparse(0.2), 0.0, 0.9, 0.1)
    assert found.value == 0
    assert moving == pytest.approx(0.2, abs=0.01)
    assert scale_mixtures.sparse(0.2).excess_kurtosis == close(12.0, 1e-14)
