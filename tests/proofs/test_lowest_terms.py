"""What obligations are written with: rational functions in lowest terms, equal to what they were made from."""

import pytest
from sympy import Integer, Rational, cancel, factor, sqrt, srepr, together

from proofs.algebra.lowest_terms import lowest_terms
from theory.symbols import decay, momentum

SUM = decay / (1 - momentum) + momentum / (1 - decay) - 1 / (1 + decay * momentum)
FORMS = {
    "a sum of fractions": SUM,
    "a common factor": (1 - decay**2) / (1 - decay) / (2 + 2 * momentum),
    "nested fractions": 1 / (SUM + 1 / (decay + momentum)),
    "a number": Rational(2, 3),
    "zero": (1 - decay) ** 2 - 1 + 2 * decay - decay**2,
}


@pytest.mark.parametrize("name", FORMS)
def test_lowest_terms_are_those_that_expanding_finds(name):
    """Fraction by fraction, the quotient is the one that cancelling the expanded sides gives."""
    assert srepr(lowest_terms(FORMS[name])) == srepr(factor(cancel(together(FORMS[name]))))


def test_another_function_has_other_lowest_terms():
    """The comparison can fail."""
    assert lowest_terms(SUM + 1) != lowest_terms(SUM)
    assert lowest_terms(SUM - SUM) == Integer(0)


def test_roots_are_refused():
    """A root is no rational function: a form that depended on how it is written is not given."""
    with pytest.raises(ValueError, match="rational"):
        lowest_terms(sqrt(decay) + decay)
