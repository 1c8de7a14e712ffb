"""Leading orders against their textbook forms, and the neglected term against the exact expression."""

import pytest
from sympy import Integer, Rational, Symbol, cancel, powdenest, series, simplify

from theory import OPTIMIZERS, LeadingOrder, equilibrium_of
from theory.leading_order import angle_leading_order, expand_series, of_rational
from theory.symbols import beta1, dampening, decay, dim, energy, lr, momentum, wd

NORMS = {
    "sgd": (lr * energy / (2 * wd), 4),
    "sgdm": (lr * energy / (2 * wd * (1 - momentum)), 4),
    "adamw": (dim * lr / (2 * wd), 2),
}
SQUARED_ANGLES = {
    "sgd": 2 * decay,
    "sgdm": 2 * decay / (1 + momentum),
    "adamw": 2 * decay * (1 - beta1) / (1 + beta1),
}


@pytest.mark.parametrize("optimizer", NORMS)
def test_norm_to_leading_order(optimizer):
    """The norm is (eta L/(2 lambda))^(1/4) for SGD and sqrt(d eta/(2 lambda)) for AdamW."""
    expected, power = NORMS[optimizer]
    leading = equilibrium_of(optimizer).norm_leading_order.leading.subs(dampening, 0)
    assert cancel(powdenest(leading**power, force=True) - expected.subs(wd, decay / lr)) == 0


@pytest.mark.parametrize("optimizer", SQUARED_ANGLES)
def test_angle_to_leading_order(optimizer):
    """The angle is sqrt(2p), sqrt(2p/(1+alpha)) and sqrt(2p (1-beta1)/(1+beta1))."""
    leading = equilibrium_of(optimizer).angle_leading_order.leading.subs(dampening, 0)
    assert cancel(leading**2 - SQUARED_ANGLES[optimizer]) == 0


def test_leading_order_control_rejects_swapped_signs():
    """The comparison can fail: AdamW's angle is not sqrt(2p (1+beta1)/(1-beta1))."""
    leading = equilibrium_of("adamw").angle_leading_order.leading
    assert cancel(leading**2 - 2 * decay * (1 + beta1) / (1 - beta1)) != 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_neglected_term_of_the_angle(optimizer):
    """The stated coefficient is that of theta^2 in a series made by SymPy from the exact cosine."""
    found = equilibrium_of(optimizer)
    law = found.angle_leading_order_in_decay
    lost = expand_series(found.one_minus_cosine, found.series)
    # theta^2 = 2 lost + lost^2/3 + O(lost^3) and (1 + c p)^2 = 1 + 2 c p + O(p^2).
    squared = series(2 * lost + lost**2 / 3, decay, 0, 3).removeO()
    assert simplify(squared.coeff(decay, 1) - law.leading**2 / decay) == 0
    assert simplify(squared.coeff(decay, 2) - 2 * law.next_coefficient * law.leading**2 / decay) == 0
    assert law.remainder_order == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_neglected_term_of_the_norm(optimizer):
    """The stated coefficient is the first relative correction of the norm's exact power."""
    found = equilibrium_of(optimizer)
    law = found.norm_leading_order_in_decay
    power = found.norm_exponent
    exact = expand_series(found.norm_power, found.series)
    ratio = cancel(exact / powdenest(law.leading**power, force=True))
    assert ratio.subs(decay, 0).equals(1)
    assert simplify(ratio.diff(decay).subs(decay, 0) - power * law.next_coefficient) == 0


def test_leading_order_of_a_polynomial_finds_its_order():
    """3 p^2 (1 + 5 p^3) has leading 3 p^2 and first neglects 5 p^3."""
    law = of_rational(3 * decay**2 + 15 * decay**5, {})
    assert law == LeadingOrder(3 * decay**2, 3, Integer(5))
    assert law.to_power(Rational(1, 2)).next_coefficient == Rational(5, 2)


def test_leading_order_of_a_monomial_neglects_nothing():
    """A pure power of p is its own leading order."""
    assert of_rational(7 / decay, {}) == LeadingOrder(7 / decay, 1, Integer(0))


def test_angle_of_a_cosine_linear_in_p():
    """1 - cos = c p gives the angle sqrt(2 c p)(1 + c p/12)."""
    c = Symbol("c", positive=True)
    law = angle_leading_order(of_rational(c * decay, {}))
    assert cancel(law.leading**2 - 2 * c * decay) == 0
    assert cancel(law.next_coefficient - c / 12) == 0
