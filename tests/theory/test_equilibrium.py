"""What the engine must find by itself: the closed forms, symbol by symbol."""

import pytest
from sympy import Integer, acos, cancel, pi, sin, sqrt

from theory import OPTIMIZERS, Equilibrium, UpdateRule, equilibrium_of
from theory.derivation import uses
from theory.symbols import beta1, dampening, decay, dim, energy, lr, momentum, wd

p = decay
a = 1 - p


def in_decay(expression):
    """The expression with lambda = p / eta, since every closed form is stated in p."""
    return expression.subs(wd, decay / lr)


def same(left, right):
    """Equality of rational functions, decided by their normal form."""
    return cancel(in_decay(left) - in_decay(right)) == 0


COSINES = {
    "sgd": (1 - lr * wd, {}),
    "sgdm": (1 - lr * wd / (1 + momentum), {dampening: 0}),
    "sgdm with dampening": (1 - lr * (1 - dampening) * wd / (1 + momentum), {}),
    "adamw": ((a + beta1) / (1 + a * beta1), {}),
}


@pytest.mark.parametrize("case", COSINES)
def test_cosine_has_its_closed_form(case):
    """cos = 1 - p for SGD, 1 - (1 - tau) p/(1 + alpha) for SGDM and (a + beta1)/(1 + a beta1) for AdamW."""
    expected, at = COSINES[case]
    assert same(equilibrium_of(case.split()[0]).cosine.subs(at), expected)


def test_cosine_control_rejects_sgd_angle_for_sgdm():
    """The comparison can fail: SGD's cosine is not SGDM's, and a wrong sign of beta1 is not AdamW's."""
    assert not same(equilibrium_of("sgdm").cosine.subs(dampening, 0), 1 - lr * wd)
    assert not same(equilibrium_of("adamw").cosine, (a - beta1) / (1 - a * beta1))


NORM_POWERS = {
    "sgd": (4, lr * energy / (wd * (2 - lr * wd)), {}),
    "sgdm": (4, lr * energy / (wd * (1 - momentum) * (2 - lr * wd / (1 + momentum))), {dampening: 0}),
    "adamw": (2, dim * lr**2 * (1 - beta1) * (1 + a * beta1) / ((1 - a**2) * (1 + beta1) * (1 - a * beta1)), {}),
}


@pytest.mark.parametrize("optimizer", NORM_POWERS)
def test_norm_has_its_closed_form(optimizer):
    """norm^4 = eta L/(lambda (1-alpha)(2 - eta lambda/(1+alpha))) for SGDM, and its like for SGD and AdamW."""
    exponent, expected, at = NORM_POWERS[optimizer]
    found = equilibrium_of(optimizer)
    assert found.norm_exponent == exponent
    assert same((found.norm**exponent).subs(at), expected)
    assert same(found.norm_power.subs(at), expected)


def test_dampening_rescales_the_learning_rate_in_the_angle():
    """Dampening tau turns eta into eta (1 - tau) in the angle of SGDM and into nothing else there."""
    lost = in_decay(equilibrium_of("sgdm").one_minus_cosine)
    assert same(lost, lost.subs(dampening, 0).subs(decay, decay * (1 - dampening)))
    assert not same(lost, lost.subs(dampening, 0))


QUANTITIES = ("norm_power", "one_minus_cosine")


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_sgdm_without_momentum_is_sgd(quantity):
    """At momentum 0 and dampening 0 norm and angle of SGDM are those of SGD."""
    sgdm = getattr(equilibrium_of("sgdm"), quantity).subs({momentum: 0, dampening: 0})
    assert same(sgdm, getattr(equilibrium_of("sgd"), quantity))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_lion_without_beta1_is_adamw_without_beta1(quantity):
    """At beta1 = 0 Lion and AdamW are the same walk of white unit inputs: Lion's series vanishes."""
    lion = equilibrium_of("lion")
    ((symbol, series),) = lion.series.items()
    assert series.first_weight.subs(beta1, 0) == 0
    walk = getattr(lion, quantity).subs(symbol, 0)
    assert same(walk, getattr(equilibrium_of("adamw"), quantity).subs(beta1, 0))


def test_adamw_without_beta1_is_the_white_walk():
    """At beta1 = 0 AdamW has cos = 1 - p and norm^2 = d eta^2/(1 - a^2)."""
    found = equilibrium_of("adamw")
    assert same(found.cosine.subs(beta1, 0), a)
    assert same(found.norm_power.subs(beta1, 0), dim * lr**2 / (1 - a**2))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_chord_sine_and_angle_follow_from_the_cosine(optimizer):
    """chord^2 = 2 - 2 cos, sine^2 = 1 - cos^2, and the angle is the arccosine, for every optimizer."""
    found = equilibrium_of(optimizer)
    assert same(found.chord**2, 2 - 2 * found.cosine)
    assert same(found.sine**2, 1 - found.cosine**2)
    point = dict.fromkeys(found.one_minus_cosine.free_symbols, Integer(1) / 3)
    assert abs((found.angle - acos(found.cosine)).subs(point).evalf(40)) < 10**-38


def test_sgd_at_decay_one_turns_by_a_right_angle():
    """At p = 1 SGD forgets its weights in one step: the angle is pi/2, chord sqrt 2, sine 1."""
    found = equilibrium_of("sgd")
    assert found.angle.subs(decay, 1) == pi / 2
    assert found.chord.subs(decay, 1) == sqrt(2)
    assert found.sine.subs(decay, 1) == sin(pi / 2)


def test_norm_at_constant_energy_is_the_random_walk():
    """Gradients whose size ignores |w| put SGD at norm^2 = eta^2 L/(1 - a^2)."""
    assert same(equilibrium_of("sgd").norm_at_constant_energy ** 2, lr**2 * energy / (1 - a**2))


def test_norm_of_another_rule_is_derived_too():
    """A rule written here, sign descent with decoupled decay lr^2 wd, gets its equilibrium without further work."""
    base = OPTIMIZERS["adamw"]
    rule = UpdateRule.from_step(
        "independent",
        lambda w, x: ((1 - lr**2 * wd) * w - lr * x,),
        ("w",),
        title="independent decay",
        amplitude=dim,
        parameters=base.parameters,
        convention="decay lr^2 wd",
        hypotheses=(),
    )
    kept = 1 - lr * decay
    assert same(Equilibrium(rule).norm_power, dim * lr**2 / (1 - kept**2))
    assert same(Equilibrium(rule).cosine, kept)


def test_every_quantity_knows_what_it_was_derived_from():
    """The norm records the Gram moment it was read from, the angle's leading order the cosine's."""
    found = equilibrium_of("sgd")
    assert found.norm_power is not None
    assert found.angle_leading_order is not None
    assert "sgd.unit_squared_norm" in uses("sgd.norm_power")
    assert uses("sgd.angle_leading_order") == {"sgd.angle_leading_order_in_decay"}
    assert uses("sgd.angle_leading_order_in_decay") == {"sgd.one_minus_cosine_leading_order"}
    assert "sgd.one_minus_cosine" in uses("sgd.one_minus_cosine_leading_order")
    assert "sgd.norm_power" not in uses("sgd.one_minus_cosine")
    assert {"gram.after_step", "sgd.noise"} <= uses("sgd.unit_gram")
