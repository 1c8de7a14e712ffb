"""From an obligation to a lemma: what is assumed, where it can be met, and that Coq refuses what is false."""

import pytest
from sympy import symbols

from proofs import CLAIMS
from proofs.claim import Obligation
from proofs.formal import toolchain
from proofs.formal.coq_terms import Outside
from proofs.formal.statements import Statement, factored, is_positive, lemmas

needs_coq = pytest.mark.skipif(toolchain.missing() is not None, reason="Coq is not installed")
p, q = symbols("p q", positive=True)
alpha = symbols("alpha", nonnegative=True)


def hypotheses(left, right, relation="="):
    """Hypotheses as text."""
    return [f"{e} {r}" for e, r in Statement("s", Obligation("", left, right, relation)).hypotheses]


def test_hypotheses_are_signs_and_divisors():
    """Signs of the symbols and factors that must not vanish; nothing for what is positive by its signs."""
    assert hypotheses(1 / (1 + alpha), 1 / (p * (1 - p**2))) == ["alpha 0 <=", "p 0 <", "1 - p <> 0"]


def test_factors_of_nested_quotients():
    """A nested divisor is its numerator's factors over its denominator's, turned so that constants are positive."""
    assert factored(1 - 1 / p) == [(-1, 1), (1 - p, 1), (p, -1)]
    assert factored(p**2 - 1) == [(-1, 1), (1 - p, 1), (p + 1, 1)]


def test_positive_by_signs():
    """Nonnegative coefficients with one term that cannot vanish."""
    assert is_positive(1 + alpha)
    assert is_positive(p + alpha**2)
    assert not is_positive(alpha**2)
    assert not is_positive(1 - p)


def test_the_point_meets_every_hypothesis():
    """The point is exact and lies where the lemma speaks."""
    statement = Statement("s", Obligation("", 1 / (2 * p - 1), 1 / (2 * p - 1) + 0 * q))
    point = statement.point()
    assert all(e.subs(point) > 0 if r == "0 <" else e.subs(point) != 0 for e, r in statement.hypotheses)


def test_hypotheses_that_cannot_be_met_are_refused():
    """A lemma about nothing is not written."""
    root = (-1 - p) ** (symbols("one") / symbols("one") / 2)
    with pytest.raises(Outside, match="point"):
        _ = Statement("s", Obligation("", root, root + 1)).lemma


def test_claims_that_say_nothing_are_outside():
    """Where both sides are the same expression there is nothing to check."""
    with pytest.raises(Outside, match="same expression"):
        lemmas(CLAIMS["ngd-angle"])


FALSE = {
    "sgdm_angle": lambda owed: Obligation("", owed.left, 2 * owed.right),
    "sgdm_angle_shifted": lambda owed: Obligation("", owed.left + alpha / 7, owed.right),
    "sgdm_angle_sign": lambda owed: Obligation("", -owed.left, owed.right),
    "turned": lambda _: Obligation("", (1 + p) ** 2, 1 + 2 * p, "<="),
    "almost": lambda _: Obligation("", 1 / (1 - p) - 1, p / (1 - p) + p**9),
}


@needs_coq
def test_coq_refuses_altered_statements(tmp_path):
    """Every altered lemma fails by its own tactics, and the true one passes; without Fail the file is refused."""
    true = Statement("true", CLAIMS["sgdm-angle"].owed[1])
    text = "From SphericalMotion Require Import Obligations.\n"
    text += f"Goal {true.lemma.statement}.\nProof. {'; '.join(true.lemma.script)}. Qed.\n"
    for name, altered in FALSE.items():
        lemma = Statement(name, altered(true.owed)).lemma
        text += f"Goal {lemma.statement}.\nProof. Fail ({'; '.join(lemma.script)}). Abort.\n"
    file = tmp_path / "Altered.v"
    file.write_text(text)
    toolchain.coqc(file, toolchain.library())
    file.write_text(text.replace("Fail (", "("))
    with pytest.raises(toolchain.CoqError):
        toolchain.coqc(file, toolchain.library())
