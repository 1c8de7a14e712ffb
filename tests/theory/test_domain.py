"""Ranges: their edges are in or out as written, and a refusal names parameter, value and range."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import OutOfDomain, Parameter
from theory.domain import BETA1, DAMPENING, DIM, GRAD_NORM, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY

BELOW_ONE = math.nextafter(1, 0)
LEAST = math.ulp(0.0)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (LEARNING_RATE, LEAST),
        (LEARNING_RATE, 1e308),
        (WEIGHT_DECAY, LEAST),
        (MOMENTUM, 0),
        (MOMENTUM, -0.0),
        (MOMENTUM, BELOW_ONE),
        (DAMPENING, BELOW_ONE),
        (BETA1, 0),
        (DIM, 1),
        (DIM, 1e6),
        (GRAD_NORM, LEAST),
    ],
)
def test_edges_inside_are_taken(parameter, value):
    """A value at the inner side of an edge is returned as a float."""
    assert parameter.check(value) == value
    assert isinstance(parameter.check(value), float)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (LEARNING_RATE, 0),
        (LEARNING_RATE, -LEAST),
        (LEARNING_RATE, math.inf),
        (LEARNING_RATE, math.nan),
        (WEIGHT_DECAY, 0),
        (MOMENTUM, 1),
        (MOMENTUM, -LEAST),
        (BETA1, math.nan),
        (BETA1, -math.inf),
        (DIM, 0),
        (DIM, 1.5),
        (DIM, math.inf),
        (DIM, math.nan),
        (GRAD_NORM, 0),
    ],
)
def test_edges_outside_are_refused(parameter, value):
    """A value at the outer side raises OutOfDomain with name, value and range."""
    with pytest.raises(OutOfDomain) as raised:
        parameter.check(value)
    assert str(raised.value) == f"{parameter.name} = {value:g} is outside its range {parameter.range}"


def test_range_is_written_as_an_interval():
    """Half-open intervals show which edge belongs to them."""
    assert LEARNING_RATE.range == "(0, inf)"
    assert MOMENTUM.range == "[0, 1)"
    assert DIM.range == "[1, inf), whole"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_check_agrees_with_the_interval(value):
    """For [0, 1) a float is taken exactly when 0 <= x < 1."""
    parameter = Parameter("x", 0, 1, True, None, "")
    if 0 <= value < 1:
        assert parameter.check(value) == value
    else:
        with pytest.raises(OutOfDomain):
            parameter.check(value)
