"""Fluctuations derived from the step: covariances, second order, kurtosis, and the numbers that need no SymPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol, cancel

import theory
from tests import strategies
from theory import finite_dim, fluctuations_of, predict
from theory.domain import OutOfDomain
from theory.fluctuations import chi_mean_over_rms, gaussian_angle, kurtosis_share, sgd_moments
from theory.optimizers import OPTIMIZERS
from theory.symbols import beta1, dampening, decay, dim, energy_skewness, energy_variance, momentum

SGDM = {"lr": 0.5, "wd": 0.4, "momentum": 0.5}


def test_sgd_has_the_variance_that_its_linear_recursion_has():
    """Var(|w|^2)/(E|w|^2)^2 = p (2 - p) v / (4 (1 - p)^2), and the mean is half of it above A."""
    found = fluctuations_of("sgd")
    by_hand = decay * (2 - decay) * energy_variance / (4 * (1 - decay) ** 2)
    assert cancel(found.relative_variance - by_hand) == 0
    assert cancel(found.squared_norm_shift - by_hand / 2) == 0


def test_variance_grows_as_decay_over_one_minus_momentum():
    """At small decay the variance per kick is p (1 - tau)/(2 (1 - alpha))."""
    found = fluctuations_of("sgdm")
    slope = cancel(found.relative_variance / decay).subs(decay, 0).subs(energy_variance, 0)
    kick = 4 * momentum**2 / ((1 - momentum**2) * (dim - 1))
    assert cancel(slope / kick - (1 - dampening) / (2 * (1 - momentum))) == 0


@given(strategies.hyperparameters("sgdm"), st.integers(3, 10**6), st.none() | st.floats(0, 1))
def test_numbers_are_those_of_the_expressions(chosen, d, v):
    """``finite_dim`` agrees with the derived expressions over the whole domain of SGDM."""
    decay_per_step = chosen["lr"] * chosen["wd"]
    at = {
        decay: Rational(chosen["lr"]) * Rational(chosen["wd"]),
        momentum: Rational(chosen["momentum"]),
        dampening: Rational(chosen["dampening"]),
        dim: d,
        energy_variance: Rational(2, d - 1) if v is None else Rational(v),
    }
    near, found, law = (
        finite_dim("sgdm", d, energy_variance=v, **chosen),
        predict("sgdm", **chosen),
        fluctuations_of("sgdm"),
    )
    gap = min(1 - chosen["momentum"], decay_per_step)
    near_flip = abs(decay_per_step * (1 - chosen["dampening"]) / (1 + chosen["momentum"]) - 1)
    tolerance = 1e-9 / gap / near_flip**2 * 1e-3 + 1e-9
    spread = float(law.relative_variance.subs(at))
    assert near.relative_variance == pytest.approx(spread, rel=tolerance, abs=1e-300)
    assert near.rms_norm == pytest.approx(found.equilibrium_norm * (1 + spread / 4), rel=tolerance * max(1, spread))
    variance = float(law.angle_variance.subs(at)) * found.sine**2
    assert near.angle_deviation == pytest.approx(math.sqrt(variance), rel=max(tolerance, 1e-6), abs=1e-12)


def test_second_order_is_the_remainder_of_the_first():
    """Quadrature of a stationary law: three-point noise with a Gaussian's four moments has the expansion's mean."""
    p, v = 0.3, 0.02
    kept = (1 - p) ** 2
    grid = np.linspace(0.6, 1.6, 4001)
    law = np.exp(-((grid - 1) ** 2) / 0.01)
    law /= law.sum()
    for _ in range(60):
        pushed = np.zeros_like(law)
        for xi, weight in ((1, 2 / 3), (1 - math.sqrt(3 * v), 1 / 6), (1 + math.sqrt(3 * v), 1 / 6)):
            after = kept * grid + (1 - kept) * xi / grid
            place = (after - grid[0]) / (grid[1] - grid[0])
            low = np.clip(np.floor(place).astype(int), 0, len(grid) - 2)
            share = place - low
            np.add.at(pushed, low, weight * law * (1 - share))
            np.add.at(pushed, low + 1, weight * law * share)
        law = pushed
    mean = float(law @ grid) - 1
    expansion = sgd_moments()[0].expand().subs({decay: Rational(3, 10), energy_skewness: 0})
    first, second = (float(expansion.coeff(energy_variance, k)) for k in (1, 2))
    assert mean == pytest.approx(first * v + second * v**2, rel=1e-3)
    assert mean != pytest.approx(first * v, rel=1e-2)


def test_share_of_kurtosis_is_the_ratio_of_power_sums():
    """sum h^4/(sum h^2)^2 of AdamW's response, summed by brute force."""
    p, beta = 0.1, 0.6
    h = [(1 - beta) * sum((1 - p) ** (k - j) * beta**j for j in range(k + 1)) for k in range(2000)]
    brute = sum(x**4 for x in h) / sum(x**2 for x in h) ** 2
    exact = kurtosis_share(OPTIMIZERS["adamw"]).subs({decay: Rational(1, 10), beta1: Rational(6, 10)})
    assert float(exact) == pytest.approx(brute, rel=1e-10)


def test_angle_of_a_gaussian_pair():
    """Var(theta_t) = sin(theta)^2/d and no shift, whatever the angle."""
    cosine = Symbol("c", real=True)
    variance, shift = gaussian_angle(cosine)
    assert cancel(variance - 1 + cosine**2) == 0
    assert shift == 0


def test_mean_over_rms_of_a_plane_is_that_of_rayleigh():
    """In two dimensions the mean over the RMS is sqrt(pi)/2."""
    assert float(chi_mean_over_rms(2)) == pytest.approx(math.sqrt(math.pi) / 2)


@pytest.mark.parametrize(
    ("optimizer", "d", "rest", "message"),
    [
        ("sgdm", 2, {}, "dim = 2 is outside its range"),
        ("sgdm", 64, {"energy_variance": -1.0}, "energy_variance = -1 is outside"),
        ("lion", 64, {}, "lion has no derived fluctuations"),
        ("adamw", 64, {"energy_variance": 0.1}, "does not apply to adamw"),
    ],
)
def test_mistakes_are_named(optimizer, d, rest, message):
    """A dimension, a variance or an optimizer without meaning earns one sentence."""
    chosen = {"lr": 0.1, "wd": 0.1} | rest
    with pytest.raises(OutOfDomain, match=message):
        finite_dim(optimizer, d, **chosen)


def test_numbers_need_no_sympy_once_derived():
    """The light module imports neither SymPy nor torch."""
    import subprocess
    import sys

    theory.load("sgdm")
    code = "import sys; from theory import finite_dim; assert not {'sympy', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_large_dimension_is_the_mean_field():
    """As d grows everything returns to ``predict``."""
    near, found = finite_dim("sgdm", 10**9, **SGDM), predict("sgdm", **SGDM)
    assert near.rms_norm == pytest.approx(found.equilibrium_norm, rel=1e-8)
    assert near.mean_angle == pytest.approx(found.angular_update, rel=1e-8)


def test_what_has_no_derived_fluctuations_is_refused():
    """Signs are correlated in time, and AdamW's own gradients are Gaussian whatever one wishes."""
    with pytest.raises(ValueError, match="lion: fluctuations are derived for white input only"):
        theory.fluctuations.Fluctuations(theory.equilibrium_of("lion"))
    with pytest.raises(OutOfDomain, match="energy_variance does not apply to adamw"):
        finite_dim("adamw", 16, energy_variance=0.1, lr=0.1, wd=0.1)
