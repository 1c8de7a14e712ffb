"""Derived quantities are computed once and remember what they read."""

import pytest

from theory.derivation import derived, uses


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
    assert uses(chain, "d") == {"c"}
    assert uses(chain, "c") == {"a", "b"}
    assert uses(chain, "b") == {"a"}
    assert uses(chain, "a") == frozenset()


@pytest.mark.parametrize("first", ["a", "b", "c", "d"])
def test_uses_do_not_depend_on_what_was_asked_first(first):
    """A reading from the store is recorded like a fresh one."""
    chain = Chain()
    getattr(chain, first)
    assert uses(chain, "c") == {"a", "b"}
    assert uses(chain, "d") == {"c"}


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
    assert uses(chain, "b") == {"a"}
    assert uses(chain, "a") == frozenset()


def test_objects_do_not_share_values():
    """Two objects derive their own values, and the class gives the descriptor with its docstring."""
    one, other = Chain(), Chain()
    assert one.a == other.a
    assert other.computed == ["a"]
    assert Chain.a.__doc__ == "The root."
