"""Correlated input: AR(1), constant and mixed, against direct sums over lags."""

import numpy as np
import pytest
from sympy import Matrix, Rational, Sum, Symbol, cancel

from tests.compare import close
from theory import WHITE, Autocorrelation, Equilibrium, UpdateRule, geometric
from theory.gaussian_filter import GaussianFilter
from theory.optimizers.lion import FILTER
from theory.symbols import beta1, beta2, decay, dim, index, lag, lr, wd

r = Symbol("r", positive=True)
a = 1 - decay


def sgdw(autocorrelation):
    """w <- (1 - lr wd) w - lr x with inputs x of energy d and the given correlation."""
    rule = UpdateRule.from_step(
        "sgdw",
        lambda w, x: ((1 - lr * wd) * w - lr * x,),
        ("w",),
        title="",
        amplitude=dim,
        parameters=(),
        convention="",
        hypotheses=(),
        autocorrelation=autocorrelation,
    )
    return Equilibrium(rule)


def test_ar1_input_has_the_closed_form_of_its_lag_sum():
    """E|w|^2 = d eta^2/(1-a^2) (1 + 2 sum_k a^k r^k) = d eta^2/(1-a^2) (1+ar)/(1-ar)."""
    found = sgdw(geometric(r, r))
    expected = dim * lr**2 * (1 + a * r) / ((1 - a**2) * (1 - a * r))
    assert cancel(found.norm_power - expected) == 0


def test_ar1_cosine_has_the_closed_form_of_its_lag_sum():
    """cos = (a + r)/(1 + a r): correlation in the input does what beta1 does in AdamW."""
    assert cancel(sgdw(geometric(r, r)).cosine - (a + r) / (1 + a * r)) == 0


@pytest.mark.parametrize(("rho", "p"), [(0.3, 0.1), (0.9, 0.5), (0.5, 1.5)])
def test_ar1_input_against_a_double_sum(rho, p):
    """E|w|^2 = eta^2 sum_{i,j} a^(i+j) r^|i-j|, summed directly over both lags."""
    n = np.arange(400)
    powers = (1 - p) ** n
    direct = powers @ rho ** np.abs(n[:, None] - n) @ powers
    value = sgdw(geometric(r, r)).norm_power.subs({lr: 1, dim: 1, decay: p, r: rho})
    assert float(value) == close(direct, 1e-12)


def test_ar1_control_rejects_the_white_walk():
    """The comparison can fail: at r = 1/2 the correlated walk is not the white one."""
    at = {lr: 1, dim: 1, decay: Rational(1, 10), r: Rational(1, 2)}
    assert sgdw(geometric(r, r)).norm_power.subs(at) > 2 * sgdw(WHITE).norm_power.subs(at)


def test_constant_input_stops_the_motion():
    """A constant input carries w to x/lambda and leaves it there: norm^2 = d/lambda^2 and angle 0."""
    found = sgdw(geometric(1, 1))
    assert cancel(found.norm_power.subs(decay, lr * wd) - dim / wd**2) == 0
    assert found.one_minus_cosine == 0


def test_first_correlation_need_not_be_the_mode():
    """R_k = f m^(k-1) gives E|w|^2 = d eta^2/(1-a^2) (1 + 2 a f/(1 - a m))."""
    f, m = Symbol("f", positive=True), Symbol("m", positive=True)
    expected = dim * lr**2 / (1 - a**2) * (1 + 2 * a * f / (1 - a * m))
    assert cancel(sgdw(geometric(f, m)).norm_power - expected) == 0


def test_multipliers_hold_the_filter_behind_the_input():
    """The AR(1) filter joins the state: multipliers a^2, a r, r^2."""
    polynomial = sgdw(geometric(r, r)).characteristic_polynomial
    z = Symbol("z")
    assert cancel(polynomial - (z - a**2) * (z - a * r) * (z - r**2)) == 0


def test_a_mixture_is_the_sum_of_its_parts():
    """Cross moments are linear in the autocorrelation."""
    both = Autocorrelation(modes=((r / 2, r), (Rational(1, 4), Rational(1, 3))))
    single = [Autocorrelation(modes=(mode,)) for mode in both.modes]
    transition, drive = Matrix([[a]]), Matrix([[-lr]])
    parts = sum((s.cross(transition, drive)[0][0] for s in single), start=0 * a)
    assert cancel(both.cross(transition, drive)[0][0] - parts) == 0


def test_white_is_white():
    """White input has R_k = 0 and no cross moment; AR(1) input is not white."""
    assert WHITE.is_white
    assert WHITE.at_lag() == 0
    assert not geometric(r, r).is_white
    assert geometric(r, r).at_lag(lag).subs(lag, 3) == r**3


def test_an_infinite_mixture_needs_a_weight_alone():
    """A sign's mixture against a rule with a buffer is refused rather than summed wrongly."""
    transition = Matrix([[a, beta1], [0, beta1]])
    with pytest.raises(ValueError, match="without further state"):
        FILTER.sign_autocorrelation().cross(transition, Matrix([1, 1]))


@pytest.mark.parametrize("k", [1, 2, 4])
def test_an_infinite_mixture_prints_as_the_sum_that_it_is(k):
    """R_k of Lion's sign is an unevaluated sum over n, and its terms add up to the arcsine law at every lag."""
    law = FILTER.sign_autocorrelation()
    assert not law.is_white
    expression = law.at_lag()
    assert isinstance(expression, Sum)
    at = {beta1: Rational(9, 10), beta2: Rational(1, 2), lag: k}
    terms = [expression.function.subs(at).subs(index, n).evalf(25) for n in range(60)]
    assert sum(terms) == close(FILTER.sign_autocorrelation_at(k).subs(at).evalf(25), 1e-20)


def test_source_modes_are_the_filter_poles():
    """The modes behind the input are named, for the Jacobian to take in."""
    assert FILTER.sign_autocorrelation().source_modes == (beta2,)
    slow = GaussianFilter.from_step(lambda m, g: (r * m + g, m + g))
    assert slow.sign_autocorrelation().source_modes == (r,)
