"""The toy function: its map, threshold, cycle and modes, against the map in angles."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix, lambdify, simplify

from tests.compare import close
from theory import three_regimes
from theory.symbols import sharpness, slope, sphere_lr, total_curvature

STEP = lambdify((slope, sharpness), three_regimes.next_slope())


@given(st.floats(-1.5, 1.5), st.floats(0.01, 20))
def test_step_in_angles(angle, c):
    """h' = tan(phi - arctan(c sin 2 phi)): compared as directions, since tangents may be infinite."""
    turned = angle - math.atan(c * math.sin(2 * angle))
    found = math.atan(STEP(math.tan(angle), c))
    assert abs(math.sin(found - turned)) < 1e-12


@pytest.mark.parametrize(("c", "loss"), [(0.3, 0.0), (0.99, 0.0), (1.2, 1 / 12), (2.0, 0.25), (6.0, 5 / 12)])
def test_one_group_goes_to_zero_or_to_the_cycle(c, loss):
    """From many starts the loss becomes 0 below c = 1 and (1 - 1/c)/2 above."""
    for start in (-40.0, -0.3, 0.01, 0.7, 3.0):
        h = start
        for _ in range(3000):
            h = STEP(h, c)
        assert h * h / (1 + h * h) == pytest.approx(loss, abs=1e-9)
    if c > 1:
        assert float(three_regimes.cycle_loss_share().subs(sharpness, c)) == close(loss, 1e-14)


def test_second_regime_loss_spans_the_regimes():
    """(K - 1/lr)/2 is zero at the threshold 1/K and K/2 in the limit, which is the third regime's level."""
    loss = three_regimes.second_regime_loss()
    assert loss.subs(sphere_lr, three_regimes.convergence_lr()) == 0
    assert loss.limit(sphere_lr, math.inf) == three_regimes.third_regime_loss() == total_curvature / 2


def test_difference_modes_have_modulus_one():
    """The Jacobian of differences has determinant one and complex multipliers for every c > 1, and none at c < 1."""
    jacobian = three_regimes.difference_jacobian()
    assert simplify(jacobian.det()) == 1
    for c in (1.01, 2.0, 30.0):
        values = Matrix(jacobian.subs(sharpness, c)).eigenvals(multiple=True)
        assert all(abs(abs(complex(z)) - 1) < 1e-12 and abs(complex(z).imag) > 1e-4 for z in values)
    assert abs(three_regimes.common_multiplier().subs(sharpness, 3.0)) < 1


def test_growth_is_held_fixed_in_the_jacobian():
    """Differentiating the common growth along would give another matrix: the entry of log c is 2/c^2 - 1."""
    entry = three_regimes.difference_jacobian()[1, 1]
    assert simplify(entry - (2 / sharpness**2 - 1)) == 0
    assert simplify(entry - 1) != 0
