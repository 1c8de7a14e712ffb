"""The sign of a Gaussian filter, against its impulse response and the arcsine law."""

from fractions import Fraction
from math import comb

import mpmath
import pytest
from sympy import Integer, Rational, Symbol, cancel

from theory import GaussianFilter, NotLinear
from theory.gaussian_filter import arcsin_coefficient
from theory.optimizers.lion import FILTER
from theory.symbols import beta1, beta2, index, lag

POINTS = [(Rational(9, 10), Rational(99, 100)), (Rational(19, 20), Rational(1, 2)), (Rational(1, 3), Rational(2, 3))]


def impulse_response(at, length):
    """Outputs of the filter's own step for one unit impulse, as exact fractions."""
    first, second = (Fraction(int(x.p), int(x.q)) for x in at)
    buffer, response = Fraction(0), []
    for t in range(length):
        g = Fraction(int(t == 0))
        response.append(first * buffer + (1 - first) * g)
        buffer = second * buffer + (1 - second) * g
    return response


@pytest.mark.parametrize("at", POINTS)
@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_autocovariance_is_that_of_the_impulse_response(at, k):
    """E c_t c_{t+k} = sum_j h_j h_{j+k}, the part beyond the computed response being its known geometric tail."""
    length = 40
    response = impulse_response(at, length + k + 1)
    partial = sum(response[j] * response[j + k] for j in range(length))
    pole = Fraction(int(at[1].p), int(at[1].q))
    exact = partial + response[length] * response[length + k] / (1 - pole**2)
    found = FILTER.variance if k == 0 else FILTER.autocovariance(Integer(k))
    value = found.subs({beta1: at[0], beta2: at[1]})
    assert value == Rational(exact.numerator, exact.denominator)


def test_impulse_response_control_rejects_swapped_betas():
    """The comparison can fail: with the betas exchanged the variance is another."""
    variance = sum(h * h for h in impulse_response(POINTS[2], 40))
    assert abs(float(FILTER.variance.subs({beta1: POINTS[2][1], beta2: POINTS[2][0]})) - float(variance)) > 1e-2


def test_autocorrelation_falls_by_the_pole():
    """rho_k = rho_1 F^(k-1)."""
    ratio = FILTER.autocovariance(lag + 1) / FILTER.autocovariance(lag)
    assert ratio.simplify() == beta2
    assert cancel(FILTER.autocovariance(Integer(1)) / FILTER.variance - FILTER.first_correlation) == 0


def test_filter_of_lion_reads_off_its_step():
    """Lion's filter has pole beta2, gain 1 - beta2, readout beta1, feedthrough 1 - beta1."""
    assert (FILTER.pole, FILTER.gain, FILTER.readout, FILTER.feedthrough) == (beta2, 1 - beta2, beta1, 1 - beta1)


def test_no_readout_means_white_signs():
    """At beta1 = 0 the sign sees the present gradient only and every correlation vanishes."""
    assert FILTER.sign_autocorrelation_at().subs(beta1, 0) == 0
    assert FILTER.first_correlation.subs(beta1, 0) == 0


def test_output_that_feeds_back_is_refused():
    """A filter whose output enters its own state is no such filter."""
    with pytest.raises(NotLinear):
        GaussianFilter.from_step(lambda m, g: (m * m, g))


@pytest.mark.parametrize("n", range(8))
def test_arcsine_coefficients(n):
    """The coefficient of x^(2n+1) in arcsin is C(2n,n)/(4^n (2n+1)), as its Taylor series has it."""
    expected = Fraction(comb(2 * n, n), 4**n * (2 * n + 1))
    assert arcsin_coefficient(Integer(n)) == Rational(expected.numerator, expected.denominator)
    with mpmath.workdps(30):
        taylor = mpmath.taylor(mpmath.asin, 0, 15)[2 * n + 1]
        assert abs(taylor - mpmath.mpf(expected.numerator) / expected.denominator) < mpmath.mpf(10) ** -20


@pytest.mark.parametrize("at", POINTS)
@pytest.mark.parametrize("k", [1, 2, 7])
def test_mixture_sums_to_the_arcsine_law(at, k):
    """sum_n weight(n) mode(n)^(k-1) = (2/pi) arcsin(rho_1 F^(k-1)), term by term in 30 digits."""
    numbers = {beta1: at[0], beta2: at[1]}
    series = FILTER.sign_autocorrelation().series
    weight, ratio, mode = (e.subs(numbers) for e in (series.first_weight, series.ratio, series.factor))
    with mpmath.workdps(30):
        law = mpmath.mpf(FILTER.sign_autocorrelation_at(Integer(k)).subs(numbers).evalf(30))
        term, total = mpmath.mpf(weight.evalf(30)), mpmath.mpf(0)
        pole = mpmath.mpf(int(at[1].p)) / int(at[1].q)
        rho_squared = mpmath.mpf(int(ratio.subs(index, 0).p)) / int(ratio.subs(index, 0).q) * 6
        for n in range(2000):
            total += term * (pole ** (2 * n + 1)) ** (k - 1)
            term *= rho_squared * (2 * n + 1) ** 2 / ((2 * n + 2) * (2 * n + 3))
        assert abs(total - law) < mpmath.mpf(10) ** -20
    assert mode.subs(index, 1) == at[1] ** 3


def test_symbols_of_the_filter_are_the_callers():
    """A filter written with other symbols keeps them: nothing is tied to Lion."""
    f = Symbol("f", positive=True)
    found = GaussianFilter.from_step(lambda m, g: (f * m + g, m + g))
    # c_t = sum_j f^(j-1) g_{t-j} + g_t, so E c^2 = 1 + 1/(1 - f^2).
    assert cancel(found.variance - 1 - 1 / (1 - f**2)) == 0
