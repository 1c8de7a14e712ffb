"""The claims' formulas stand in the file that is proved from the theorems."""

import re
import shutil

import pytest

from proofs import CLAIMS
from proofs.formal import correspondence, toolchain

needs_coq = pytest.mark.skipif(toolchain.missing() is not None, reason="Coq is not installed")


def test_every_formula_is_put_in():
    """Each place names a claim; none is left open; the heavy ball's angle stands there as the book has it."""
    text = correspondence.source()
    assert set(correspondence.claims()) <= set(CLAIMS)
    assert len(correspondence.claims()) > 10
    assert "<<" not in text
    assert "cosine (sgdm eta lambda alpha tau) A B = (1 - ((eta * lambda) * (1 - tau) / (alpha + 1)))" in text
    assert "product (S (S t)) (S t)) T = ((c_1 * (sum (fun t : nat => (product (1 + t)%nat (1 + t)%nat)) T))" in text
    assert "converges law n w A (1 - ((eta * lambda) * (1 - tau) / (alpha + 1)))" in text


def test_every_lemma_speaks_of_a_claim():
    """No lemma of the file is without a generated formula, and each ends in a proof."""
    spoken = {name for names in correspondence.claims().values() for name in names}
    assert spoken == set(correspondence.stated())
    text = correspondence.TEMPLATE.read_text()
    assert len(re.findall(r"^Lemma ", text, re.M)) == len(re.findall(r"Qed\.", text))


@needs_coq
def test_an_altered_formula_is_refused(tmp_path):
    """The trajectory's lemma compiles as generated, and not with one term of the formula turned."""
    lemma = re.search(r"Lemma orthogonal_trajectory_stated.*?Qed\.\n", correspondence.source(), re.S)[0]
    for name in ("Vectors", "Obligations", "Moments"):
        shutil.copy(toolchain.SOURCES / f"{name}.v", tmp_path)
        toolchain.coqc(tmp_path / f"{name}.v", tmp_path)
    statement, proof = lemma.split("Proof. ")
    script = proof.removesuffix(" Qed.\n").rstrip(".").replace(". ", "; ")
    altered = statement.replace("(product (1)%nat (0)%nat)", "(product (0)%nat (0)%nat)")
    assert altered != statement
    file = tmp_path / "Altered.v"
    text = f"From SphericalMotion Require Import Obligations Vectors Moments.\n{lemma}"
    file.write_text(f"{text}{altered.replace('_stated', '_altered')}Proof. Fail ({script}). Abort.\n")
    toolchain.coqc(file, tmp_path)
