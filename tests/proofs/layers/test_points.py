"""The second oracle finds a witness against what is false and none against what is true."""

import random
from dataclasses import replace

import pytest
from sympy import Integer, Rational, Symbol, asin, sqrt, sympify

from proofs import CLAIMS
from proofs.claim import Obligation
from proofs.layers import points
from proofs.verdict import Outcome
from tests.proofs.layers import altered
from theory.symbols import beta1, decay, index, lr, momentum


def refute(owed, seed=0):
    """A witness against the obligation, or None."""
    return points.refutes(owed, points.Scan(random.Random(seed)))


@pytest.mark.parametrize("name", altered.TRUE)
def test_what_is_true_has_no_witness(name):
    """No point contradicts a true obligation."""
    assert refute(altered.TRUE[name]) is None


@pytest.mark.parametrize("name", altered.FALSE)
def test_what_is_false_has_a_witness(name):
    """A false obligation is refuted at a point of the domain, which the witness names and which checks out."""
    owed = altered.FALSE[name]
    witness = refute(owed)
    assert witness is not None
    symbols = owed.left.free_symbols | owed.right.free_symbols
    at = {symbol: Rational(witness[str(symbol)]) for symbol in symbols}
    assert set(witness) == {str(s) for s in symbols} | {"left", "right"}
    left, right = owed.left.subs(at), owed.right.subs(at)
    assert left != right if owed.relation == "=" else left > right
    assert abs(float(left) - float(sympify(witness["left"]))) <= 1e-12 * abs(float(left))


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_altered_obligations_of_every_claim_are_refuted(claim_id):
    """A wrong term added to the shortest obligation of a claim is refuted with a witness, for every claim."""
    owed = altered.shortest(CLAIMS[claim_id].owed)
    if owed is not None:
        too_much = 1 + abs(owed.right - owed.left)
        assert refute(Obligation(owed.says, owed.left + too_much, owed.right, owed.relation)) is not None


@pytest.mark.parametrize("size", [Rational(1, 10**12), Rational(1, 10**40)])
def test_small_errors_are_found_in_irrational_sides_too(size):
    """Sides with roots are compared to fifty digits, so an error of 1e-40 is found."""
    assert refute(Obligation("root", sqrt(decay), sqrt(decay) * (1 + size))) is not None
    assert refute(Obligation("arcsine", asin(decay), asin(decay) + size * decay)) is not None
    assert refute(Obligation("same", sqrt(decay**3), decay * sqrt(decay))) is None


def test_rational_sides_are_compared_exactly():
    """For rational sides an error of 1e-60 is still an error, since nothing is rounded."""
    owed = Obligation("exact", decay, decay + Rational(1, 10**60))
    assert refute(owed) is not None


def test_a_refuted_claim_carries_its_witness():
    """The verdict is refuted, names the obligation and holds the point."""
    verdict = points.check(altered.with_obligations(altered.TRUE["equal"], altered.FALSE["wrong sign"]))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.detail["obligation"] == "sign"
    assert set(verdict.detail["witness"]) == {"p", "beta_1", "left", "right"}


def test_points_lie_in_the_domain():
    """Decays and momenta are drawn inside (0, 1), learning rates positive, indices whole."""
    generator = random.Random(5)
    for _ in range(200):
        for symbol in (decay, momentum, beta1):
            assert 0 < points.draw(symbol, generator) < 1
        assert points.draw(lr, generator) > 0
        assert points.draw(index, generator).is_integer
    assert points.draw(Symbol("free"), generator).is_Rational


def test_constants_are_compared_once():
    """An obligation between constants is decided at its only point."""
    assert refute(Obligation("one", Integer(1), Integer(1))) is None
    assert refute(Obligation("two", Integer(1), Integer(2))) is not None
    assert refute(Obligation("less", Integer(1), Integer(2), "<=")) is None


def test_a_seed_gives_the_same_points():
    """The witness is reproducible, and another seed finds another."""
    owed = altered.FALSE["wrong sign"]
    assert refute(owed, 1) == refute(owed, 1) != refute(owed, 2)


def test_points_outside_the_hypotheses_are_drawn_again():
    """Only points that meet a claim's hypotheses test it; the others are counted, and refute nothing."""
    owed = Obligation("below a half", decay, Rational(1, 2), "<=")
    claim = replace(altered.with_obligations(owed), domain=lambda: (decay < Rational(1, 2),))
    verdict = points.check(claim)
    assert (verdict.outcome, verdict.detail["inside"]) == (Outcome.HOLDS, points.POINTS)
    assert verdict.detail["outside"] > 0
    assert points.check(replace(claim, domain=tuple)).outcome is Outcome.REFUTED


def test_a_claim_whose_hypotheses_no_point_meets_is_not_tested():
    """Where no point meets the hypotheses nothing holds, however true, and the obligation is named."""
    claim = replace(altered.with_obligations(altered.TRUE["equal"]), domain=lambda: (decay > 2,))
    verdict = points.check(claim)
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.detail == {"unmet": ["AdamW's 1 - cos"], "inside": 0, "outside": points.POINTS * points.TRIES}


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_points_meet_the_hypotheses_of_every_claim(claim_id):
    """Each obligation of each claim is met by as many points as are wanted."""
    scan = points.Scan(random.Random(1), CLAIMS[claim_id].domain())
    for owed in CLAIMS[claim_id].owed:
        symbols = sorted(owed.left.free_symbols | owed.right.free_symbols, key=str)
        assert len(list(scan.points(symbols, points.POINTS))) == points.POINTS
