"""Extrapolation in 1/dim: exact on lines, errors that cover, a chi^2 that sees a curve, and a rule simulated."""

import math

import numpy as np
import pytest

from numerics import simulate, update_for
from numerics.errors import BadSimulation
from numerics.extrapolation import extrapolate, mean_square
from numerics.statistics import Estimate
from tests.compare import close
from tests.numerics.test_statistics import SIX_DEVIATIONS


def line(dims, error=1e-3, bend=0.0):
    """Estimates 2 + 3/dim + bend/dim^2."""
    return {dim: Estimate(2 + 3 / dim + bend / dim**2, error, 10 + dim) for dim in dims}


@pytest.mark.parametrize("target", [math.inf, 1, 1000])
@pytest.mark.parametrize("dims", [(4, 8), (4, 8, 64), (300, 5, 20, 2)])
def test_a_line_is_continued(dims, target):
    """On a line the value is exact, the slope too, and chi^2 vanishes; on a curve it does not."""
    found = extrapolate(line(dims), target)
    assert found.value.value == close(2 + 3 / target, 1e-11)
    assert found.slope.value == close(3, 1e-9)
    assert found.chi_squared == pytest.approx(0, abs=1e-12)
    assert found.freedom == len(dims) - 2
    assert found.value.replicas == 10 + min(dims)
    assert (extrapolate(line(dims, bend=1.0), target).chi_squared > 1) == (len(dims) > 2)


def test_errors_of_two_sizes_by_hand():
    """Two sizes: value (m f(m) - n f(n)) / (m - n) at infinity, and its error by Gauss."""
    found = extrapolate({4: Estimate(2.0, 0.1, 8), 12: Estimate(1.0, 0.2, 8)}).value
    assert found.value == close((12 * 1.0 - 4 * 2.0) / 8, 1e-13)
    assert found.standard_error == close(math.hypot(12 * 0.2, 4 * 0.1) / 8, 1e-13)


def test_intervals_cover_and_chi_squared_has_its_mean():
    """Over 2000 experiments at unequal errors 95% hold the truth, and chi^2 averages its degrees of freedom."""
    generator = np.random.default_rng(2)
    dims, errors = np.array([4, 8, 32, 128]), np.array([0.02, 0.05, 0.01, 0.03])
    held, chi = 0, []
    for noise in generator.standard_normal((2000, 4)):
        values = 2 + 3 / dims + errors * noise
        estimates = {int(d): Estimate(float(v), float(e), 9) for d, v, e in zip(dims, values, errors, strict=True)}
        found = extrapolate(estimates, 50)
        held += abs(found.value.deviations(2 + 3 / 50)) <= 1.959964
        chi.append(found.chi_squared)
    assert held / 2000 == pytest.approx(0.95, abs=SIX_DEVIATIONS)
    assert np.mean(chi) == pytest.approx(2, abs=6 * 2 / math.sqrt(2000))
    assert np.mean(chi) != pytest.approx(3, abs=6 * 2 / math.sqrt(2000))


def test_mean_square_is_the_norm_s_square_by_coordinates():
    """norm^2/dim with twice the relative error."""
    found = mean_square(Estimate(3.0, 0.03, 5), 4)
    assert found == Estimate(2.25, close(2 * 0.01 * 2.25, 1e-14), 5)


@pytest.mark.chance(2, 1e-9)
def test_a_rule_s_bias_is_linear_in_1_over_dim():
    """AdamW at 8 and 16 coordinates extrapolates to 64 within seven deviations, from which 8 alone is far."""
    update = update_for("adamw", {"lr": 0.1, "wd": 3.0, "beta1": 0.9, "beta2": 0.9})

    def at(dim):
        start = 0.07 * math.sqrt(dim)
        run = simulate(update, dim=dim, replicas=200, steps=150, burn_in=50, seed=dim, start_norm=start)
        return mean_square(run.equilibrium_norm, dim)

    small, expected = {dim: at(dim) for dim in (8, 16)}, at(64)
    found = extrapolate(small, 64).value
    error = math.hypot(found.standard_error, expected.standard_error)
    assert abs(found.value - expected.value) < 7 * error
    assert abs(small[8].value - expected.value) > 7 * error


@pytest.mark.parametrize(
    ("estimates", "dim", "says"),
    [
        ({}, 8, "dim = none: extrapolation needs two sizes or more"),
        (line([4]), 8, "dim = 4: extrapolation needs two sizes or more"),
        (line([4, 8]), 0, r"dim = 0 is outside its range \[1, inf\]"),
        (line([4, 8]), math.nan, "dim = nan is outside its range"),
        (line([4, -8]), 8, "dim = -8 is outside its range"),
        (line([4, 8], error=0.0), 8, "the estimate at dim = 4 has no error"),
        (line([4, 8], error=math.nan), 8, "the estimates at dim = 4, 8 are not all finite"),
    ],
)
def test_what_cannot_be_extrapolated_is_refused(estimates, dim, says):
    """One line names what is wrong."""
    with pytest.raises(BadSimulation, match=says):
        extrapolate(estimates, dim)
