"""The claims' formulas stand in the file that is proved from the theorems."""

import re

from proofs import CLAIMS
from proofs.formal import correspondence


def test_every_formula_is_put_in():
    """Each place names a claim; none is left open; the heavy ball's angle stands there as the book has it."""
    text = correspondence.source()
    assert set(correspondence.claims()) <= set(CLAIMS)
    assert len(correspondence.claims()) > 10
    assert "<<" not in text
    assert "cosine (sgdm eta lambda alpha tau) A B = (1 - ((eta * lambda) * (1 - tau) / (alpha + 1)))" in text


def test_every_lemma_speaks_of_a_claim():
    """No lemma of the file is without a generated formula, and each ends in a proof."""
    spoken = {name for names in correspondence.claims().values() for name in names}
    assert spoken == set(correspondence.stated())
    text = correspondence.TEMPLATE.read_text()
    assert len(re.findall(r"^Lemma ", text, re.M)) == len(re.findall(r"Qed\.", text))
