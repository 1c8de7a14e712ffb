"""The derived angles against plain arithmetic on vectors and sums, each with a wrong one."""

import math

import numpy as np
import pytest
from sympy import Rational

from tests.compare import close
from theory import equilibrium_of, predict, rotation
from theory.symbols import beta1, contraction, decay, squared_norm


def test_an_oblique_step_is_that_of_vectors():
    """In the plane; without its cosine it is another."""
    for x, c in ((0.3, 0.0), (0.3, 0.6), (0.5, -0.9)):
        w, u = np.array([1.0, 0.0]), np.array([c, math.sqrt(1 - c * c)])
        after = w - x * u
        tangent = abs(after[1]) / after[0]
        found = float(rotation.oblique_tangent().subs({rotation.nominal: x, rotation.step_cosine: c}))
        assert found == close(tangent, 1e-12)
        assert (x == close(tangent, 1e-12)) == (c == 0)


def test_the_secant_is_that_of_a_right_triangle():
    """Of a step by 0.3 across 0.9 times a weight of norm 2."""
    after = np.array([1.8, 0.3])
    at = {squared_norm: 4, rotation.later: Rational("3.33"), contraction: Rational(9, 10)}
    assert float(rotation.squared_secant().subs(at)) == close(1 + (after[1] / after[0]) ** 2, 1e-12)


def test_the_average_is_the_one_of_its_weights():
    """Of four lengths by hand, and the turn that it makes of the last one."""
    phi, sizes = 0.8, [1.0, 0.2, 5.0, 2.0]
    by_hand = [
        sum(phi ** (t - s) * sizes[s] for s in range(t + 1)) / sum(phi**k for k in range(t + 1)) for t in range(4)
    ]
    kept = float(rotation.kept_weight().subs({rotation.averaging: phi, rotation.count: 4}))
    at = {rotation.kept: kept, rotation.average: by_hand[2], rotation.later_average: by_hand[3]}
    assert float(rotation.squared_turn().subs(at)) == close(sizes[3] / by_hand[3], 1e-12)
    at[rotation.average] = by_hand[1]
    assert float(rotation.squared_turn().subs(at)) != close(sizes[3] / by_hand[3], 1e-12)


@pytest.mark.parametrize(("name", "own"), [("sgd", {}), ("adamw", {"beta1": 0.9})])
def test_the_shortfall_is_the_slope_of_exact_angles(name, own):
    """Of the arc tangent of the leading order over the angle of ``predict``; remainders fall with the square of p."""
    coefficient = float(rotation.nominal_shortfall(equilibrium_of(name)).subs({beta1: Rational(9, 10)}))
    left = []
    for p in (1e-2, 1e-3):
        found = predict(name, lr=0.1, wd=p / 0.1, **own)
        ratio = math.atan(found.leading_order["angular_update"]) / found.angular_update
        left.append(abs(ratio - 1 - coefficient * p))
    assert left[0] < 1e-3
    assert left[1] < left[0] / 50


def test_the_exact_tangent_is_that_of_the_angle():
    """For AdamW; the leading order is not."""
    found = predict("adamw", lr=0.1, wd=1.0, beta1=0.9)
    at = {decay: Rational(1, 10), beta1: Rational(9, 10)}
    square = float(rotation.equilibrium_squared_tangent(equilibrium_of("adamw")).subs(at))
    assert math.atan(math.sqrt(square)) == close(found.angular_update, 1e-12)
    assert found.leading_order["angular_update"] != close(found.angular_update, 1e-12)


def test_early_momentum_is_the_sum_of_its_weights():
    """(1 - beta)^2 sum of beta^2j over the steps so far; divided by the squared sum of weights where corrected."""
    beta = 0.7
    for t in (1, 2, 5):
        weights = [(1 - beta) * beta**j for j in range(t)]
        square = sum(x * x for x in weights)
        at = {beta1: beta, rotation.count: t}
        assert float(rotation.early_mean_square().subs(at)) == close(square, 1e-12)
        assert float(rotation.corrected_mean_square().subs(at)) == close(square / sum(weights) ** 2, 1e-12)
        assert float(rotation.settled_mean_square().subs(at)) != close(square, 1e-12)
