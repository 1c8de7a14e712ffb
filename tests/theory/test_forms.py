"""Readable forms are equal to what they were made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, cancel, count_ops

from tests import strategies
from theory import OPTIMIZERS, equilibrium_of
from theory.forms import in_decay, positive_factors, tidy
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
