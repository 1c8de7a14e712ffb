"""What the verbs of the ledger print beyond their usual tables, and how a run is stopped."""

import json
import sys

import pytest

from proofs import CLAIMS, evidence, sabotage
from proofs.literature import ROWS, UNAUDITED
from smd.cli import app


def test_a_graph_is_drawn_to_a_file(smd, tmp_path):
    """``claims --graph`` draws a claim with what it was derived from and what was derived from it."""
    target = tmp_path / "claims.svg"
    assert smd("claims", "--claim", "sgd-angle-leading", "--graph", str(target)).code == 0
    drawn = target.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert {"sgd-angle-leading", "sgd-angle", "sgd-norm"} <= {name for name in CLAIMS if f">{name}<" in drawn}
    other = tmp_path / "claims.png"
    found = smd("claims", "--graph", str(other))
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert "claims.png" in found.err
    assert not other.exists()


def test_damaged_evidence_is_named_beside_the_claims(smd):
    """A promoted file that is no evidence is told on standard error, and the claims are listed all the same."""
    (evidence.PROMOTED / "sgd-angle.points.json").write_text("{", encoding="utf-8")
    found = smd("claims", "--claim", "sgd-angle", "--json")
    assert found.code == 0
    assert "sgd-angle.points.json: this file is no evidence" in found.err
    assert {row["status"] for row in json.loads(found.out)["claims"]} == {"undecided"}


def test_sabotage_as_json(smd, monkeypatch):
    """Each altered statement with the layers that caught it; one that none caught has none, and the code is 1."""
    some = list(sabotage.alterations(["sgd-angle"]))[:2]
    true = sabotage.Alteration("sgd-angle", "nothing", some[0].true, some[0].true)
    monkeypatch.setattr(sabotage, "alterations", lambda: [*some, true])
    found = smd("verify", "--sabotage", "--json")
    assert found.code == 1
    *caught, survivor = json.loads(found.out)
    assert [row["altered"] for row in caught] == [one.how for one in some]
    assert all(row["caught"] for row in caught)
    assert survivor["caught"] == {}


def test_a_statement_that_contradicts_its_source_is_shown_with_both(smd):
    """Both statements of the source are printed, with where the second stands."""
    row = next(row for row in ROWS if row.against)
    found = smd("audit", "--row", row.id)
    assert found.code == 0
    assert all(part in found.out.replace("\n", " ") for part in (*row.statements, row.against))


def test_a_statement_without_a_formula_is_in_the_table(smd):
    """It has a line of its own and counts as not audited."""
    found = smd("audit", "--row", UNAUDITED[0].id)
    assert found.code == 0
    assert UNAUDITED[0].id in found.out
    assert "1 not audited" in found.out


def test_an_interrupted_verb_says_so(smd, monkeypatch):
    """Ctrl-C ends with the shell's code for it and no traceback."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("smd.ledger.rows", interrupted)
    found = smd("claims")
    assert found.code == app.INTERRUPTED == 130
    assert "Traceback" not in found.err


def test_a_name_that_leaves_the_decay_open_lists_every_decay(smd):
    """``predict adam`` prints one prediction for each decay and names the option that chooses."""
    found = smd("predict", "adam", "--lr", "0.1", "--wd", "0.1")
    assert found.code == 0
    assert "adam leaves the decay open (" in found.out
    assert "--decay chooses" in found.out
    for decay in ("coupled", "decoupled"):
        assert decay in found.out


RULE = """
from theory import UpdateRule
from theory.symbols import lr, wd

def step(w, g):
    return (1 - lr * wd) * w - lr * g

rule = UpdateRule.from_step("plain", step, ("w",))
"""


@pytest.mark.parametrize("line", ["simulate sgd --lr 0.1 --wd 0.1 --steps 4", "derive {rule} --lr 0.1 --wd 0.1"])
def test_without_torch_one_line_says_what_to_install(smd, monkeypatch, tmp_path, line):
    """The core installs without the simulator: what needs it names the extra, with code 2."""
    rule = tmp_path / "rule.py"
    rule.write_text(RULE, encoding="utf-8")
    for name in ("torch", "numerics"):
        monkeypatch.setitem(sys.modules, name, None)
    found = smd(*line.format(rule=rule).split())
    assert found.code == 2, found.out
    assert found.out == ""
    assert "pip install 'spherical-motion[sim]'" in found.err
    assert len(found.complaints) == 1
