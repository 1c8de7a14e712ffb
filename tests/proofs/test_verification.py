"""Running the layers: which apply where, and that a run leaves evidence."""

from proofs import CLAIMS, Status, planned, status, verify
from proofs.evidence import of
from proofs.formal.toolchain import missing
from proofs.verification import LAYERS, checkers


def test_layers_apply_where_they_should():
    """Every claim meets identity and points, leading orders the slope, simulated claims the simulation."""
    kernel = set() if missing() else {"kernel"}
    assert set(checkers(CLAIMS["angle-chord-sine"])) == {"identity", "points"} | kernel
    assert set(checkers(CLAIMS["sgd-norm-leading"])) == {"identity", "points", "slope"}
    assert {"identity", "points", "simulation-cpu"} <= set(checkers(CLAIMS["sgd-rate"])) <= set(LAYERS)


def test_a_run_leaves_evidence():
    """Each check yields its evidence and writes it, and the status follows."""
    claim = CLAIMS["sgd-angle-leading"]
    found = list(verify(planned([claim, CLAIMS["sgd-angle"]], ("identity", "slope"))))
    assert {(e.claim, e.layer) for e in found} == {
        ("sgd-angle-leading", "identity"),
        ("sgd-angle-leading", "slope"),
        ("sgd-angle", "identity"),
    }
    assert sorted(of(claim), key=lambda e: e.layer) == [e for e in found if e.claim == claim.id]
    assert status(claim) is Status.FULLY_PROVED


def test_what_is_fresh_need_not_run_again():
    """With ``missing`` only the checks without fresh evidence are planned."""
    claim = CLAIMS["sgd-angle"]
    list(verify(planned([claim], ("identity",))))
    assert planned([claim], ("identity",), missing=True) == []
    assert len(planned([claim], ("identity", "points"), missing=True)) == 1
    assert len(planned([claim], ("identity", "points"))) == 2
