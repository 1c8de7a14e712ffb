"""The claims about stability against numbers, and their controls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, lambdify

from proofs.algebra import stability
from proofs.confrontation import Bench
from proofs.fluctuation import alternating
from proofs.layers.identity import decides
from theory import equilibrium_of
from theory.symbols import decay, momentum, multiplier, scaled_decay

pytestmark = pytest.mark.chance(4)


def slow_pair(alpha, x):
    """Roots of the quadratic factor at numbers."""
    coefficients = stability._pair().all_coeffs()
    return np.roots([float(c.subs({momentum: alpha, scaled_decay: x})) for c in coefficients])


@given(st.floats(0.01, 0.99), st.floats(0.001, 1.999).filter(lambda x: abs(x - 1) > 1e-3))
def test_pair_lies_inside_and_is_complex_between_the_edges(alpha, x):
    """Inside the unit circle everywhere; complex of modulus sqrt(alpha) exactly between the edges."""
    roots = slow_pair(alpha, x)
    assert np.abs(roots).max() < 1
    _, low, high = (None, *(1 - np.sqrt(float(e.subs(stability.ROOT, np.sqrt(alpha)))) for e in stability._edges()))
    below_one = min(x, 2 - x)
    if low + 1e-6 < below_one < high - 1e-6:
        assert np.abs(roots) == pytest.approx(np.sqrt(alpha))
        assert abs(roots[0].imag) > 0
    elif not low - 1e-6 < below_one < high + 1e-6:
        assert np.abs(roots).max() > np.sqrt(alpha)


@pytest.mark.parametrize("x", [-0.01, 2.01, 1.0])
def test_pair_does_not_lie_inside_on_and_beyond_the_border(x):
    """At x = 1 and outside (0, 2) some multiplier is not inside the unit circle."""
    assert np.abs(slow_pair(0.5, x)).max() >= 1 - 1e-12


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.999))
def test_nesterov_attracts_wherever_it_exists(alpha, share):
    """No multiplier of Nesterov leaves the unit circle below the limit of existence."""
    p = share * 2 * (1 + alpha) / (1 + 2 * alpha)
    polynomial = equilibrium_of("nesterov").characteristic_polynomial.subs(
        {momentum: Rational(alpha), decay: Rational(p)}
    )
    coefficients = [float(c) for c in polynomial.as_poly(multiplier).all_coeffs()]
    assert np.abs(np.roots(coefficients)).max() < 1


def test_control_flip_of_nesterov_would_be_seen():
    """The argument can fail: heavy-ball momentum, whose quartic does have a root there, violates its discriminant."""
    from sympy import discriminant

    from proofs.claim import Obligation

    at_minus_one = stability._pair().eval(-1)
    owed = Obligation("two complex roots", Integer(1), -discriminant(at_minus_one, scaled_decay), "<=")
    assert not decides(owed)


def test_norm_walks_on_the_border():
    """At lr*wd = 1 the squared norm grows as derived, and a growth off by 15 % is rejected."""
    bench = Bench("sphere", 33, 4096, 3)
    right = alternating(bench, steps=20)
    assert right.agrees, right.report()
    assert not alternating(bench, steps=20, factor=1.15).agrees


@given(st.floats(0.001, 1.999).filter(lambda p: abs(p - 1) > 1e-3), st.floats(-20, 20).filter(lambda u: abs(u) > 1e-3))
def test_sgd_approaches_in_the_logarithm(p, u):
    """|log| of the squared norm over its equilibrium falls in every step, from any start."""
    kept = (1 - p) ** 2
    moved = lambdify(stability.Symbol("x"), kept * stability.Symbol("x") + (1 - kept) / stability.Symbol("x"))
    assert abs(np.log(moved(np.exp(u)))) < abs(u)
