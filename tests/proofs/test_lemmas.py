"""Lemmas: certificates hold, altered ones are refused, solvers agree, and nothing is shown of an empty domain."""

import copy
import json

import pytest

from proofs import CLAIMS, certificates
from proofs.certificates import Refused
from proofs.layers import smt
from proofs.lemmas import every
from proofs.solvers import Question

LEMMAS = {f"{lemma['claim']}: {lemma['says']}": lemma for lemma in every()}
CERTIFIED = [name for name, lemma in LEMMAS.items() if "terms" in lemma]


def test_lemmas_support_claims_of_the_book():
    """Each names a claim, says something of its own, and half of them have certificates."""
    assert len(LEMMAS) == len(every()) >= 29
    assert len(CERTIFIED) == 15
    assert {lemma["claim"] for lemma in every()} <= set(CLAIMS)


@pytest.mark.parametrize("name", CERTIFIED)
def test_certificates_hold_and_altered_ones_are_refused(name):
    """The certificate is accepted; with one multiplier changed, one term left out or the sides exchanged it is not."""
    sound = LEMMAS[name]
    certificates.check(sound)
    for i in range(len(sound["terms"])):
        changed, less = copy.deepcopy(sound), copy.deepcopy(sound)
        changed["terms"][i][0] += "1"
        del less["terms"][i]
        for wrong in (changed, less):
            with pytest.raises(Refused):
                certificates.check(wrong)
    negative = copy.deepcopy(sound)
    negative["right"] = ["*", -1, sound["right"]]
    for term in negative["terms"]:
        term[0] = "-" + term[0]
    with pytest.raises(Refused, match="is not positive"):
        certificates.check(negative)


@pytest.mark.parametrize("name", LEMMAS)
def test_solvers_agree_and_the_domain_is_not_empty(name):
    """No point contradicts the lemma, and points that meet its hypotheses exist."""
    question = smt.negation(LEMMAS[name])
    assert smt.agreed(question) == ""
    met = Question(question.names, question.conditions[:-1])
    assert smt.process("z3")(met, 5.0).said == "sat" or smt.process("cvc5")(met, 5.0).said == "sat"


ALTERED = {
    "sgd-norm: there is one positive fixed point": ("hypotheses", 3, [["*", -1, "x"], True]),
    "adamw-angle: 1 - cos is at least (1 - q)(1 - beta1)/(1 + beta1)": ("hypotheses", 0, [["*", -1, "q"], True]),
    "sgd-rate: a squared deviation shrinks by 1 - 4e per step below x* / (2 e)": ("hypotheses", 3, [1, True]),
    "sgdm-region: Jury's conditions keep a complex pair inside the unit circle": ("hypotheses", 3, [1, True]),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_lemma_without_its_hypothesis_is_not_decided(name):
    """With one hypothesis changed or dropped the solvers find a counterexample."""
    wrong = json.loads(json.dumps(LEMMAS[name]))
    where, i, other = ALTERED[name]
    wrong[where][i] = other
    assert "sat" in smt.agreed(smt.negation(wrong)).replace("unsat", "")
