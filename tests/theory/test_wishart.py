"""Power sums of singular values: their calculus against pairings counted by hand and against samples."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, cancel, symbols

from proofs.claims.polar import wick_mean
from theory.singular_values import half_beta, singular_value_moment
from theory.wishart import Invariants, moments, partitions

SHAPES = [(1, 1), (1, 5), (2, 2), (2, 3), (3, 3), (4, 6), (5, 8), (8, 8)]


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_means_are_those_of_wicks_pairings(power):
    """E tr (X X^T)^k by integration by parts is the count of index loops over all pairings, for symbolic sides."""
    m, n = symbols("m n", positive=True)
    assert cancel(Invariants(m, n).mean((power,)) - wick_mean(power, m, n)) == 0


def test_powers_of_the_norm_are_chi_squared_moments():
    """E |X|^(2k) = mn (mn + 2) ... (mn + 2k - 2)."""
    for k in (1, 2, 3):
        expected = math.prod(15 + 2 * i for i in range(k))
        assert Invariants(3, 5).mean((1,) * k) == expected


def test_hermite_forms_of_different_degrees_are_orthogonal():
    """E of a Hermite form times any product of lower degree is zero, in exact arithmetic."""
    ring = Invariants(3, 4)
    for degree in (1, 2, 3, 4):
        for product in partitions(degree, degree):
            for lower in range(degree):
                for other in partitions(lower, lower or 1):
                    mean = sum(
                        Fraction(c) * ring.mean(tuple(sorted(p + other, reverse=True)))
                        for p, c in ring.hermite(product).items()
                    )
                    assert mean == 0


def test_orthogonality_control():
    """The power sum itself is not orthogonal to constants."""
    assert Invariants(3, 4).mean((2,)) != 0


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_density_has_the_moments_of_the_calculus(rows, columns):
    """Quadrature of the density gives min(m, n) at s = 0 and Wick's moments at s = 1, 2, 3."""
    found = moments(rows, columns, (0, 2, 4, 6))
    ring = Invariants(rows, columns)
    assert found == pytest.approx([min(rows, columns), *(ring.mean((k,)) for k in (1, 2, 3))], rel=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (100, 300), (1, 4000), (128, 2000)])
def test_density_of_large_matrices(rows, columns):
    """So it does where exponents leave double precision."""
    first, second = moments(rows, columns, (2, 4))
    assert first == pytest.approx(rows * columns, rel=1e-11)
    assert second == pytest.approx(rows * columns * (rows + columns + 1), rel=1e-11)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_closed_form_is_the_quadrature(rows, columns):
    """Half-integer moments as finite sums of gamma functions are those of the quadrature."""
    for twice in (1, 3):
        exact = float(singular_value_moment(rows, Integer(columns), Rational(twice, 2)))
        assert exact == pytest.approx(moments(rows, columns, (twice,))[0], rel=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 5), (6, 4)])
def test_nuclear_norm_of_samples(rows, columns):
    """The mean nuclear norm of sampled matrices is M_(1/2) within five standard errors, and not 3 % off."""
    samples = np.random.default_rng(5).standard_normal((20_000, rows, columns))
    nuclear = np.linalg.svd(samples, compute_uv=False).sum(axis=1)
    expected, error = moments(rows, columns, (1,))[0], nuclear.std() / math.sqrt(len(nuclear))
    assert abs(nuclear.mean() - expected) < 5 * error
    assert abs(nuclear.mean() - 1.03 * expected) > 5 * error


@given(st.integers(1, 6), st.integers(1, 6))
def test_half_beta_of_both_sides_is_the_whole(first, second):
    """The beta integrals up to 1/2 from either end sum to the beta function."""
    a, b = Rational(2 * first - 1, 2), Integer(second)
    whole = math.gamma(a) * math.gamma(b) / math.gamma(a + b)
    assert float(half_beta(a, b) + half_beta(b, a)) == pytest.approx(whole, rel=1e-12)
