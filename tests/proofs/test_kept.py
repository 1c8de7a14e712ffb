"""What a claim's derivation gave is read where it was made from the same, and made again where not."""

from dataclasses import replace

import pytest

from proofs import CLAIMS, kept, sources
from proofs.formal.statements import lemmas

CLAIM = CLAIMS["sgd-norm"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SMD_CACHE_DIR", str(tmp_path))
    kept.printed.cache_clear()
    yield tmp_path / "claims"
    kept.printed.cache_clear()


class Counted:
    """A derivation that counts its calls."""

    def __init__(self, value):
        self.value, self.calls = value, 0

    def __call__(self):
        """Another call."""
        self.calls += 1
        return self.value


def test_what_was_derived_is_read(folder):
    """The second asks the disk."""
    derive = Counted(["a", 1])
    assert kept.kept(CLAIM, "part", "proofs.claim", derive) == ["a", 1]
    assert kept.kept(CLAIM, "part", "proofs.claim", derive) == ["a", 1]
    assert derive.calls == 1
    (file,) = folder.iterdir()
    assert file.name.startswith(f"{CLAIM.id}.part-")


@pytest.mark.parametrize("changed", ["the sources", "sympy", "besides"])
def test_another_origin_is_derived_again(folder, monkeypatch, changed):
    """A source, SymPy, or what is named besides, is another."""
    derive = Counted("x")
    kept.kept(CLAIM, "part", "proofs.claim", derive)
    if changed == "the sources":
        monkeypatch.setattr(sources, "hash_of", lambda *modules: "another")
    elif changed == "sympy":
        monkeypatch.setattr(kept, "versions", lambda *names: {"sympy": "0.1"})
    kept.kept(CLAIM, "part", "proofs.claim", derive, besides=changed)
    assert derive.calls == 2


def test_the_module_that_states_the_claim_is_among_the_sources(folder, monkeypatch):
    """What is hashed begins with the claim's own module."""
    asked = []
    monkeypatch.setattr(sources, "hash_of", lambda *modules: asked.append(modules) or "hash")
    kept.kept(CLAIM, "part", "proofs.latex", Counted(0))
    assert asked == [("proofs.claims.sgd", "proofs.latex")]


def test_a_claim_that_is_not_the_ledgers_is_derived_each_time(folder):
    """An altered claim of the same name reads nothing and leaves nothing."""
    altered = replace(CLAIM, formulas=lambda: [replace(CLAIM.displays[0], left="q")])
    before = kept.printed(CLAIM)
    assert kept.printed(altered).formulas[0][0].startswith("q ")
    assert kept.printed(altered).content_hash != before.content_hash
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("claim_id", ["sgdm-angle", "lion-autocorrelation", "ngd-angle"])
def test_what_is_kept_is_what_is_derived(folder, claim_id):
    """The formulas and the lemmas, from the disk, are those of the claim."""
    claim = CLAIMS[claim_id]

    def texts():
        kept.printed.cache_clear()
        try:
            return kept.printed(claim), lemmas(claim)
        except ValueError as outside:
            return kept.printed(claim), str(outside)

    first = texts()
    assert len(list(folder.iterdir())) == 2
    assert texts() == first
    assert first[0].formulas == tuple((formula.latex, formula.relation) for formula in claim.displays)
    assert first[0].content_hash == claim.content_hash
