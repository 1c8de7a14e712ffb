"""The expansion in 1 - beta2 against exact quadrature: sizes, orders, and the next order's coefficient."""

import numpy as np
import pytest
from sympy import Symbol

from proofs.beta2_quadrature import Quadrature
from tests.compare import close
from theory import complete, load, predict
from theory.optimizers.adam_beta2 import HYPOTHESES, NEXT_ORDER, autocovariance, gamma_cumulant, next_order
from theory.prediction import symbol_values
from theory.symbols import beta1, beta2, kurtosis

DISTANCES = np.logspace(-3, -2, 5)
"""1 - beta2 of the fits."""


def first_order(at, k):
    """The theory's E u_t u_{t+k} at the quadrature's hyper-parameters."""
    energy, steady, lagging = autocovariance(1 - beta1, 1 - beta1)
    law = energy if k == 0 else steady * beta1**k + lagging * (beta1 * beta2) ** k
    return float(law.subs({beta1: at.beta1, beta2: at.beta2, kurtosis: at.kurtosis}))


def order(errors):
    """Slope of log |error| against log (1 - beta2)."""
    return np.polyfit(np.log(DISTANCES), np.log(np.abs(errors)), 1)[0]


@pytest.mark.parametrize("kurt", [3.0, 6.0])
def test_the_quadrature_adds_up(kurt):
    """sum_i w_i E g_{t-i}^2 / v_t = 1, whatever the law: v over itself."""
    at = Quadrature(0.0, 0.95, kurt)
    assert sum(w * at.share(i) for i, w in enumerate(at.weights)) == close(1.0, 1e-12)


@pytest.mark.parametrize(("first", "second", "kurt"), [(0, 0.99, 3), (0.9, 0.99, 3), (0.9, 0.95, 3), (0.9, 0.99, 6)])
def test_squared_norm_against_quadrature(first, second, kurt):
    """The squared norm over that with v at its mean misses the exact one by a tenth of its distance from 1."""
    exact = Quadrature(first, second, kurt)
    point = {"lr": 0.1, "wd": 0.1, "beta1": first}
    found = predict("adamw", **point, beta2=second, kurtosis=kurt).equilibrium_norm ** 2
    plain = predict("adamw", **point).equilibrium_norm ** 2
    share = exact.walk(0.99) * 0.1**2 / (1 - 0.99**2) / plain
    assert abs(found / plain - share) < 2 * (1 - second) ** 2 * (kurt - 1) ** 2
    assert abs(share - 1) > 5 * abs(found / plain - share)


@pytest.mark.parametrize(("quantity", "power"), [("norm", 2), ("angle", 3)])
@pytest.mark.parametrize("momentum_decay", [2e-14, 1e-12])
def test_nadam_against_quadrature(quantity, power, momentum_decay):
    """NAdam's norm misses the exact one by the second order and 1 - cos by the third, also before mu's limit."""
    point = {"lr": 0.5, "wd": 0.8, "beta1": 0.5, "at_step": 1e14, "momentum_decay": momentum_decay}
    rule = load("nadamw_beta2")

    def missed(x):
        values = symbol_values(rule, complete("nadamw_beta2", {**point, "beta2": 1 - x}))
        exact = Quadrature(0.5, 1 - x, 3.0, values["mu"])
        found = float(rule("norm", values)) ** 2 if quantity == "norm" else float(rule("one_minus_cosine", values))
        whole = exact.walk(0.6) * 0.5**2 / (1 - 0.6**2) if quantity == "norm" else exact.one_minus_cosine(0.6)
        return whole / found - 1

    assert missed(4e-3) / missed(2e-3) == pytest.approx(2**power, rel=0.05)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_autocovariance_is_right_to_first_order(k):
    """With momentum and kurtosis 6, what the law leaves out falls with the second power of 1 - beta2."""
    points = [Quadrature(0.6, 1 - x, 6.0) for x in DISTANCES]
    exact = np.array([at.autocovariance(k) for at in points])
    errors = exact - [first_order(at, k) for at in points]
    assert order(errors) == pytest.approx(2, abs=0.1)
    without = [first_order(Quadrature(0.6, 1.0, 6.0), k)] * len(points)
    assert order(exact - without) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kurt", [3.0, 6.0])
def test_next_order_without_momentum(kurt):
    """With ``NEXT_ORDER`` added the residual falls with the third power; with a coefficient 5 % off it does not."""
    points = [Quadrature(0.0, 1 - x, kurt) for x in DISTANCES]
    errors = np.array([at.autocovariance(0) - first_order(at, 0) for at in points])
    following = np.array([float(NEXT_ORDER.subs({beta2: at.beta2, kurtosis: kurt})) for at in points])
    assert order(errors) == pytest.approx(2, abs=0.1)
    assert order(errors - following) == pytest.approx(3, abs=0.1)
    assert order(errors - 1.05 * following) < 2.8


def test_next_order_by_hand():
    """2/3 mu_3 - 3/4 (K - 1)^2 times (1 - beta2)^2: 7/3 for Gaussian gradients, whose g^2 has the third cumulant 8."""
    third = Symbol("mu_3")
    by_hand = (2 * third / 3 - 3 * (kurtosis - 1) ** 2 / 4) * (1 - beta2) ** 2
    assert (next_order(third) - by_hand).expand() == 0
    assert [gamma_cumulant(n).subs(kurtosis, 3) for n in (1, 2, 3)] == [1, 2, 8]
    assert (NEXT_ORDER.subs(kurtosis, 3) / (1 - beta2) ** 2).simplify() * 3 == 7


def test_what_is_said_is_what_was_derived():
    """Hypotheses, compiled rule and warnings carry the derived coefficient."""
    assert "7/12 ((K - 1)(1 - beta2))^2" in HYPOTHESES[1]
    values = {"beta_2": 0.95, "K": 4.0}
    size = float(NEXT_ORDER.subs({beta2: 0.95, kurtosis: 4}))
    assert load("adamw_beta2")("neglected", values) == close(size, 1e-12)
    assert load("adamw")("neglected", values) == 0
    found = predict("adamw", lr=0.1, wd=0.1, beta2=0.95, kurtosis=4)
    assert any(f"the next is about {size:.1g} of the squared norm" in w for w in found.warnings)
