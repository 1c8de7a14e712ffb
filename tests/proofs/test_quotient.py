"""Lowest terms without SymPy's factor: the same function, coprime, and no division by zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, cancel, fraction, gcd, sqrt

from proofs.algebra.quotient import lowest, quotient
from tests.strategies import examples
from theory.symbols import beta1, decay, momentum

LEAVES = st.sampled_from([decay, momentum, beta1, Integer(2), Rational(-1, 3)])
TREES = st.recursive(
    LEAVES,
    lambda parts: st.tuples(parts, parts).map(sum) | st.tuples(parts, parts).map(lambda pair: pair[0] * pair[1] - 1),
    max_leaves=6,
)


@examples(0.3)
@given(TREES, TREES)
def test_the_lowest_terms_are_the_same_function_and_coprime(above, below):
    """The difference from what was written vanishes, and numerator and denominator share no factor."""
    below = below**2 + 1
    found = lowest(above * (1 + decay) / (below * (1 + decay)))
    assert not quotient(found - above / below).numerator
    assert gcd(*fraction(found)).is_number
    assert quotient(found + decay - above / below).numerator


def test_what_cancels_is_gone():
    """A common factor that SymPy cancels is cancelled, and another function is another."""
    written = (decay**2 - momentum**2) / (decay - momentum) + 1 / (1 + beta1)
    assert cancel(lowest(written) - (decay + momentum + 1 / (1 + beta1))) == 0
    assert lowest((decay**2 - momentum**2) / (decay - momentum)) == decay + momentum
    assert lowest(written) != lowest(written + 1)
    assert lowest(sqrt(decay) * (1 + decay) / (1 + decay)) == sqrt(decay)


def test_a_zero_in_a_denominator_is_refused():
    """Zero under a bar is named, also where it is only zero when multiplied out."""
    with pytest.raises(ZeroDivisionError, match="is zero and stands in a denominator"):
        lowest(1 / ((1 + decay) ** 2 - 1 - 2 * decay - decay**2))
