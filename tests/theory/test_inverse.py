"""Closed forms of the inverse problems, and how the angles of successive steps add."""

import numpy as np
import pytest
from sympy import Integer, Rational, simplify, sqrt

from theory import equilibrium_of, inverse, predict
from theory.inverse import NoClosedForm
from theory.symbols import beta1, decay, lr, momentum, wd


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw"])
def test_decay_for_an_angle_undoes_the_cosine(optimizer):
    """Exactly, as rational functions."""
    found = equilibrium_of(optimizer)
    chosen = inverse.decay_for_angle(found)
    assert simplify(found.cosine.subs(decay, chosen) - inverse.cosine) == 0


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw", "lion"])
def test_decay_for_a_half_life_is_the_branch_from_zero(optimizer):
    """At z = 1 the decay is zero, and it grows as z falls."""
    chosen = inverse.decay_for_rate(equilibrium_of(optimizer)).subs({momentum: Rational(1, 2)})
    values = {s: 0 for s in chosen.free_symbols if s != inverse.rate}
    at = [float(chosen.subs(values).subs(inverse.rate, z)) for z in (1, Rational(9, 10), Rational(8, 10))]
    assert at[0] == pytest.approx(0, abs=1e-15)
    assert 0 < at[1] < at[2]


def test_a_series_has_no_closed_form():
    """Lion's angle and norm hold a series, AdamW's norm an equation of degree three: each is said."""
    with pytest.raises(NoClosedForm, match="series"):
        inverse.decay_for_angle(equilibrium_of("lion"))
    with pytest.raises(NoClosedForm, match="degree 3"):
        inverse.decay_for_norm(equilibrium_of("adamw"))
    with pytest.raises(NoClosedForm, match="correlated"):
        inverse.cosine_after(equilibrium_of("lion"), 2)


def test_norm_of_sgd_undone():
    """The decay for a norm at given lr, and lr for a norm at given wd, give it back."""
    found = equilibrium_of("sgd")
    size = inverse.norm**4
    assert simplify(found.norm_power.subs(decay, inverse.decay_for_norm(found)) - size) == 0
    at = found.norm_power.subs(decay, lr * wd).subs(lr, inverse.lr_for_norm(found))
    assert simplify(at - size) == 0


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw"])
def test_cosine_after_one_step_is_the_cosine(optimizer):
    """k = 1 is the equilibrium's own cosine."""
    found = equilibrium_of(optimizer)
    assert simplify(inverse.cosine_after(found, 1) - found.cosine) == 0


@pytest.mark.parametrize(("optimizer", "coefficient"), [("sgdm", momentum), ("adamw", beta1)])
def test_momentum_makes_steps_add_faster_than_the_root(optimizer, coefficient):
    """Squared angles of ten steps add to more than ten with momentum, to exactly ten without."""
    turn = inverse.turn_of_steps(equilibrium_of(optimizer), 10)
    assert turn.subs(coefficient, 0) == 10
    assert turn.subs(coefficient, Rational(9, 10)) > 40


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw", "lion"])
def test_turn_per_relaxation_is_the_limit_of_the_numbers(optimizer):
    """theta^2 half_life / log 2 tends to the derived limit as lr*wd falls, with a residual of first order."""
    own = {"sgdm": {"momentum": 0.8}, "adamw": {"beta1": 0.8}, "lion": {"beta1": 0.8, "beta2": 0.9}}.get(optimizer, {})
    decays = np.logspace(-6, -4, 5)
    found = [predict(optimizer, lr=0.5, wd=p / 0.5, **own) for p in decays]
    turns = np.array([f.angular_update**2 * f.half_life / np.log(2) for f in found])
    expression = inverse.turn_per_relaxation(equilibrium_of(optimizer))
    if optimizer == "lion":
        first = predict(optimizer, lr=0.5, wd=2e-12, **own)
        limit = first.angular_update**2 * first.half_life / np.log(2)
    else:
        limit = float(expression.subs({momentum: Rational(8, 10), beta1: Rational(8, 10)}))
    slope = np.polyfit(np.log(decays), np.log(np.abs(turns / limit - 1)), 1)[0]
    assert slope == pytest.approx(1, abs=0.05)


def test_scaling_rules_are_solved_not_written():
    """Noise as 1/k gives linear scaling; a normalised input gives the square root of both."""
    k = inverse.steps
    assert inverse.scaling_rule(equilibrium_of("sgd"), 1 / k) == (k, 1)
    assert inverse.scaling_rule(equilibrium_of("sgdm"), 1 / k) == (k, 1)
    assert inverse.scaling_rule(equilibrium_of("adamw"), Integer(1)) == (sqrt(k), sqrt(k))
    assert inverse.scaling_rule(equilibrium_of("lion"), Integer(1)) == (sqrt(k), sqrt(k))


def test_scaling_a_gradient_without_noise_is_another_rule():
    """Where the batch leaves the gradient's size as it is, SGD too asks for the square roots."""
    k = inverse.steps
    assert inverse.scaling_rule(equilibrium_of("sgd"), Integer(1)) == (sqrt(k), sqrt(k))
