"""The fitted order of a residual tells right leading orders from wrong ones."""

import numpy as np
import pytest

from proofs import CLAIMS
from proofs.claim import Kind
from proofs.layers import slope
from proofs.verdict import Outcome
from theory import NAMES, load

DECAYS = slope.DECAYS
LEADING = [c.id for c in CLAIMS.values() if slope.applies(c)]


@pytest.mark.parametrize("order", [0.5, 1, 2, 3])
def test_fitted_order_of_a_pure_power(order):
    """The slope of log c p^k against log p is k."""
    assert slope.fitted_order(DECAYS, 7 * DECAYS**order) == pytest.approx(order, abs=1e-10)


def exact_angles():
    """SGD's exact angle at the layer's decays: 2 asin(sqrt(p/2))."""
    return 2 * np.arcsin(np.sqrt(DECAYS / 2))


def test_right_leading_order_has_order_one():
    """|exact/sqrt(2p) - 1| falls with the first power of p."""
    errors = np.abs(exact_angles() / np.sqrt(2 * DECAYS) - 1)
    assert abs(slope.fitted_order(DECAYS, errors) - 1) < slope.WITHIN


def test_wrong_coefficient_has_order_zero():
    """A coefficient off by a per cent leaves a residual that does not fall: order 0."""
    errors = np.abs(exact_angles() / np.sqrt(2.02 * DECAYS) - 1)
    assert abs(slope.fitted_order(DECAYS, errors)) < 0.01
    assert abs(slope.fitted_order(DECAYS, errors) - 1) > slope.WITHIN


def test_wrong_power_has_another_order():
    """A law in the wrong power of p is off by a power of p, here by its inverse root."""
    errors = np.abs(exact_angles() / (2 * DECAYS) - 1)
    assert slope.fitted_order(DECAYS, errors) == pytest.approx(-0.5, abs=0.01)


def test_law_that_is_better_than_stated_is_noticed():
    """A residual of order 2 is not the stated order 1 either."""
    # At the layer's own decays this residual drowns in rounding.
    coarse = np.logspace(-2.5, -1, 9)
    errors = np.abs(2 * np.arcsin(np.sqrt(coarse / 2)) / (np.sqrt(2 * coarse) * (1 + coarse / 12)) - 1)
    assert slope.fitted_order(coarse, errors) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("claim_id", LEADING)
def test_layer_rejects_a_leading_order_off_by_a_per_cent(claim_id, monkeypatch):
    """With the leading law of the claim multiplied by 1.01 the layer refutes the claim."""
    claim = CLAIMS[claim_id]
    if claim.subject == "rate_leading_order":
        slow = slope.slow_deviation(claim.optimizer)
        monkeypatch.setattr(slope, "slow_deviation", lambda _: lambda values: 1.01 * slow(values))
    else:
        rule = load(claim.optimizer)
        name = {"norm_leading_order": "norm_leading", "angle_leading_order": "angle_leading"}[claim.subject]
        right = rule.functions[name]
        monkeypatch.setitem(rule.functions, name, lambda **values: 1.01 * right(**values))
    verdict = slope.check(claim)
    assert verdict.outcome is Outcome.REFUTED
    assert abs(verdict.detail["fitted_order"]) < 0.5


def test_layer_applies_to_leading_orders_only():
    """Exact claims, identities and limits have no order to fit."""
    assert len(LEADING) == 55
    assert {f"{name}-{subject}-leading" for name in NAMES for subject in ("norm", "angle")} <= set(LEADING)
    assert all(CLAIMS[claim_id].kind is Kind.LEADING_ORDER for claim_id in LEADING)
    assert not slope.applies(CLAIMS["sgd-norm"])
    assert not slope.applies(CLAIMS["angle-chord-sine"])
