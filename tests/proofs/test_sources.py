"""What evidence depends on is read off the imports, and its hash changes with any of it and with nothing else."""

from pathlib import Path

import pytest

from proofs import CLAIMS, sources
from proofs.claims import MODULES
from proofs.layers import TABLE


@pytest.mark.parametrize(
    ("module", "needs", "does_without"),
    [
        ("theory.equilibrium", {"theory.gram", "theory.symbols", "theory.optimizers.lion"}, {"theory.muon"}),
        ("proofs.claims.sgd", {"theory.equilibrium", "proofs.moments"}, {"proofs.claims.polar", "numerics.simulation"}),
        ("proofs.claims.stability", {"proofs.algebra.stability"}, {"proofs.claims.sgd"}),
        ("proofs.layers.simulation", {"numerics.simulation", "proofs.confrontation"}, {"proofs.layers.smt"}),
        ("proofs.layers.smt", {"proofs.solvers"}, {"numerics.simulation", "proofs.literature.signs"}),
    ],
)
def test_imports_are_followed(module, needs, does_without):
    """Direct, transitive, lazy and run-time imports are found, and what is not imported is not."""
    found = sources.reached([module])
    assert {module, *needs} <= found
    assert not does_without & found


def test_every_module_of_claims_and_layers_is_found():
    """Each claim and layer has sources of its own.

    No evidence depends on the ledger, and none on the audit but that of intervals, which enclose its ratios.
    """
    for layer in TABLE.values():
        for module in MODULES:
            found = sources.reached([module.__name__, f"proofs.layers.{layer.module}"])
            assert {module.__name__, f"proofs.layers.{layer.module}", "proofs.claim", "theory.symbols"} <= found
            audited = any(name.startswith("proofs.literature") for name in found)
            assert audited == (layer.module == "interval")
            assert "proofs.evidence" not in found
    assert len(MODULES) < len(CLAIMS)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of three modules: a needs b and data.json, c stands alone."""
    folder = tmp_path / "house"
    folder.mkdir()
    for name, text in {
        "a.py": "def f():\n    from house import b\n    return b, 'data.json'\n",
        "b.py": "x = 1\n",
        "c.py": "y = 1\n",
        "data.json": "1",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(sources, "PACKAGES", {"house": folder})
    forget()
    yield folder
    forget()


def forget():
    """Read the sources anew."""
    for name in ("hash_of", "_modules", "_names", "_lazy", "_imports", "_files", "_content"):
        getattr(sources, name).cache_clear()


@pytest.mark.parametrize(("changed", "stale"), [("a.py", True), ("b.py", True), ("data.json", True), ("c.py", False)])
def test_a_hash_changes_with_what_is_needed_and_only_with_that(package: Path, changed, stale):
    """An edit of the module, of what it imports or of its data changes its hash; an edit elsewhere does not."""
    before, whole = sources.hash_of("house.a"), sources.hash_of_all()
    file = package / changed
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    forget()
    assert (sources.hash_of("house.a") != before) is stale
    assert sources.hash_of_all() != whole
