"""Certificates of what is true are accepted, altered ones refused; the checker needs the standard library alone."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sympy import Rational, Symbol, asin, sqrt

from proofs import CLAIMS, certificates
from proofs.certificates import Refused
from proofs.claim import Obligation
from proofs.layers import certificate
from proofs.verdict import Outcome
from tests.proofs.layers import altered
from theory.symbols import beta1, contraction, correlation, decay, energy, momentum

BOUND = Obligation("bound", (1 - momentum) / (1 + momentum), 1 / (1 + momentum), "<=")
ROOT = Obligation("root", (sqrt(2) + sqrt(decay)) ** 2, 2 + 2 * sqrt(2) * sqrt(decay) + decay)


@pytest.mark.parametrize("name", altered.TRUE)
def test_what_is_true_is_certified(name):
    """A certificate is found, survives being written as JSON, and is accepted."""
    certificates.check(json.loads(json.dumps(certificate.certify(altered.TRUE[name]))))


@pytest.mark.parametrize("name", altered.FALSE)
def test_what_is_false_has_no_certificate(name):
    """No certificate of a false obligation is found that the checker accepts."""
    with pytest.raises(Refused):
        certificates.check(certificate.certify(altered.FALSE[name]))


def numbers(tree, path=()):
    """Paths to the whole numbers in a certificate's expressions and terms."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from numbers(part, (*path, key))
    elif isinstance(tree, list | tuple):
        for i, part in enumerate(tree):
            yield from numbers(part, (*path, i))
    elif isinstance(tree, int) and not isinstance(tree, bool):
        yield path


@pytest.mark.parametrize("side", ["left", "right"])
def test_every_altered_number_of_a_certificate_is_refused(side):
    """One more anywhere in a side, one number at a time, is refused."""
    sound = json.loads(json.dumps(certificate.certify(altered.TRUE["equal"])))
    certificates.check(sound)
    paths = list(numbers(sound[side], (side,)))
    assert paths
    for path in paths:
        wrong = copy.deepcopy(sound)
        holder = wrong
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] += 1
        with pytest.raises(Refused):
            certificates.check(wrong)


TAMPERING = {
    "a negative multiplier": lambda c: c["signs"][0][2][0].__setitem__(0, "-1"),
    "another multiplier": lambda c: c["signs"][0][2][0].__setitem__(0, "7/3"),
    "the other sign": lambda c: c["signs"][0].__setitem__(1, -c["signs"][0][1]),
    "a sign of two": lambda c: c["signs"][0].__setitem__(1, 2),
    "a missing term": lambda c: c["signs"][0][2].clear(),
    "a missing sign": lambda c: c["signs"].clear(),
    "a hypothesis from the end": lambda c: c["signs"][0][2][0].__setitem__(1, [-1]),
    "a hypothesis too many": lambda c: c["signs"][0][2][0].__setitem__(1, [99]),
    "no strictness": lambda c: [h.__setitem__(1, False) for h in c["hypotheses"]],
    "the other way round": lambda c: c.update(left=c["right"], right=c["left"]),
    "another relation": lambda c: c.update(relation="<"),
    "an equation": lambda c: c.update(relation="="),
    "no right side": lambda c: c.pop("right"),
    "a division by zero": lambda c: c.update(right=["^", 0, -1]),
    "code": lambda c: c.update(right=["call", "p"]),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_refused(how):
    """Signs, multipliers, hypotheses and the relation each carry weight."""
    sound = json.loads(json.dumps(certificate.certify(Obligation("ratio", 0 * decay, decay / (1 + decay), "<="))))
    certificates.check(sound)
    TAMPERING[how](sound)
    with pytest.raises(Refused):
        certificates.check(sound)


def test_roots_are_roots():
    """Radicals are reduced by their own equation, and one that is no root of its base is refused."""
    sound = json.loads(json.dumps(certificate.certify(ROOT)))
    certificates.check(sound)
    for radical in sound["radicals"]:
        wrong = copy.deepcopy(sound)
        wrong["radicals"][sound["radicals"].index(radical)][2] = ["+", 1, radical[2]]
        with pytest.raises(Refused):
            certificates.check(wrong)


def test_a_divisor_that_may_vanish_is_not_passed_over():
    """x/x = 1 is not certified where x may be 0, nor 1/(1 - 2 beta1) where the pole is inside."""
    real = Symbol("v", real=True)
    for symbol in (real, momentum, contraction, 1 - 2 * beta1):
        owed = Obligation("one", symbol * (symbol + 1) ** 2 / symbol**2, (symbol + 1) ** 2 / symbol)
        with pytest.raises(Refused, match=r"no sign is found|no zero"):
            certificates.check(certificate.certify(owed))
    certificates.check(certificate.certify(Obligation("one", decay / decay**2, 1 / decay)))


def test_bounds_of_the_domain_are_used():
    """1 - beta1 p is positive because both are below one, 1 + rho because rho is above -1; L has no upper bound."""
    for inside in (1 - beta1 * decay, 1 + correlation, decay**2 - decay + Rational(1, 3)):
        certificates.check(certificate.certify(Obligation("inside", 0 * decay, inside, "<=")))
    for outside in (1 - energy, beta1 - decay, decay**2 - decay + Rational(1, 5)):
        with pytest.raises(Refused):
            certificates.check(certificate.certify(Obligation("outside", 0 * decay, outside, "<=")))


def test_transcendental_atoms_are_only_names():
    """arcsin x - arcsin x is zero; arcsin x against x is no identity."""
    certificates.check(certificate.certify(Obligation("same", 2 * asin(decay), asin(decay) + asin(decay))))
    with pytest.raises(Refused):
        certificate.certify(Obligation("other", asin(decay), decay))


def test_undecided_obligations_are_named():
    """The verdict says which obligation has no certificate and why; the others are certified."""
    verdict = certificate.check(altered.with_obligations(BOUND, altered.FALSE["wrong power"]))
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.detail == {"undecided": {"power": "the two sides differ"}}
    assert certificate.check(altered.with_obligations(BOUND)).outcome is Outcome.HOLDS


def test_checker_runs_alone(tmp_path):
    """As a program, isolated from every installed package, the checker accepts the sound and refuses the altered."""
    sound = certificate.certify(altered.TRUE["equal"])
    file = tmp_path / "certificates.json"
    command = [sys.executable, "-I", "-S", str(Path(certificates.__file__)), str(file)]
    file.write_text(json.dumps([sound]))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "1 of 1 certificates hold\n")
    file.write_text(json.dumps([sound, {**sound, "right": 1}]))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "the two sides differ" in run.stdout


@pytest.mark.parametrize("claim_id", ["sgd-rate", "sgdm-angle", "adamw-norm", "sgdm-region", "toy-single-group"])
def test_claims_are_certified(claim_id):
    """Exact claims of the book have certificates."""
    assert certificate.check(CLAIMS[claim_id]).outcome is Outcome.HOLDS
