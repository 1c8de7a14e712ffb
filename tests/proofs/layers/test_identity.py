"""The symbolic layer proves what is true and nothing else."""

import pytest
from sympy import Integer, asin, pi, sin, sqrt

from proofs import CLAIMS
from proofs.claim import Obligation
from proofs.layers import identity
from proofs.verdict import Outcome
from tests.proofs.layers import altered
from theory.symbols import beta1, correlation, decay, momentum


@pytest.mark.parametrize("name", altered.TRUE)
def test_what_is_true_is_decided(name):
    """Rational identities and inequalities between nonnegative coefficients are decided."""
    assert identity.decides(altered.TRUE[name])


@pytest.mark.parametrize("name", altered.FALSE)
def test_what_is_false_is_not_decided(name):
    """Wrong coefficients, signs, exchanged betas and false inequalities are never decided."""
    assert not identity.decides(altered.FALSE[name])


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_altered_obligations_of_every_claim_are_not_decided(claim_id):
    """One more on the left of an equation, or an inequality turned round, is undecided, for every claim.

    The shortest statement of each claim: what is altered is as wrong in all of them.
    """
    owed = altered.shortest(CLAIMS[claim_id].owed)
    if owed is not None:
        left, right = (owed.left, owed.right) if owed.relation == "=" else (owed.right, owed.left)
        assert not identity.decides(Obligation(owed.says, left + 1, right, owed.relation))


def test_true_but_beyond_the_normal_form_stays_undecided():
    """An identity that rational normal forms cannot see is undecided, which is not false."""
    owed = Obligation("sine", sin(asin(decay) + pi), sqrt(decay**2))
    assert not identity.decides(owed)


def test_undecided_obligations_are_named():
    """A verdict with an undecided obligation is undecided and says which."""
    claim = altered.with_obligations(altered.FALSE["wrong coefficient"], altered.TRUE["equal"])
    verdict = identity.check(claim)
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.detail == {"undecided": [altered.FALSE["wrong coefficient"].says]}


def test_inequality_needs_nonnegative_symbols():
    """A square is nonnegative for a real symbol too, but its coefficients say nothing there: undecided."""
    assert not identity.decides(Obligation("real", Integer(0), correlation, "<="))
    assert identity.decides(Obligation("nonnegative", Integer(0), momentum, "<="))


def test_inequality_of_constants():
    """Constants are compared as they are."""
    assert identity.decides(Obligation("2 <= 3", Integer(2), Integer(3), "<="))
    assert not identity.decides(Obligation("3 <= 2", Integer(3), Integer(2), "<="))


def test_inequality_with_a_negative_denominator_is_not_decided():
    """1/(1 - beta1) has no nonnegative coefficients; the layer does not guess its sign."""
    assert not identity.decides(Obligation("pole", Integer(0), 1 / (1 - 2 * beta1), "<="))
