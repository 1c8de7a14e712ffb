"""Two solvers decide what is true and refute what is false; alone, late or at odds they decide nothing."""

import pytest
from sympy import Rational, Symbol, asin, sqrt

from proofs import CLAIMS, solvers
from proofs.claim import Obligation
from proofs.layers import smt
from proofs.solvers import Answer, Process, Question
from proofs.verdict import Outcome
from tests.proofs.layers import altered
from theory.symbols import beta1, decay, momentum


def replies(**said):
    """Solvers that say what they are told to."""
    return lambda solver, _: Answer(said[solver], {})


@pytest.mark.parametrize("name", altered.TRUE)
def test_what_is_true_is_decided(name):
    """Both solvers find no counterexample."""
    assert smt.decide(altered.TRUE[name]) == ("", {})


@pytest.mark.parametrize("name", altered.FALSE)
def test_what_is_false_is_refuted_exactly(name):
    """The witness lies in the domain, and at it the two sides are different rational numbers."""
    owed = altered.FALSE[name]
    reason, witness = smt.decide(owed)
    assert reason == ""
    at = {symbol: Rational(witness[str(symbol)]) for symbol in owed.left.free_symbols | owed.right.free_symbols}
    left, right = owed.left.subs(at), owed.right.subs(at)
    assert left != right if owed.relation == "=" else left > right
    assert smt.check(altered.with_obligations(owed)).outcome is Outcome.REFUTED


def test_solvers_that_disagree_decide_nothing():
    """One unsat is not enough, whichever solver says it."""
    owed = altered.TRUE["equal"]
    late = "no answer within 5 s"
    assert smt.decide(owed, replies(z3="unsat", cvc5=late)) == (f"z3: unsat, cvc5: {late}", {})
    assert smt.decide(owed, replies(z3=late, cvc5="unsat")) == (f"z3: {late}", {})
    for one in ({"z3": "unsat", "cvc5": "sat"}, {"z3": "sat", "cvc5": "unsat"}):
        reason, witness = smt.decide(owed, replies(**one))
        assert "does not contradict it exactly" in reason
        assert witness == {}
    verdict = smt.check(altered.with_obligations(owed), replies(z3="unsat", cvc5=late))
    assert verdict.outcome is Outcome.UNDECIDED
    assert owed.says in verdict.detail["undecided"]


def test_a_witness_outside_the_domain_refutes_nothing():
    """A solver's point is taken at its word only after it has been put in."""
    owed = altered.FALSE["wrong coefficient"]
    assert smt.confirmed(owed, {decay: "1/2", momentum: "1/2"})
    assert smt.confirmed(owed, {decay: "3/2", momentum: "1/2"}) == {}
    assert smt.confirmed(owed, {decay: "0", momentum: "1/2"}) == {}
    assert smt.confirmed(altered.TRUE["equal"], {decay: "1/2", beta1: "1/2"}) == {}


def test_roots_are_roots_and_other_functions_are_free():
    """sqrt(p)^2 = p is decided; arcsin p = p is not, and not refuted either."""
    assert smt.decide(Obligation("root", (1 + sqrt(decay)) ** 2, 1 + 2 * sqrt(decay) + decay)) == ("", {})
    reason, witness = smt.decide(Obligation("arcsine", asin(decay), decay))
    assert "exactly" in reason
    assert witness == {}


def test_poles_are_no_counterexamples():
    """x^2/x = x is decided for a real x, since at 0 nothing is said."""
    real = Symbol("v", real=True)
    assert smt.decide(Obligation("pole", (real**2 + real) / (real + 1) ** 2, real / (real + 1))) == ("", {})


def test_the_domain_is_used():
    """beta1 p <= p needs beta1 <= 1; for a symbol without bounds it is refuted."""
    assert smt.decide(Obligation("below", beta1 * decay, decay, "<=")) == ("", {})
    _, witness = smt.decide(Obligation("below", Symbol("v", real=True) * decay, decay, "<="))
    assert Rational(witness["v"]) > 1


def test_an_overrun_ends_the_process_and_the_next_question_is_answered(monkeypatch):
    """A solver that does not keep to its time is ended, which is said in one line, and starts anew."""
    monkeypatch.setattr(solvers, "GRACE", -0.5)
    monkeypatch.setattr(solvers, "START", 0.0)
    easy = Question(["x"], [(["+", ["*", "x", "x"], 1], "<")])
    asked = Process("z3")
    assert asked(easy, 0.5).said == "no answer within 0.5 s"
    monkeypatch.undo()
    assert asked(easy, 2.0).said == "unsat"
    asked.end()


def test_a_solver_that_is_missing_says_so(monkeypatch):
    """A solver that cannot be imported is a failure in words, not an exception."""
    asked = Process("no_such_solver")
    said = asked(Question([], []), 1.0).said
    asked.end()
    assert said.startswith("failed: ")
    assert "\n" not in said


@pytest.mark.parametrize("claim_id", ["sgd-rate", "sgdm-angle", "adamw-norm", "sgdm-region", "muon-correlation-bounds"])
def test_claims_are_decided(claim_id):
    """Exact claims and bounds of the book are decided."""
    assert smt.check(CLAIMS[claim_id]).outcome is Outcome.HOLDS
