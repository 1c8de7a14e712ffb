"""The repetitions: what is asked of each, that they resume, and that a wrong formula is a wrong formula."""

import ast
import json
import sys
from pathlib import Path

import pytest

from proofs.confrontation import Predicted
from proofs.sources import PACKAGES, reached
from tests import repetitions, wrong

SGD = {"lr": 0.1, "wd": 0.1}


def one(**changed):
    """A repetition that went as it must."""
    plain = {"base_seed": 1, "wrong": None, "tests": 9, "failed": [], "errors": [], "names_the_claim": False}
    return plain | {"seconds": 1.0} | changed


@pytest.mark.parametrize(
    ("changed", "right"),
    [
        ({}, True),
        ({"failed": ["test_a"]}, False),
        ({"errors": ["test_a"]}, False),
        ({"tests": 0}, False),
        ({"wrong": "sgd-norm", "failed": ["test_a"], "names_the_claim": True}, True),
        ({"wrong": "sgd-norm", "failed": ["test_a"]}, False),
        ({"wrong": "sgd-norm"}, False),
    ],
)
def test_what_is_asked_of_a_repetition(changed, right):
    """With the right theory nothing fails; with a wrong formula something fails and names the claim."""
    assert repetitions.is_as_it_must(one(**changed)) is right


def outside(file, sources):
    """What a test imports of the packages that is not among these modules."""
    nodes = ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
    return [
        f"{node.module}.{name.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in PACKAGES
        for name in node.names
        if not {node.module, f"{node.module}.{name.name}"} & (sources | PACKAGES.keys())
    ]


@pytest.mark.parametrize("file", repetitions.CONFRONTATIONS)
def test_what_repetitions_were_made_from(file):
    """Whatever a repeated test imports of the packages is among their sources; what trains networks is not."""
    sources = reached(repetitions.MODULES)
    assert not outside(file, sources)
    assert outside(file, reached(["proofs.comparison"]))
    assert not {"numerics.monitor.monitor", "proofs.experiments.equilibrium"} & sources


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """What a file holds is not done again; results of other sources are."""
    target, asked = tmp_path / "found.json", []

    def repetition(base_seed, claim, workers):
        asked.append((base_seed, claim))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return one(base_seed=base_seed, wrong=claim, names_the_claim=claim is not None)

    monkeypatch.setattr(repetitions, "repetition", repetition)
    monkeypatch.setattr(sys, "argv", ["repetitions", "--json", str(target), "--times", "2"])
    with pytest.raises(KeyboardInterrupt):
        repetitions.main()
    with pytest.raises(SystemExit) as ended:
        repetitions.main()
    assert ended.value.code == 0
    first, second = repetitions.WRONG[1], repetitions.WRONG[2]
    assert asked == [(1, None), (2, None), (2, None), (1, first), (2, second)]
    kept = json.loads(target.read_text())
    target.write_text(json.dumps(kept | {"source": "another"}))
    asked[:] = [None] * 2
    with pytest.raises(SystemExit):
        repetitions.main()
    assert len(asked) == 2 + 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--json", "nowhere/found.json"), "the folder nowhere does not exist"),
        (("--json", "found.json", "--times", "0"), "--times: 0 is not at least 1"),
        (("--json", "found.json", "--workers", "0"), "--workers: 0 is not at least 1"),
        (("--json", "found.json", "--workers", "many"), "--workers: invalid"),
    ],
)
def test_bad_arguments_are_named_before_anything_runs(arguments, named, monkeypatch, capsys):
    """Exit code 2, and no repetition."""
    monkeypatch.setattr(repetitions, "repetition", None)
    monkeypatch.setattr(sys, "argv", ["repetitions", *arguments])
    with pytest.raises(SystemExit) as ended:
        repetitions.main()
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_a_wrong_formula_is_off_by_its_factor(monkeypatch):
    """The named optimizer's norm or angle is multiplied and nothing else; other names are refused."""
    right = {name: Predicted.of(name, SGD) for name in ("sgd", "ngd")}
    monkeypatch.setattr(Predicted, "of_rule", Predicted.of_rule)
    monkeypatch.setenv(wrong.VARIABLE, "sgd-angle=1.01")
    wrong.apply()
    assert Predicted.of("sgd", SGD).angle == pytest.approx(1.01 * right["sgd"].angle, rel=1e-12)
    assert Predicted.of("ngd", SGD).angle == right["ngd"].angle
    assert wrong.altered(right["sgd"], "norm", 1.01).moments[0, 0] == pytest.approx(
        1.01**2 * right["sgd"].moments[0, 0], rel=1e-12
    )
    monkeypatch.setenv(wrong.VARIABLE, "sgd-rate=1.01")
    with pytest.raises(AssertionError, match="names no norm and no angle"):
        wrong.apply()
