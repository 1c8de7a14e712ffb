"""The Gram recursion: its fixed point stays, follows from the input's law, and is refused where there is none."""

import pytest
from hypothesis import given
from sympy import Integer, Matrix, Rational, cancel

from tests import reference, strategies
from theory import OPTIMIZERS, GramRecursion, UpdateRule, equilibrium_of
from theory.gram import NoFixedPoint
from theory.symbols import OF_PARAMETER, decay, dim, energy, lr, squared_norm, wd
from theory.update_rule import read_off


def rule(step, amplitude, state=("w",)):
    """A nameless rule for one test, whatever it lacks."""
    transition, drive = read_off(step, state)
    return UpdateRule("test", "", state, transition, drive, amplitude, (), "", ())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_unit_gram_is_a_fixed_point(optimizer):
    """One step at unit input leaves every moment of the unit Gram matrix where it is."""
    recursion = equilibrium_of(optimizer).recursion
    moved = recursion.step(recursion.unit_gram, Integer(1))
    assert (moved - recursion.unit_gram).applyfunc(cancel) == Matrix.zeros(moved.rows)
    assert recursion.unit_gram.is_symmetric()


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm"])
def test_squared_norm_solves_its_own_equation(optimizer):
    """A = q(A) h at the equilibrium of a scale-invariant loss: A^2 = L h."""
    recursion = equilibrium_of(optimizer).recursion
    assert cancel(recursion.squared_norm**2 - energy * recursion.unit_gram[0, 0]) == 0


@pytest.mark.parametrize("optimizer", ["sgdm", "adamw"])
def test_gram_matrix_has_the_norm_in_its_corner(optimizer):
    """The Gram matrix at equilibrium is the unit one scaled so that its corner is E|w|^2."""
    recursion = equilibrium_of(optimizer).recursion
    ratio = recursion.gram[0, 1] / recursion.gram[0, 0] - recursion.unit_gram[0, 1] / recursion.unit_gram[0, 0]
    assert cancel(recursion.gram[0, 0] ** 2 - recursion.squared_norm**2) == 0
    assert cancel(ratio) == 0


def test_sgdm_at_a_rational_point_by_hand():
    """At eta = 1/2, p = 1/4, alpha = 1/2, tau = 0 the moments solve the update's own equations, exactly."""
    point = {"lr": Rational(1, 2), "momentum": Rational(1, 2), "dampening": Integer(0)}
    at = {OF_PARAMETER[name]: value for name, value in point.items()} | {decay: Rational(1, 4)}
    unit = equilibrium_of("sgdm").recursion.unit_gram.subs(at)
    moments = (unit[0, 0], unit[0, 1], unit[1, 1])
    assert reference.sgdm(moments, **point, wd=Rational(1, 2)) == moments
    assert reference.sgdm(moments, **{**point, "momentum": Rational(1, 3)}, wd=Rational(1, 2)) != moments


@strategies.examples(0.2)
@given(strategies.log_uniform(1e-3, 1), strategies.log_uniform(1e-6, 1.9))
def test_gram_of_adamw_is_positive(rate, step):
    """The unit Gram matrix is positive definite, except at p = 1, where w = -lr m makes it singular."""
    at = {lr: Rational(rate), decay: Rational(step), OF_PARAMETER["beta1"]: Rational(9, 10)}
    unit = equilibrium_of("adamw").recursion.unit_gram.subs(at)
    assert unit[0, 0] > 0
    assert unit.det() >= 0
    assert (unit.det() == 0) == (step == 1)


def test_no_decay_means_no_fixed_point():
    """Without decay the walk never settles, and the engine says so."""
    with pytest.raises(NoFixedPoint, match="no unique fixed point"):
        GramRecursion(rule(lambda w, x: (w - lr * x,), dim)).unit_gram  # noqa: B018


def test_energy_that_grows_with_the_norm_has_no_unique_fixed_point():
    """With q proportional to A the equation A = q(A) h has no single positive solution."""
    recursion = GramRecursion(rule(lambda w, x: ((1 - lr * wd) * w - lr * x,), squared_norm))
    with pytest.raises(NoFixedPoint, match="0 positive solutions"):
        recursion.squared_norm  # noqa: B018
