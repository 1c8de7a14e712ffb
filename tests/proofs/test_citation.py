"""Citations name claim, version and content."""

import re

import pytest

from proofs import CLAIMS, cite, formulas
from proofs.citation import FORMATS, notation
from proofs.claim import NOTATION
from proofs.release import package_version


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_bibtex_names_claim_version_and_content(claim_id):
    """A BibTeX entry holds the id as its key and in its note, the version and the content hash."""
    claim = CLAIMS[claim_id]
    entry = cite(claim)
    assert entry.startswith(f"@misc{{smd:{claim_id},")
    assert "author = {{Spherical Motion contributors}}" in entry
    assert f"version {package_version()}" in entry
    assert f"\\texttt{{{claim_id.replace('_', chr(92) + '_')}}}" in entry
    assert f"content hash {claim.content_hash}" in entry
    assert entry.count("{") == entry.count("}")


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_carries_id_and_hash(style):
    """Each format holds the id, the version and the hash of the claim's content."""
    claim = CLAIMS["adamw-angle"]
    text = cite(claim, style)
    for part in (claim.id, package_version(), claim.content_hash):
        assert part in text


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_latex_is_a_theorem_that_balances(claim_id):
    """LaTeX is a theorem that cites the entry, with balanced braces and displays."""
    text = cite(CLAIMS[claim_id], "latex")
    assert text.startswith(r"\begin{theorem}")
    assert text.endswith(r"\end{theorem}")
    assert rf"\cite{{smd:{claim_id}}}" in text
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\[ ") == text.count(r" \]") == len(CLAIMS[claim_id].displays)
    assert text.count(r"\left") == text.count(r"\right")


def test_markdown_states_formula_setting_and_hypotheses():
    """Markdown holds the formula in display mathematics, the setting, the convention and the hypotheses."""
    claim = CLAIMS["sgdm-norm"]
    text = cite(claim, "markdown")
    assert f"$$ {claim.displays[0].latex} $$" in text
    assert "Setting: mean field" in text
    assert claim.convention in text
    for hypothesis in claim.hypotheses:
        assert formulas.markdown(hypothesis) in text


def test_unknown_format_is_an_error():
    """A format that is none of those known is refused."""
    assert FORMATS == ("bibtex", "latex", "markdown")
    with pytest.raises(KeyError):
        cite(CLAIMS["sgd-angle"], "docx")


@pytest.mark.parametrize(
    ("claim_id", "said"),
    [
        ("adam_l2-norm", r"$A = \mathbb{E}\|w\|^2$ at equilibrium"),
        ("lars-norm", r"$\kappa$: trust coefficient"),
        ("sgdm-angle", r"$\tau$: dampening of the gradient"),
        ("lion-norm", r"$\beta_{2}$: EMA coefficient of the momentum; $d$: number of coordinates"),
        ("adamw_beta2-norm", r"$\beta_{2}$: EMA coefficient of the squared gradient"),
    ],
)
def test_symbols_that_the_claim_does_not_introduce_are_explained(claim_id, said):
    """In the notation that stands beside it and in its citation."""
    assert said in notation(CLAIMS[claim_id])
    assert said in cite(CLAIMS[claim_id], "markdown")


def test_symbols_that_the_claim_introduces_are_not_explained_again():
    """L by a hypothesis, kappa by the statement; A by that about one trajectory, where it is no mean."""
    assert "kappa" not in notation(CLAIMS["sgd-norm-shift"])
    for claim_id in ("sgd-norm", "sgd-trajectory", "sgd-fourth-power", "sgd-attraction", "effective-lr-direction"):
        assert notation(CLAIMS[claim_id]) == NOTATION
