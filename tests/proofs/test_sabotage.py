"""Every altered statement is caught by a layer, and one that is still true is not."""

import pytest

from proofs import sabotage
from proofs.layers import TABLE
from proofs.verdict import Outcome, Verdict

CHEAP = ("identity", "points", "smt")
"""Enough for every alteration; the rest of the layers is shown them by ``smd verify --sabotage``."""


SGD = ("sgd-norm", "sgd-angle", "sgd-attraction", "sgd-trajectory", "sgd-deviation", "muon-angle", "sgd-coupling")


def test_there_are_enough_of_every_kind():
    """Hundreds of statements, of every kind of alteration and of every claim that is sabotaged."""
    altered = list(sabotage.alterations())
    assert len(altered) >= 300
    assert {one.how for one in altered} == set(sabotage.KINDS)
    assert {one.claim for one in altered} == set(sabotage.SABOTAGED)
    assert len({(one.claim, one.how, one.altered) for one in altered}) == len(altered)


@pytest.mark.parametrize("claim_id", sabotage.SABOTAGED)
def test_no_altered_statement_survives(claim_id):
    """Each is refuted with a witness; that identity no longer decides it is not relied on."""
    for one in sabotage.alterations([claim_id]):
        caught = dict(sabotage.caught_by(one, CHEAP))
        assert "refuted" in caught.values(), f"{one.claim} with {one.how}"
        assert caught.get("identity") == "no longer decided", f"{one.claim} with {one.how}"


@pytest.mark.parametrize("layer", ["certificate", "interval"])
def test_each_layer_catches_by_itself(layer):
    """A certificate or an enclosure alone catches these too."""
    for one in sabotage.alterations(SGD):
        if one.how != "the domain widened":
            assert dict(sabotage.caught_by(one, [layer])), f"{one.claim} with {one.how}"


def test_what_is_true_survives():
    """A statement that was not altered is caught by nothing."""
    one = next(sabotage.alterations())
    unaltered = sabotage.Alteration(one.claim, "nothing", one.true, one.true)
    assert dict(sabotage.caught_by(unaltered)) == {}


def test_a_blind_layer_catches_nothing(monkeypatch):
    """A layer that holds whatever it is shown lets every alteration through."""
    monkeypatch.setattr(TABLE["points"].checker, "check", lambda _: Verdict("points", Outcome.HOLDS, "blind", 0.0))
    assert not any(dict(sabotage.caught_by(one, ["points"])) for one in sabotage.alterations(SGD))
