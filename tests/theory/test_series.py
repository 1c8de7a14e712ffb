"""Weighted series: the ratio of weights, the bound on the tail, and the numbers made from them."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from sympy import Rational, Sum, binomial, cancel, pi

from tests import strategies
from tests.compare import close
from theory import equilibrium_of
from theory.series import WeightedSeries
from theory.symbols import beta1, beta2, decay, index

GEOMETRIC = WeightedSeries(beta1**index, beta2**index, beta1, beta2**index)
"""sum beta1^n beta2^n, with everything known."""


def lion():
    """The series of Lion's equilibrium."""
    (series,) = equilibrium_of("lion").series.values()
    return series


def test_ratio_of_a_geometric_series():
    """weight(n+1)/weight(n) of beta1^n is beta1."""
    assert GEOMETRIC.ratio == beta1
    assert GEOMETRIC.first_weight == 1


def test_ratio_of_arcsine_weights():
    """The arcsine weights C(2n,n) 4^-n/(2n+1) have the ratio (2n+1)^2/((2n+2)(2n+3))."""
    weight = binomial(2 * index, index) / (4**index * (2 * index + 1))
    ratio = WeightedSeries(weight, beta2**index, 1, beta2**index).ratio
    assert cancel(ratio - (2 * index + 1) ** 2 / ((2 * index + 2) * (2 * index + 3))) == 0


@pytest.mark.parametrize("n", [0, 1, 2, 7, 30])
def test_ratio_connects_successive_weights_of_lion(n):
    """ratio(n) weight(n) = weight(n+1), exactly, for the series of Lion."""
    series = lion()
    at = {beta1: Rational(9, 10), beta2: Rational(99, 100)}
    left = (series.ratio * series.weight).subs(index, n).subs(at) / pi
    assert cancel(left - series.weight.subs(index, n + 1).subs(at) / pi) == 0


def test_expression_is_the_unevaluated_sum():
    """The printed series is a Sum over n from 0 of weight times factor."""
    expression = GEOMETRIC.expression
    assert isinstance(expression, Sum)
    assert expression.function == beta1**index * beta2**index
    assert expression.limits[0][1] == 0


def test_replaced_factor_keeps_the_weights():
    """Another factor over the same weights changes nothing else."""
    other = GEOMETRIC.replace_factor(index, index)
    assert (other.weight, other.factor, other.factor_bound) == (GEOMETRIC.weight, index, index)
    assert other.ratio_bound == GEOMETRIC.ratio_bound


@strategies.examples(0.5)
@given(strategies.coefficients(0.99), strategies.coefficients(0.999), strategies.log_uniform(1e-6, 1.99))
def test_tail_bound_of_lion_bounds_the_tail(first, second, step):
    """Partial sums of Lion's series miss its value by no more than the bound, over the whole domain."""
    at = {beta1: first, beta2: second, decay: step}
    series = lion()
    numbers = series.at(at)
    n = np.arange(4000)
    weights = numbers.first_weight * np.cumprod(np.concatenate(([1.0], numbers.ratio(n[:-1].astype(float)))))
    partial = np.cumsum(weights * numbers.factor(n.astype(float)))
    total, left_out = numbers.sum()
    for k in (1, 2, 5, 50, 500):
        bound = weights[k] * numbers.factor_bound(np.array([float(k)]))[0] / (1 - numbers.ratio_bound)
        assert abs(total - partial[k - 1]) <= bound + left_out + 1e-13 * abs(total)


def test_tail_bound_as_an_expression_agrees_with_its_numbers():
    """The symbolic bound at n = 3 is the number computed from weights, and it bounds a brute-force tail."""
    at = {beta1: Rational(9, 10), beta2: Rational(1, 2), decay: Rational(1, 10)}
    series = lion()
    with mpmath.workdps(30):
        bound = mpmath.mpf(series.tail_bound.subs(index, 3).subs(at).evalf(25))
        terms = [(series.weight * series.factor).subs(index, n).subs(at).evalf(25) for n in range(3, 60)]
        tail = sum(mpmath.mpf(t) for t in terms)
    assert 0 < tail <= bound
    assert bound < 10 * tail


def test_numbers_of_a_series_come_from_its_expressions():
    """``at`` evaluates first weight, ratio, factor and both bounds at the given values."""
    numbers = GEOMETRIC.at({beta1: 0.5, beta2: 0.25})
    n = np.array([0.0, 1.0, 2.0])
    assert numbers.first_weight == 1
    assert numbers.ratio(n).tolist() == [0.5, 0.5, 0.5]
    assert numbers.ratio_bound == 0.5
    assert numbers.factor(n).tolist() == [1, 0.25, 0.0625]
    assert numbers.sum()[0] == close(8 / 7, 1e-15)
