"""The claims that recipes rest on, against simulations."""

import pytest

from proofs import CLAIMS
from proofs.claims import recipes
from theory import inverse

pytestmark = pytest.mark.chance(8)


@pytest.mark.parametrize("claim_id", ["turn-of-steps", "sgd-turn-of-steps"])
def test_steps_turn_as_derived(claim_id):
    """Simulated weights turn over several steps by the derived cosine."""
    found = CLAIMS[claim_id].experiment("cpu")
    assert found
    assert [c.report() for c in found if not c.agrees] == []


def test_steps_that_add_in_squares_are_rejected(monkeypatch):
    """The confrontation can fail: that squared angles add k-fold is refuted for AdamW's momentum."""
    exact = inverse.cosine_after

    def independent(found, count):
        return 1 - count * (1 - exact(found, 1))

    monkeypatch.setattr(inverse, "cosine_after", independent)
    point = {"lr": 0.1, "wd": 0.2, "beta1": 0.8, "dim": recipes.TURNING_DIM}
    assert not recipes.turning("adamw", point, "iid", 2, "cpu").agrees
