"""Running the layers: which apply where, and that a run leaves evidence."""

from proofs import CLAIMS, Status, layers, planned, status, verification, verify
from proofs import evidence as ledger
from proofs.evidence import of
from proofs.formal.toolchain import missing
from proofs.verdict import Outcome, Verdict
from proofs.verification import LAYERS, checkers, failing, lacking, never_met, unmet


def test_layers_apply_where_they_should():
    """Every claim meets the exact layers and points, leading orders the slope, simulated claims the simulation."""
    every = {"identity", "certificate", "smt", "points", "interval"}
    assert set(checkers(CLAIMS["angle-chord-sine"])) == every | (set() if missing() else {"kernel"})
    assert set(checkers(CLAIMS["sgd-norm-leading"])) == every | {"slope"}
    assert every | {"simulation-cpu"} <= set(checkers(CLAIMS["sgd-rate"])) <= set(LAYERS)


def test_a_layer_whose_package_is_missing_is_left_out_and_named(monkeypatch):
    """Without a solver the other layers run, and one line says what to install."""
    monkeypatch.setattr(layers, "find_spec", lambda name: None if name == "cvc5" else True)
    assert "smt" not in checkers(CLAIMS["sgd-angle"])
    assert {"certificate", "interval"} <= set(checkers(CLAIMS["sgd-angle"]))
    (line,) = lacking()
    assert line == "smt: cvc5 not installed, so this layer is left out: pip install 'spherical-motion[check]'"
    assert lacking(["identity"]) == []


def test_a_claim_fails_when_refuted_or_when_nothing_decides_it():
    """One layer that holds is enough for those beside it that decide nothing; a refutation never is outvoted."""
    claim = CLAIMS["sgd-angle"]

    def said(**outcomes):
        return [ledger.record(claim, Verdict(layer, Outcome(o), "by hand", 0.0)) for layer, o in outcomes.items()]

    assert failing(said(identity="holds", smt="undecided", interval="undecided")) == []
    assert failing(said(interval="undecided")) == []
    assert failing(said(identity="undecided", smt="undecided", points="holds")) == [claim.id]
    assert failing(said(identity="holds", points="refuted")) == [claim.id]
    assert failing(said(identity="holds", smt="undecided", certificate="undecided")) == [claim.id]
    assert failing(said(identity="holds", smt="holds", certificate="undecided")) == []


def test_an_empty_scan_is_named(monkeypatch):
    """Every claim meets a layer and every layer a claim; a claim or a layer left alone is named."""
    assert unmet(CLAIMS.values()) == []
    assert "slope: this layer would check no claim at all" in unmet([CLAIMS["sgd-norm"]])
    monkeypatch.setattr(verification, "checkers", lambda claim: {})
    assert unmet([CLAIMS["sgd-norm"]], ["identity"]) == [
        "sgd-norm: no layer checks this claim",
        "identity: this layer would check no claim at all",
    ]


def test_a_claim_whose_hypotheses_no_test_met_is_named():
    """A scan with all its points outside, or an obligation that no point met, is named; one inside is enough."""
    claim = CLAIMS["sgd-angle"]

    def scanned(**detail):
        verdict = Verdict("points", Outcome.UNDECIDED, "by hand", 0.0, detail)
        return never_met([ledger.record(claim, verdict)])

    assert scanned(inside=1, outside=200) == []
    assert scanned() == []
    assert scanned(inside=0, outside=240) == ["sgd-angle points: no point met the hypotheses (0 inside, 240 outside)"]
    assert scanned(inside=12, outside=240, unmet=["it stays"]) == [
        "sgd-angle points: no point met the hypotheses of it stays (12 inside, 240 outside)"
    ]


def test_a_run_leaves_evidence():
    """Each check yields its evidence and writes it, and the status follows."""
    claim = CLAIMS["sgd-angle-leading"]
    found = list(verify(planned([claim, CLAIMS["angle-chord-sine"]], ("identity", "slope"))))
    assert {(e.claim, e.layer) for e in found} == {
        ("sgd-angle-leading", "identity"),
        ("sgd-angle-leading", "slope"),
        ("angle-chord-sine", "identity"),
    }
    assert sorted(of(claim), key=lambda e: e.layer) == [e for e in found if e.claim == claim.id]
    assert status(claim) is Status.PROVED
    assert status(CLAIMS["angle-chord-sine"]) is Status.FULLY_PROVED


def test_what_is_fresh_need_not_run_again():
    """With ``missing`` only the checks without fresh evidence are planned."""
    claim = CLAIMS["sgd-angle"]
    list(verify(planned([claim], ("identity",))))
    assert planned([claim], ("identity",), missing=True) == []
    assert len(planned([claim], ("identity", "points"), missing=True)) == 1
    assert len(planned([claim], ("identity", "points"))) == 2
