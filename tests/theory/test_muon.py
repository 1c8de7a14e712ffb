"""Muon's prediction: cases in closed form, its enclosure, and bad input."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import theory
from tests.strategies import log_uniform
from theory.domain import NoEquilibrium, OutOfDomain
from theory.muon import SQUARED_SCALES, first_correlation, newton_schulz, one_minus_cosine, predict_muon, squared_norm

RECIPE = {"lr": 0.02, "wd": 0.1, "rows": 8, "cols": 16}


def test_one_by_one_is_lion_without_interpolation():
    """At 1 x 1 Muon's heavy ball is the sign of an EMA: Lion with beta1 = beta2, through another program."""
    for wd in (0.1, 3.0, 15.0):
        muon = predict_muon(lr=0.1, wd=wd, rows=1, cols=1, momentum=0.9, nesterov=False)
        lion = theory.predict("lion", lr=0.1, wd=wd, beta1=0.9, beta2=0.9, dim=1)
        assert muon.equilibrium_norm == pytest.approx(lion.equilibrium_norm, rel=1e-10)
        assert muon.cos_angular_update == pytest.approx(lion.cos_angular_update, rel=1e-10)
        assert muon.half_life == pytest.approx(lion.half_life)
        assert muon.leading_order == pytest.approx(lion.leading_order, rel=1e-10)


def test_without_momentum_is_adamw_without_momentum():
    """At momentum 0 the update is white of energy min(m, n), whatever the shape and the form."""
    for nesterov in (True, False):
        found = predict_muon(**RECIPE, momentum=0.0, nesterov=nesterov, scale="none")
        adam = theory.predict("adamw", lr=0.02, wd=0.1, beta1=0.0, dim=8)
        assert found.equilibrium_norm == pytest.approx(adam.equilibrium_norm)
        assert found.angular_update == pytest.approx(adam.angular_update)
        assert found.norm_bounds == pytest.approx([found.equilibrium_norm] * 2)


@pytest.mark.parametrize("momentum", [0.3, 0.9, 0.95])
def test_nesterov_correlation_by_its_impulse_response(momentum):
    """rho_1 of G + mu B from the sums over its impulse response."""
    response = momentum ** np.arange(1, 3000.0)
    response[0] = 1 + momentum
    response[1:] = momentum ** np.arange(2, 3000.0)
    expected = (response[:-1] @ response[1:]) / (response @ response)
    assert first_correlation(momentum, nesterov=True) == pytest.approx(expected, rel=1e-12)


@given(log_uniform(1e-5, 1.9), st.floats(0, 0.99), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_bounds_enclose_the_estimate(decay, momentum, rows, cols, nesterov):
    """Norm and angle lie inside their bounds, which for lr*wd up to 0.01 are within 2 % of each other."""
    found = predict_muon(lr=0.5, wd=decay / 0.5, rows=rows, cols=cols, momentum=momentum, nesterov=nesterov)
    for value, (low, high) in (
        (found.equilibrium_norm, found.norm_bounds),
        (found.angular_update, found.angle_bounds),
    ):
        assert low * (1 - 1e-12) <= value <= high * (1 + 1e-12)
        assert high <= 1.02 * low or decay > 0.01
    assert found.cos_angular_update == pytest.approx(math.cos(found.angular_update), abs=1e-12)


def test_bounds_are_wide_at_large_decays_with_a_long_memory():
    """At lr*wd = 1.6 and momentum 0.99 the angle's bounds lie more than a factor of two apart for 2 x 2 matrices."""
    low, high = predict_muon(lr=0.5, wd=3.2, rows=2, cols=2, momentum=0.99, nesterov=False).angle_bounds
    assert 2.2 < high / low < 2.4


def test_leading_order_falls_behind_in_proportion_to_the_decay():
    """The leading order's relative error has slope one in lr*wd."""
    errors = []
    decays = np.array([1e-5, 1e-4, 1e-3])
    for decay in decays:
        found = predict_muon(**{**RECIPE, "wd": decay / RECIPE["lr"]})
        errors.append(abs(found.leading_order["angular_update"] / found.angular_update - 1))
    slope = np.polyfit(np.log(decays), np.log(errors), 1)[0]
    assert slope == pytest.approx(1, abs=0.02)


def test_scales_change_the_norm_and_nothing_else():
    """c multiplies the norm; the angle does not see it."""
    plain = predict_muon(**RECIPE, scale="none")
    for name, scale in SQUARED_SCALES.items():
        found = predict_muon(**RECIPE, scale=name)
        assert found.equilibrium_norm == pytest.approx(plain.equilibrium_norm * math.sqrt(scale(8, 16)))
        assert found.angular_update == plain.angular_update


def test_formulas_take_numbers():
    """The AR(1) case sums to the closed form of the moments."""
    a, mu = 0.9, 0.8
    persistence = sum(a ** (k - 1) * mu**k for k in range(1, 2000))
    assert squared_norm(1.0, 1 - a, 1.0, persistence) == pytest.approx((1 + a * mu) / ((1 - a * a) * (1 - a * mu)))
    assert 1 - one_minus_cosine(1 - a, persistence) == pytest.approx((a + mu) / (1 + a * mu))


def test_newton_schulz_is_a_shorter_update_without_bounds():
    """Five steps leave less energy than the polar factor, by the same law in the angle as in the norm."""
    for side in (16, 256, 4096):
        polar, found = (
            predict_muon(lr=0.02, wd=0.1, rows=side, cols=side, orthogonalise=how) for how in ("polar", "newton_schulz")
        )
        assert polar.update_energy == side
        assert 0.6 * side < found.update_energy < 0.95 * side
        assert found.norm_bounds is None
        assert found.equilibrium_norm < polar.equilibrium_norm
        assert found.angular_update == pytest.approx(polar.angular_update, rel=0.06)


def test_newton_schulz_gathers_singular_values():
    """The quintic maps singular values from a hundredth on to within a third of one."""
    values = newton_schulz(np.linspace(0.01, 1.0, 1000))
    assert (abs(values - 1) < 0.34).all()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"rows": 0}, "rows = 0"),
        ({"cols": 2.5}, "cols = 2.5"),
        ({"momentum": 1.0}, "momentum = 1"),
        ({"lr": -1.0}, "lr = -1"),
        ({"wd": math.nan}, "wd = nan"),
        ({"scale": "golden"}, "scale = golden"),
        ({"orthogonalise": "qr"}, "orthogonalise = qr"),
        ({"orthogonalise": "newton_schulz"}, "orthogonalise = newton_schulz is predicted from 16 x 16"),
        ({"rows": None}, "rows is missing"),
    ],
)
def test_bad_input_is_named(changed, named):
    """One line names what is wrong."""
    with pytest.raises(OutOfDomain, match=named):
        predict_muon(**{**RECIPE, **changed})


def test_no_equilibrium_beyond_decay_two():
    """|1 - lr*wd| >= 1 has no equilibrium, nor has a product that vanishes in double precision."""
    for changed in ({"wd": 100.0}, {"wd": 150.0}, {"lr": 1e-200, "wd": 1e-200}):
        with pytest.raises(NoEquilibrium, match="lr\\*wd"):
            predict_muon(**{**RECIPE, **changed})


def test_prediction_needs_neither_sympy_nor_torch():
    """A fresh interpreter predicts without loading them."""
    code = (
        "import sys; from theory.muon import predict_muon; predict_muon(lr=.02, wd=.1, rows=64, cols=256); "
        "print([m for m in ('sympy', 'torch') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "[]"
