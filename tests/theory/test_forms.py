"""Readable forms are equal to what they were made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Float, Rational, cancel, count_ops, exp, factor, sqrt, srepr

from tests import strategies
from theory import OPTIMIZERS, equilibrium_of
from theory.forms import factored, in_decay, positive_factors, tidy
from theory.symbols import INTERIOR, beta1, contraction, decay, lr, momentum

ATOMS = (decay, momentum, beta1, lr, 1 - decay, 1 + momentum * decay, 2 - decay, 1 - beta1 * (1 - decay))


@st.composite
def rational_functions(draw):
    """Quotients of sums of products of the factors that equilibria are made of."""

    def polynomial():
        terms = draw(st.lists(st.lists(st.sampled_from(ATOMS), max_size=3), min_size=1, max_size=3))
        total = 0
        for factors in terms:
            term = Rational(draw(st.integers(1, 5)))
            for piece in factors:
                term *= piece
            total += term * draw(st.sampled_from([1, -1]))
        return total

    over = draw(st.sampled_from([1, decay, 1 - momentum, 1 - (1 - decay) ** 2]))
    return polynomial() / over


@strategies.examples(0.3)
@given(rational_functions())
def test_tidy_is_equal_to_its_input(expression):
    """tidy changes the form of a rational function and nothing else."""
    assert cancel(in_decay(tidy(expression)) - in_decay(expression)) == 0


@strategies.examples(0.3)
@given(rational_functions(), st.integers(1, 10**6), st.integers(1, 10**6))
def test_tidy_agrees_at_random_rational_points(expression, first, second):
    """At an exact point with a = 1 - p and lambda = p/eta the two forms have one value."""
    point = {decay: Rational(first, 10**6 + 1), momentum: Rational(second, 10**6 + 1), beta1: Rational(1, 3), lr: 7}
    assert in_decay(tidy(expression)).subs(point) == in_decay(expression).subs(point)


@strategies.examples(0.2)
@given(rational_functions())
def test_positive_factors_is_equal_to_its_input(expression):
    """Orienting the factors keeps the value, sign included."""
    assert cancel(positive_factors(expression) - expression) == 0


@strategies.examples(0.3)
@given(rational_functions(), st.sampled_from([decay, momentum, sqrt(decay), sqrt(1 - momentum), exp(-decay)]))
def test_factored_has_sympys_form(expression, other):
    """The form is SymPy's to the letter, with roots and exponentials as well, for sums and for quotients."""
    for value in (expression, expression * other + 1, (1 + other) / (2 + expression**2)):
        assert srepr(factored(value)) == srepr(factor(value))


FORMS = {
    "zero": decay * (1 - decay) - decay + decay**2,
    "number": Rational(2, 3),
    "a number in disguise": (2 + 2 * momentum) / (1 + momentum),
    "a constant before a sum": 2 - 2 * decay,
    "minus before a sum": (1 - decay**2) / (-1 - decay),
    "fraction before a sum": decay / 2 + momentum / 3,
    "fraction before a product": (decay / 2 + Rational(1, 2)) * (momentum / 3 + 1),
    "irrational number": sqrt(2) * decay + sqrt(2),
    "root": sqrt(decay) + decay,
    "exponent": decay**momentum + decay ** (momentum + 1),
    "binary fraction": Float(0.5) * decay + decay**2,
    "pole": 1 / (decay * (1 - decay) - decay + decay**2),
}


@pytest.mark.parametrize("name", FORMS)
def test_factored_has_sympys_form_at_the_edges(name):
    """Zero, numbers and their signs, and what is no rational function come out as SymPy's factor writes them."""
    assert srepr(factored(FORMS[name])) == srepr(factor(FORMS[name]))


def test_the_form_notices_a_wrong_factorisation():
    """The comparison can fail: a lost sign, constant or power and an expanded factor are told apart."""
    right = (1 - decay**2) ** 2 / (2 + 2 * momentum)
    for wrong in (-right, 2 * right, (1 - decay**2) / (2 + 2 * momentum)):
        assert srepr(factored(wrong)) != srepr(factor(right))
    assert srepr(right) != srepr(factor(right))


CONSTANTS = {
    "one": (decay * (2 - decay) / (1 - (1 - decay) ** 2), 1),
    "zero": (decay * (1 - decay) - decay + decay**2, 0),
    "two": ((2 + 2 * momentum) / (1 + momentum), 2),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_in_disguise_become_themselves(name):
    """A rational function that is a number, without looking like one, prints as that number."""
    expression, number = CONSTANTS[name]
    assert tidy(expression) == positive_factors(expression) == number


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("quantity", ["norm_power", "one_minus_cosine", "cosine"])
def test_displayed_forms_of_the_equilibria_are_equal(optimizer, quantity):
    """What is printed for norm and angle equals what was derived."""
    found = equilibrium_of(optimizer)
    derived = getattr(found, quantity)
    assert cancel(in_decay(found.display(derived)) - in_decay(derived)) == 0


def test_tidy_control_notices_a_changed_expression():
    """The comparison can fail: the form of one expression is not equal to another."""
    assert cancel(in_decay(tidy(1 - decay)) - (1 + decay)) != 0


def test_tidy_prefers_the_shorter_form():
    """1 - 2p + p^2 prints as a square in a = 1 - p, never longer than its input."""
    expanded = ((1 - decay) ** 2).expand()
    assert count_ops(tidy(expanded)) < count_ops(expanded)
    assert tidy(expanded) == contraction**2


def test_factors_are_positive_inside_the_domain():
    """Every factor of a norm is positive at an interior point, so no double minus is printed."""
    norm = positive_factors(1 / ((decay - 2) * (momentum - 1)))
    for piece in norm.args:
        assert piece.subs(INTERIOR) > 0
