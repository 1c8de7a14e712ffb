"""The author's own test: the optimizer moves as its rule says, and a rule that it is not would be noticed."""

from functools import partial

import pytest
from look_ahead import LookAheadDecay
from look_ahead_rule import rule

import smd

make = partial(LookAheadDecay, lr=0.5, weight_decay=1.0, momentum=0.9)


def test_it_settles_where_its_rule_says():
    smd.assert_equilibrium(make, rule, lr=0.5, wd=1.0, momentum=0.9)


def test_it_is_not_the_heavy_ball():
    with pytest.raises(AssertionError, match="does not settle where sgdm does"):
        smd.assert_equilibrium(make, "sgdm", lr=0.5, wd=1.0, momentum=0.9)
