"""The simulation layer that a build runs: its verdicts, and that it can refute."""

from dataclasses import replace

import pytest

from proofs import CLAIMS
from proofs.layers import simulation
from proofs.verdict import Outcome

SIMULATED = [claim_id for claim_id, claim in CLAIMS.items() if simulation.applies(claim)]


@pytest.mark.parametrize("claim_id", ["sgd-rate", "sgdm-rate", "adamw-norm", "adamw-rate", "lion-norm", "lion-rate"])
def test_simulation_holds(claim_id):
    """The confrontations of the claim at the layer's fixed points agree, and the verdict says how well."""
    verdict = simulation.check(CLAIMS[claim_id])
    assert verdict.outcome is Outcome.HOLDS, verdict.detail
    assert verdict.layer == "simulation-cpu"
    assert 1e-9 <= verdict.detail["smallest_p_value"] <= 1


def test_exact_claims_of_every_optimizer_are_simulated():
    """Norm, angle and rate of every optimizer are confronted, and the signs of Lion too."""
    assert {f"{o}-{s}" for o in ("sgd", "sgdm", "adamw", "lion") for s in ("norm", "angle", "rate")} < set(SIMULATED)
    assert "lion-autocorrelation" in SIMULATED
    assert not simulation.applies(CLAIMS["angle-chord-sine"])


def test_a_failed_comparison_refutes(monkeypatch):
    """One confrontation that disagrees makes the verdict refuted and is reported in it."""
    right = simulation.confront(CLAIMS["sgd-rate"])
    shifted = [replace(s, predicted=s.predicted + 0.1) for s in right[0].statistics]
    wrong = replace(right[0], statistics=tuple(shifted))
    monkeypatch.setattr(simulation, "confront", lambda claim, device: [wrong, *right[1:]])
    verdict = simulation.check(CLAIMS["sgd-rate"])
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.detail["failed"] == [wrong.report()]
