"""The simulation layer that a build runs: its verdicts, and that it can refute."""

from dataclasses import replace

import pytest

from proofs import CLAIMS
from proofs.confrontation import Bench, Predicted, sign_stationarity
from proofs.layers import simulation
from proofs.verdict import Outcome
from theory import NAMES
from theory.catalogue import REFINED, REFINING

pytestmark = pytest.mark.chance(40)

LAWS = (simulation.GAUSSIAN,)
SIMULATED = [claim_id for claim_id, claim in CLAIMS.items() if simulation.applies(claim)]


@pytest.mark.parametrize("claim_id", ["sgd-rate", "sgdm-rate", "adamw-norm", "adamw-rate", "lion-norm", "lion-rate"])
def test_simulation_holds(claim_id):
    """The confrontations of the claim at the layer's fixed points agree, and the verdict says how well."""
    verdict = simulation.check(CLAIMS[claim_id])
    assert verdict.outcome is Outcome.HOLDS, verdict.detail
    assert verdict.layer == "simulation-cpu"
    assert 1e-9 <= verdict.detail["smallest_p_value"] <= 1


@pytest.mark.parametrize("optimizer", ["ngd", "signum", *simulation.FINITE_BETA2])
def test_every_rule_is_confronted(optimizer):
    """Normalised SGD, Signum and the rules at finite beta2 agree with their simulations in norm and angle."""
    assert {f"{optimizer}-norm", f"{optimizer}-angle"} < set(SIMULATED)
    verdict = simulation.check(CLAIMS[f"{optimizer}-norm"])
    assert verdict.outcome is Outcome.HOLDS, verdict.detail


def test_no_rule_is_left_out():
    """Every compiled rule has its norm and its angle confronted."""
    assert {f"{name}-{subject}" for name in NAMES for subject in ("norm", "angle")} < set(SIMULATED)


@pytest.mark.parametrize("optimizer", simulation.FINITE_BETA2)
def test_finite_beta2_is_told_from_v_at_its_mean(optimizer, monkeypatch):
    """The same runs reject the norm that the rule has with its denominator at the mean."""
    (name,) = (rule for rule, better in REFINED.items() if better == optimizer)
    right = Predicted.of

    def without(_, chosen):
        plain = right(name, {k: v for k, v in chosen.items() if k not in REFINING})
        return right(optimizer, chosen).replaced(squared_norm=plain.moments[0, 0])

    monkeypatch.setattr(simulation, "FINITE_BETA2", {optimizer: (simulation.FINITE_BETA2[optimizer][0], LAWS)})
    monkeypatch.setattr(Predicted, "of", without)
    (found,) = simulation._finite_beta2.__wrapped__(optimizer, "cpu")
    assert not found.agrees
    assert found.statistics[1].p_value > found.false_alarm


def test_signum_is_told_from_white_signs():
    """From Signum's own history the norm of white signs does not stay."""
    at = simulation.SIGNUM[1]
    white = Predicted.of("signsgd", {k: v for k, v in at.items() if k != "beta1"})
    bench = Bench("iid", dim=128, seed=5)
    assert not sign_stationarity("signum", at, bench, white).agrees


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


def test_a_simulation_outside_the_hypotheses_tests_nothing():
    """Confrontations outside a claim's domain, or under a law that it excludes, are counted and hold nothing."""
    from theory.symbols import decay

    claim = CLAIMS["sgdw-angle"]
    met = simulation.check(claim)
    assert (met.detail["inside"], met.detail["outside"]) == (2, 0)
    assert met.detail["points"][0] == {"lr": 0.1, "wd": 0.5, "momentum": 0.9}
    away = simulation.check(replace(claim, domain=lambda: (decay > 1,)))
    assert (away.outcome, away.detail["inside"], away.detail["outside"]) == (Outcome.UNDECIDED, 0, 2)
    (found, *_) = simulation.confront(claim)
    assert simulation.meets(claim, found)
    assert not simulation.meets(claim, replace(found, conditions={"law": "iid"}))
    assert not simulation.meets(claim, replace(found, hyperparameters={"lr": 0.1, "wd": 0.5, "momentum": 1.5}))
    assert simulation.meets(CLAIMS["ngd-angle"], replace(found, conditions={"law": "iid"}))
