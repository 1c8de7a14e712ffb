"""The conventions page prints what the code declares, and errata keep their form."""

import sys
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"


@pytest.fixture(scope="module")
def notation():
    """The module, which imports its neighbours in the book's folder."""
    sys.path.insert(0, str(BOOK))
    try:
        import notation
    finally:
        sys.path.remove(str(BOOK))
    return notation


def test_every_declared_symbol_has_a_row(notation):
    """With what it means; two meanings of one letter are two rows, and only one of them is the hyper-parameter."""
    names = [name for name, _, _ in notation.declared()]
    assert {"lr", "wd", "momentum", "trust", "curvature", "buffer_overlap"} <= set(names)
    text = notation.symbol_table().data
    assert text.count("`trust`") == 1
    assert text.count(r"| $\kappa$ |") >= 2
    assert set(notation.hyperparameters()) <= set(names)


def test_errata_render_latest_first(notation):
    """None is said to be none; fields that are missing or foreign are refused."""
    assert notation.errata([]).data == "No statement of a release has been corrected."
    fields = {"version": "1.0.0", "place": "claim/a.html", "said": "a|b", "says": "c", "found": "by a test"}
    old, new = ({"date": date, **fields} for date in ("2026-01-01", "2027-01-01"))
    text = notation.errata([old, new]).data
    assert text.index("2027") < text.index("2026-01-01")
    assert r"a\|b" in text
    with pytest.raises(TypeError):
        notation.errata([fields])


def test_every_optimizer_and_law_has_a_row(notation):
    """Muon among them, which no compiled rule stands behind; laws that differ in their entries alone differ there."""
    from numerics import LAWS
    from theory import names

    rules = notation.rule_table().data
    assert "| `muon` | Muon |" in rules
    assert {name for name in names() if f"| `{name}` |" not in rules} <= {"rmsprop", "adam", "nadam"}
    rows = [line.partition("` |")[2] for line in notation.law_table().data.splitlines()[2:]]
    assert len(rows) == len(set(rows)) == len(LAWS)
