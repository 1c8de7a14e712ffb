"""The status of a claim is computed from evidence, the worst first."""

from dataclasses import fields, replace

import pytest

from proofs import CLAIMS, Status, status
from proofs.claim import Claim, Kind
from proofs.dependencies import ancestors, depends_on
from proofs.evidence import record
from proofs.layers import points
from proofs.status import SIMULATIONS, STATUS_MEANING, alone
from proofs.verdict import Outcome, Verdict

CLAIM = CLAIMS["angle-chord-sine"]
ANGLE = CLAIMS["sgd-angle"]


def evidence(layer, outcome, claim=CLAIM):
    """Fresh evidence of a layer on a claim, as a run would write it."""
    return record(claim, Verdict(layer, outcome, "by hand", 0.0))


def stale(layer, outcome, claim=CLAIM):
    """Evidence from before a source changed."""
    return replace(evidence(layer, outcome, claim), sources="0" * 16)


HOLDS, REFUTED, UNDECIDED = Outcome.HOLDS, Outcome.REFUTED, Outcome.UNDECIDED
CASES = {
    "nothing known": ([], Status.UNDECIDED),
    "points hold": ([("points", HOLDS)], Status.UNDECIDED),
    "identity undecided": ([("identity", UNDECIDED)], Status.UNDECIDED),
    "identity undecided, points hold": ([("identity", UNDECIDED), ("points", HOLDS)], Status.UNDECIDED),
    "simulated": ([("simulation-cpu", HOLDS)], Status.SUPPORTED),
    "simulated on a GPU": ([("simulation-gpu", HOLDS), ("points", HOLDS)], Status.SUPPORTED),
    "proved": ([("identity", HOLDS)], Status.PROVED),
    "certified": ([("certificate", HOLDS), ("identity", UNDECIDED)], Status.PROVED),
    "decided by solvers": ([("smt", HOLDS), ("identity", UNDECIDED)], Status.DECIDED),
    "decided by solvers and simulated": ([("smt", HOLDS), ("simulation-cpu", HOLDS)], Status.DECIDED),
    "enclosed": ([("interval", HOLDS)], Status.UNDECIDED),
    "decided but refuted by an enclosure": ([("smt", HOLDS), ("interval", REFUTED)], Status.REFUTED),
    "proved and simulated": ([("identity", HOLDS), ("simulation-cpu", HOLDS)], Status.PROVED),
    "proved but refuted by points": ([("identity", HOLDS), ("points", REFUTED)], Status.REFUTED),
    "proved but refuted by simulation": ([("identity", HOLDS), ("simulation-gpu", REFUTED)], Status.REFUTED),
    "refuted alone": ([("slope", REFUTED)], Status.REFUTED),
}


@pytest.mark.parametrize("case", CASES)
def test_status_of_one_claim(case):
    """Refutation beats everything, then proof, then simulation; points and undecided layers decide nothing."""
    layers, expected = CASES[case]
    assert alone(CLAIM, [evidence(layer, outcome) for layer, outcome in layers]) is expected


def test_old_evidence_is_stale():
    """A claim with nothing but old evidence is stale, whatever that said."""
    assert alone(CLAIM, [stale("identity", HOLDS)]) is Status.STALE
    assert alone(CLAIM, [stale("points", REFUTED)]) is Status.STALE


def test_fresh_evidence_outweighs_old():
    """Old evidence beside fresh does not count."""
    assert alone(CLAIM, [stale("points", REFUTED), evidence("identity", HOLDS)]) is Status.PROVED
    assert alone(CLAIM, [stale("identity", HOLDS), evidence("simulation-cpu", HOLDS)]) is Status.SUPPORTED


@pytest.mark.parametrize("kind", [Kind.EMPIRICAL, Kind.CONJECTURE])
def test_conjectures_are_never_proved(kind):
    """An empirical statement or a conjecture can be supported, not proved."""
    claim = Claim(**{f.name: getattr(CLAIM, f.name) for f in fields(CLAIM)} | {"kind": kind})
    both = [evidence("identity", HOLDS, claim), evidence("simulation-cpu", HOLDS, claim)]
    assert alone(claim, both) is Status.SUPPORTED
    assert alone(claim, both[:1]) is Status.UNDECIDED


def known(**outcomes):
    """Evidence by claim id, with underscores for hyphens: the identity layer's outcome."""
    found = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}

    def evidence_of(claim):
        return [evidence("identity", found[claim.id], claim)] if claim.id in found else []

    return evidence_of


def test_fully_proved_needs_every_ancestor():
    """A leading order is fully proved with everything it was derived from, and only proved where one is not."""
    claim = CLAIMS["sgd-angle-leading"]
    assert depends_on(claim) == ("sgd-angle",)
    above = dict.fromkeys(ancestors(claim), HOLDS)
    assert {"sgd-angle", "sgd-norm", "trajectory-recursion"} <= above.keys()
    assert status(claim, known(**above, sgd_angle_leading=HOLDS)) is Status.FULLY_PROVED
    assert status(claim, known(sgd_angle_leading=HOLDS)) is Status.PROVED
    for one in above:
        assert status(claim, known(**above | {one: UNDECIDED}, sgd_angle_leading=HOLDS)) is Status.PROVED
    assert status(claim, known(**above)) is Status.UNDECIDED


def test_a_refuted_or_stale_ancestor_turns_its_dependants():
    """What was derived from a refuted claim is refuted, whatever its own evidence says, and likewise for stale."""
    claim = CLAIMS["sgd-angle-leading"]
    assert status(claim, known(sgd_angle=REFUTED, sgd_angle_leading=HOLDS)) is Status.REFUTED
    assert status(claim, known(sgd_angle=REFUTED)) is Status.REFUTED
    old, fresh = stale("identity", HOLDS, ANGLE), evidence("identity", HOLDS, claim)
    assert status(claim, lambda one: [old] if one == ANGLE else [fresh]) is Status.STALE


@pytest.mark.parametrize("claim_id", ["sgdm-angle", "lion-rate", "warmup-peak", "sgdw-angle-of-adamw"])
def test_a_refuted_general_theorem_turns_claims_of_every_family(claim_id):
    """The Gram recursion is what every optimizer's claims were derived from: with it they all fall."""
    claim = CLAIMS[claim_id]
    assert status(claim, known(trajectory_recursion=REFUTED, **{claim_id: HOLDS})) is Status.REFUTED
    assert status(claim, known(isotropic_noise=REFUTED, **{claim_id: HOLDS})) is Status.PROVED


def test_a_claim_edited_by_one_coefficient_turns_its_dependants_in_other_families():
    """Twice the moment of SGD's fixed point is refuted by points, and with it what other families derive from it."""
    norm = CLAIMS["sgd-norm"]
    first, *rest = norm.owed
    wrong = replace(norm, obligations=lambda: [replace(first, left=2 * first.left), *rest])
    found = record(wrong, points.check(wrong))
    assert found.outcome is REFUTED

    def evidence_of(claim):
        return [found] if claim is norm else [evidence("identity", HOLDS, claim)]

    for claim_id in ("sgd-norm", "sgd-rate", "sgdm-without-momentum", "norm-rescaling", "sgd-fourth-power"):
        assert status(CLAIMS[claim_id], evidence_of) is Status.REFUTED
    assert status(CLAIMS["adamw-norm"], evidence_of) is Status.FULLY_PROVED


def test_a_claim_without_ancestors_is_fully_proved_alone():
    """Where nothing lies below, proved is fully proved."""
    assert depends_on(CLAIM) == ()
    assert status(CLAIM, known(angle_chord_sine=HOLDS)) is Status.FULLY_PROVED


def test_ledger_is_read_by_default():
    """Without further arguments the status is that of the evidence on disk."""
    assert status(CLAIM) is Status.UNDECIDED
    evidence("identity", HOLDS)
    assert status(CLAIM) is Status.FULLY_PROVED
    evidence("points", REFUTED)
    assert status(CLAIM) is Status.REFUTED


def test_every_status_is_explained():
    """Each status has its meaning in words, and the layers that support are the simulations."""
    assert set(STATUS_MEANING) == set(Status)
    assert SIMULATIONS == ("simulation-cpu", "simulation-gpu", "network", "network-gpu")
