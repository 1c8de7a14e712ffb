"""The verb that sets published statements beside what is derived."""

import json

import pytest

from proofs.literature import ROWS, STANDARD, UNAUDITED, at_standard_recipes


def test_json_of_one_statement(smd):
    """A statement's parts each have a verdict, the ratio at the recipe and at the recipes in use, and a summary."""
    run = smd("audit", "--row", "KOS-T1-lion", "--json")
    assert run.code == 0, run.err
    found = json.loads(run.out)
    assert {row["verdict"] for row in found["rows"]} == {"exact", "differs"}
    assert sum(found["summary"].values()) == len(found["rows"]) == 3
    (angle,) = (row for row in found["rows"] if row["id"] == "KOS-T1-lion angle")
    assert angle["derived_over_published"] == pytest.approx(1.3086, abs=1e-4)
    assert angle["standard_recipes"] == {"Lion, ResNet-20": pytest.approx(1.011, abs=1e-3)}
    assert angle["provenance"] == "code"


def test_table_names_the_witness(smd):
    """A refuted statement is followed by the point at which it fails."""
    run = smd("audit", "--row", "SMD-LSP")
    assert run.code == 0, run.err
    assert "refuted" in run.out
    assert "fails at lr = " in run.out


def test_what_is_not_audited_says_so(smd):
    """A statement that no formula holds is listed with its reason."""
    row = UNAUDITED[0]
    found = json.loads(smd("audit", "--row", row.id, "--json").out)["rows"]
    assert {"id": row.id, "verdict": "not audited", "why": row.reason}.items() <= found[-1].items()


def test_unknown_row_earns_one_line(smd):
    """An id that was never published here is named, with exit code 2."""
    run = smd("audit", "--row", "NIX-1")
    assert (run.code, run.out) == (2, "")
    assert "NIX-1" in run.err
    assert run.err.count("\n") == 1


def test_standard_recipes_are_those_of_the_rows_hyperparameters():
    """A row is compared at recipes of its own hyper-parameters, and rows of every standard recipe exist."""
    reached = set()
    for row in ROWS[:40]:
        found = at_standard_recipes(row)
        reached |= set(found)
        assert all(STANDARD[what].keys() <= row.recipe.keys() for what in found)
        assert not (row.id == "KOS-T1-adamw beta2" and found)  # of Lion's hyper-parameters, but not of Lion
    assert reached == set(STANDARD)
