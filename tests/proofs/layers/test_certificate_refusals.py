"""What the checker of certificates refuses, by what it says: each mistake is one change of a certificate that holds."""

import json

import pytest

from proofs import certificates
from proofs.certificates import HIGHEST, LARGEST, Refused, check

HOLDS = {"claim": "x", "says": "2 x = x + x", "relation": "=", "left": ["*", 2, "x"], "right": ["+", "x", "x"]}
LIFTED = ["*", "x", ["^", "x", -1]]
MISTAKES = {
    "the two sides differ": {"right": ["+", "x", "x", 1]},
    "relation": {"relation": "<"},
    "True is no expression": {"left": True},
    "is no expression": {"left": ["-", "x", 1]},
    "is too high": {"left": ["^", ["+", "x", 1], HIGHEST + 1]},
    "is no new root": {"radicals": [["r", 1, "x"]]},
    "a product of polynomials is needed": {"products": [["*", 2, "x"]]},
    "no zero": {"left": LIFTED, "right": 1},
    "malformed: KeyError": {"left": None},
    "not certified nonnegative": {"relation": "<=", "right": ["+", ["*", 2, "x"], -1]},
}


def altered(change):
    """The certificate that holds, with a change; None takes the key away."""
    found = HOLDS | change
    return {key: value for key, value in found.items() if value is not None}


def test_the_certificate_holds_as_it_is():
    """Without a change nothing is refused."""
    check(HOLDS)


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_is_refused_and_named(said):
    """Each change is refused, in words that name it."""
    with pytest.raises(Refused, match=said):
        check(altered(MISTAKES[said]))


def test_a_product_that_is_too_large_is_refused():
    """Products of more terms than LARGEST are not begun."""
    many = dict.fromkeys(range(int(LARGEST**0.5) + 1), 1)
    with pytest.raises(Refused, match="is too large"):
        certificates.multiply(many, many)
    assert certificates.multiply({0: 1, 1: 1}, {0: 1, 1: -1}) == {0: 1, 2: -1}


@pytest.mark.parametrize(
    ("term", "said"), [([0, [], []], "is not positive"), ([1, [-1], []], "no hypothesis -1"), ([1, [], [2]], "add up")]
)
def test_terms_are_positive_multiples_of_what_is_there(term, said):
    """A multiplier of zero, a hypothesis that is counted from the end, and a sum that is another are refused."""
    with pytest.raises(Refused, match=said):
        check(altered({"terms": [term]}))


def test_the_checker_counts_what_holds_and_fails_on_one_refused(tmp_path, capsys):
    """Run on a file it exits with 0 when all hold and with 1 when one does not, which it names."""
    good, both = tmp_path / "good.json", tmp_path / "both.json"
    good.write_text(json.dumps([HOLDS]), encoding="utf-8")
    both.write_text(json.dumps([HOLDS, altered({"right": 1})]), encoding="utf-8")
    assert certificates.main(str(good)) == 0
    assert capsys.readouterr().out == "1 of 1 certificates hold\n"
    assert certificates.main(str(both)) == 1
    assert capsys.readouterr().out == "refused x: 2 x = x + x: the two sides differ\n1 of 2 certificates hold\n"
