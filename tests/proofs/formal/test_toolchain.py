"""Coq as a tool: forbidden words, assumptions, and what is said where it is missing."""

import pytest

from proofs import CLAIMS
from proofs.formal import run, toolchain
from proofs.formal.statements import Lemma
from proofs.layers import kernel
from proofs.verdict import Outcome
from proofs.verification import checkers

needs_coq = pytest.mark.skipif(toolchain.missing() is not None, reason="Coq is not installed")
SOURCE = "Section S. Variable n : nat. Hypothesis H : n = n. Lemma a : n = n. Proof. exact H. Qed. End S."


def test_the_sources_say_nothing_forbidden():
    """No theorem is taken on trust."""
    assert run.scan() == []


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ("Axiom a : False.", "Axiom"),
        ("Lemma a : False. Admitted.", "Admitted"),
        ("Lemma a : False. Proof. admit. Qed.", "admit"),
        ("Parameter a : False.", "Parameter"),
        ("Unset Guard Checking.", "Unset Guard Checking"),
        ("Hypothesis H : False.", "Hypothesis outside a section"),
        ("Variable x : False.", "Variable outside a section"),
    ],
)
def test_forbidden_words_are_found(added, named):
    """Whatever would let a falsehood pass, behind a section too; a comment may say it."""
    assert toolchain.forbidden(SOURCE) == []
    assert toolchain.forbidden(f"(* {added} *) {SOURCE}") == []
    assert toolchain.forbidden(f"{SOURCE} {added}") == [named]


def test_a_forbidden_word_stops_the_run(tmp_path):
    """The scan names the file."""
    (tmp_path / "Bad.v").write_text("Axiom a : False.")
    assert run.scan(tmp_path) == ["Bad.v: Axiom"]


def test_assumptions_are_read_and_compared():
    """Names are read from Coq's answer; one more than expected is told."""
    printed = "Axioms:\nA.b : forall x,\n  x = x\nc.d\n  : nat\nClosed under the global context\n"
    assert toolchain.axioms(printed) == [{"A.b", "c.d"}, frozenset()]
    expected = {"F.t": frozenset({"A.b"})}
    assert run.differences(expected, expected) == []
    assert run.differences(expected, {"F.t": frozenset({"A.b", "evil"})}) == ["F.t: assumes A.b, evil, expected A.b"]


def test_where_coq_is_missing_one_line_says_so(monkeypatch, tmp_path, capsys):
    """No layer, no traceback: the line that installs it, and exit code 2."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("INSTALL", raising=False)
    monkeypatch.setattr("sys.argv", ["formal"])
    assert "kernel" not in checkers(CLAIMS["sgdm-angle"])
    assert run.main() == 2
    assert capsys.readouterr().err == f"{toolchain.missing()}\n"
    assert "apt-get install" in toolchain.INSTALL


def test_claims_outside_are_known():
    """Each has a reason and is a claim; the layer leaves them alone."""
    assert set(kernel.outside()) <= set(CLAIMS)
    assert not kernel.applies(CLAIMS["sgd-angle"])


def test_a_claim_that_could_be_translated_is_no_longer_outside():
    """A right reason is left alone; a wrong one, and a claim that is inside, are named."""
    right = {"sgd-angle": kernel.outside()["sgd-angle"]}
    assert run.outdated(right) == []
    wrong = run.outdated(right | {"sgdm-angle": "made up"})
    assert len(wrong) == 1
    assert "sgdm-angle is listed as outside (made up), the translation says: it is inside" in wrong[0]


@needs_coq
def test_a_claim_holds_and_its_neighbour_does_not(monkeypatch):
    """A refused lemma costs its own claim the verdict and no other."""
    good, bad = CLAIMS["sgdm-angle"], CLAIMS["adamw-angle"]
    wrong = Lemma("wrong", "", "forall x : R, x = x + 1", ("intros", "equation"), "")
    real = kernel.lemmas
    monkeypatch.setattr(kernel, "lemmas", lambda claim: [wrong] if claim is bad else real(claim))
    held, refused = kernel.check_all([good, bad])
    assert (held.outcome, held.detail) == (Outcome.HOLDS, {"lemmas": 2})
    assert refused.outcome is Outcome.UNDECIDED


@needs_coq
def test_an_assumption_costs_the_verdict(monkeypatch):
    """A lemma that rests on an axiom of its own compiles, and does not hold."""
    claim = CLAIMS["sgdm-angle"]
    own = Lemma("own", "", "0 = 1 :> R", ("exact taken",), "")
    monkeypatch.setattr(kernel, "lemmas", lambda _: [own])
    source = kernel.source
    monkeypatch.setattr(kernel, "source", lambda file: source(file).replace("(*", "Axiom taken : 0 = 1 :> R. (*", 1))
    assert kernel.check(claim).detail == {"assumed": ["taken"]}
