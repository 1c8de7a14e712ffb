"""Derived quantities are computed once and remember what they read."""

from dataclasses import replace
from functools import cache

import pytest

from theory import OPTIMIZERS, GramRecursion
from theory.derivation import derived, reading, recorded, uses


class Chain:
    """a from nothing, b from a, c from a and b, d from c; counts its computations."""

    def __init__(self):
        self.computed = []

    @derived
    def a(self):
        """The root."""
        self.computed.append("a")
        return 1

    @derived
    def b(self):
        """From a."""
        self.computed.append("b")
        return self.a + 1

    @derived
    def c(self):
        """From a and b."""
        self.computed.append("c")
        return self.a + self.b

    @derived
    def d(self):
        """From c alone."""
        self.computed.append("d")
        return self.c

    @derived
    def broken(self):
        """Fails after reading a."""
        raise ZeroDivisionError(self.a)


def test_uses_are_direct_only():
    """A quantity records what it read itself, not what that was made from."""
    chain = Chain()
    assert (chain.d, chain.b) == (3, 2)
    assert uses("Chain.d") == {"Chain.c"}
    assert uses("Chain.c") == {"Chain.a", "Chain.b"}
    assert uses("Chain.b") == {"Chain.a"}
    assert uses("Chain.a") == frozenset()


@pytest.mark.parametrize("first", ["a", "b", "c", "d"])
def test_uses_do_not_depend_on_what_was_asked_first(first):
    """A reading from the store is recorded like a fresh one."""
    chain = Chain()
    getattr(chain, first)
    assert chain.d == 3
    assert uses("Chain.c") == {"Chain.a", "Chain.b"}
    assert uses("Chain.d") == {"Chain.c"}


def test_every_quantity_is_computed_once():
    """Asking twice computes once, per object."""
    chain = Chain()
    assert (chain.d, chain.c, chain.d) == (3, 3, 3)
    assert sorted(chain.computed) == ["a", "b", "c", "d"]
    assert Chain().computed == []


def test_a_failure_leaves_no_trace():
    """After an exception in one quantity the others still record their own reads only."""
    chain = Chain()
    with pytest.raises(ZeroDivisionError):
        chain.broken  # noqa: B018
    assert chain.b == 2
    assert uses("Chain.b") == {"Chain.a"}
    assert uses("Chain.a") == frozenset()


def test_objects_do_not_share_values():
    """Two objects derive their own values, and the class gives the descriptor with its docstring."""
    one, other = Chain(), Chain()
    assert one.a == other.a
    assert other.computed == ["a"]
    assert Chain.a.__doc__ == "The root."


@recorded
@cache
def general(x):
    """A law that reads another, remembered."""
    return other(x) + 1


@recorded
def other(x):
    """A law that reads nothing."""
    return 2 * x


@recorded
def of_rule(rule):
    """A law of one rule."""
    return rule.name


def test_functions_are_read_like_properties():
    """A reader reads the function, not what that read in turn, and a remembered value like a fresh one."""
    for _ in range(2):
        with reading() as used:
            assert general(3) == 7
        assert used == {"test_derivation.general"}
        assert uses("test_derivation.general") == {"test_derivation.other"}
    with reading() as used:
        other(1)
    assert used == {"test_derivation.other"}


def test_a_law_of_a_rule_is_named_after_it():
    """What is derived for a built-in rule has its name, and a rule made from it is another."""
    with reading() as used:
        of_rule(OPTIMIZERS["sgd"])
        of_rule(replace(OPTIMIZERS["sgd"], title="mine"))
    assert used == {"sgd.of_rule", "like sgd.of_rule"}


def test_values_that_are_made_once_know_their_origin():
    """The autocorrelation of Lion's sign, made when its rule is written, says which law it came from."""
    assert OPTIMIZERS["lion"].autocorrelation.origin == "GaussianFilter.sign_autocorrelation"
    assert OPTIMIZERS["sgd"].autocorrelation.origin == ""
    with reading() as used:
        assert GramRecursion(OPTIMIZERS["lion"]).cross.shape == (1, 1)
    assert used == {"lion._correlated"}
    assert "GaussianFilter.sign_autocorrelation" in uses("lion._correlated")
