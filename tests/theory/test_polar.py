"""The correlation of polar factors: its coefficients against closed forms, limits and quadrature."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.polar import (
    EXACT_ROWS,
    EXACT_TERMS,
    coefficient,
    limit_coefficients,
    polar_correlation,
    square_limit,
    vector_coefficients,
)

SIDES = st.integers(1, 12)


@given(SIDES, SIDES)
def test_coefficients_are_nonnegative_and_sum_to_one(rows, columns):
    """c_j >= 0 and sum c_j = 1, of which the truncated tail may miss what it says."""
    found = polar_correlation(rows, columns).coefficients
    assert (found >= 0).all()
    assert 0.98 < found.sum() < 1 + 1e-9


@given(SIDES, SIDES)
def test_correlation_does_not_see_which_side_is_rows(rows, columns):
    """polar(X^T) = polar(X)^T."""
    one, other = polar_correlation(rows, columns), polar_correlation(columns, rows)
    assert (one.coefficients == other.coefficients).all()


@pytest.mark.parametrize("dim", [1, 2, 3, 10, 100])
def test_one_row_is_the_vector_law(dim):
    """At m = 1 the chaos expansion gives the hypergeometric coefficients, computed in another way."""
    by_chaos = [coefficient(1, dim, j) for j in range(EXACT_TERMS)]
    assert by_chaos == pytest.approx(list(vector_coefficients(dim, EXACT_TERMS)), rel=1e-9, abs=1e-15)


def test_one_by_one_is_the_arcsine_law():
    """At m = n = 1 the polar factor is the sign."""
    law = polar_correlation(1, 1, 1 << 14)
    for rho in (0.1, 0.5, 0.9):
        assert law.at(rho)[1] == pytest.approx(2 / math.pi * math.asin(rho), rel=1e-12)


@pytest.mark.parametrize("dim", [2, 3, 7])
@pytest.mark.parametrize("rho", [0.3, 0.8, 0.99])
def test_vector_law_is_the_angle_average(dim, rho):
    """E<x/|x|, y/|y|> by integrating over |x|, |y| and the angle, as mpmath does the hypergeometric function."""
    first = 2 / dim * (math.gamma((dim + 1) / 2) / math.gamma(dim / 2)) ** 2
    expected = first * rho * float(mpmath.hyp2f1(0.5, 0.5, dim / 2 + 1, rho * rho))
    assert polar_correlation(1, dim).at(rho)[1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("aspect", [1e-3, 0.25, 0.9, 0.999, 1.0])
def test_limit_coefficients_sum_to_one(aspect):
    """Parseval: a direction has unit length."""
    found = limit_coefficients(aspect, 1 << 13)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-4)


def test_limit_first_coefficient_is_the_mean_singular_value():
    """c_0 is the squared mean of sqrt(x) under Marchenko and Pastur's law, by direct quadrature."""
    for aspect in (0.1, 0.5, 1.0):
        low, high = (1 - math.sqrt(aspect)) ** 2, (1 + math.sqrt(aspect)) ** 2

        def density(s, low=low, high=high, aspect=aspect):
            return mpmath.sqrt((high - s * s) * (s * s - low)) / (mpmath.pi * aspect * s)

        mean = float(mpmath.quad(lambda s: s * density(s), [math.sqrt(low), math.sqrt(high)]))
        assert limit_coefficients(aspect, 1)[0] == pytest.approx(mean**2, rel=1e-6)
    assert square_limit(0) == pytest.approx((8 / (3 * math.pi)) ** 2)


@pytest.mark.parametrize("aspect", [1, 2, 8])
def test_finite_coefficients_tend_to_the_limit_as_one_over_m(aspect):
    """m (c_j - limit) settles as m doubles: the finite value and the limit come from different calculations."""
    limit = limit_coefficients(1 / aspect, 3)
    gaps = [m * (np.array([coefficient(m, aspect * m, j) for j in range(3)]) - limit) for m in (16, 32, 64)]
    assert np.abs(gaps[2]).max() < 0.3
    assert (np.abs(gaps[2] - gaps[1]) < 0.1 * np.abs(gaps[1]) + 0.004).all()


def test_interpolation_above_the_largest_exact_side():
    """Interpolated coefficients agree with the exact calculation at twice the side."""
    side = 2 * EXACT_ROWS
    exact = np.array([coefficient(side, side, j) for j in range(3)])
    found = polar_correlation(side, side)
    assert not found.exact
    assert np.abs(found.leading[:3] - exact).max() < 0.01 / side
    assert np.abs(limit_coefficients(1.0, 3) - exact).max() > 5 * 0.01 / side


@given(SIDES, SIDES, st.floats(0, 1))
def test_estimate_lies_inside_its_enclosure(rows, columns, rho):
    """low <= estimate <= high, within rounding."""
    low, estimate, high = polar_correlation(rows, columns).at(rho)
    assert low <= estimate + 1e-12
    assert estimate <= high + 1e-12
