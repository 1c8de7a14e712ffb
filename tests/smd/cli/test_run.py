"""``smd run``: the list, a run, and what goes wrong in one line."""

import json
from dataclasses import replace

import pytest

from numerics.statistics import Estimate
from proofs.experiments import three_regimes_toy
from proofs.experiments.drawing import panels
from proofs.experiments.experiment import Finding, Mode

pytestmark = pytest.mark.chance(0)
NAME = "three-regimes-toy"
POINT = {"curvatures": [1.0], "ratio": 0.5, "burn_in": 10, "steps": 5}


@pytest.fixture
def measures(monkeypatch):
    """``measures(value, grid)`` has the experiment measure that value for 1, at the points of a grid."""

    def build(value, grid):
        changed = replace(
            three_regimes_toy.EXPERIMENT, grid=lambda mode: grid, seeds=dict.fromkeys(Mode, 2),
            judge=lambda cells: [Finding("one", 1.0, Estimate(value, 0.0, 2), 0.1, "by hand")],
            figure=lambda cells: panels(1, 1)[0],
        )  # fmt: skip
        monkeypatch.setattr(three_regimes_toy, "EXPERIMENT", changed)

    return build


def test_without_a_name_the_experiments_are_listed(smd):
    """With claims, sizes and times."""
    listed = smd("run")
    assert listed.code == 0
    for word in (NAME, "exponential-lr-root", "seeds"):
        assert word in listed.out
    rows = json.loads(smd("run", "--json").out)
    assert {"exponential-lr", NAME} <= {row["name"] for row in rows}
    modes = {row["name"]: set(row["modes"]) for row in rows}
    assert modes.pop("every-optimizer") == {"full"}
    assert all(own == {"quick", "full"} for own in modes.values())


def test_all_are_those_that_have_the_mode(smd, monkeypatch):
    """What takes ten minutes by itself is no part of the quick set."""
    asked = []
    monkeypatch.setattr("smd.cli.run._run", lambda names, **settings: asked.append(set(names)) or [])
    assert smd("run", "all", "--quick").code == smd("run", "all", "--full").code == 0
    quick, full = asked
    assert full - quick == {"every-optimizer"}
    assert quick < full


def test_a_run_prints_findings_table_and_place(smd, measures, tmp_path):
    """And publishes what the book shows."""
    measures(1.0, [POINT])
    ran = smd("run", NAME, "--out", str(tmp_path), "--jobs", "1", "--publish", str(tmp_path / "book"))
    assert ran.code == 0
    assert "one" in ran.out
    assert f"{NAME}: holds (quick, 2 cells, 2 seeds from 1000, on cpu" in ran.out
    assert str(tmp_path / NAME / "quick-cpu") in ran.out
    assert sorted(file.suffix for file in (tmp_path / "book").iterdir()) == [".json", ".svg"]
    shown = json.loads(smd("run", NAME, "--out", str(tmp_path), "--jobs", "1", "--json", "--full").out)
    assert [(report["mode"], report["outcome"]) for report in shown] == [("full", "holds")]


def test_exit_code_says_what_was_found(smd, measures, tmp_path):
    """1 where a finding is refuted, and where a cell failed, which is named."""
    measures(2.0, [POINT])
    assert smd("run", NAME, "--out", str(tmp_path / "a"), "--jobs", "1").code == 1
    measures(1.0, [{**POINT, "curvatures": []}])
    ran = smd("run", NAME, "--out", str(tmp_path / "b"), "--jobs", "1")
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.complaints] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["wrong"], "smd: experiment = wrong is unknown; known are adam-decay-forms"),
        ([NAME, "--device", "tpu"], "smd: device = tpu is unknown; known are cpu, cuda"),
        ([NAME, "--seeds", "0"], "0"),
        ([NAME, "--dask", "nowhere"], "smd: dask = nowhere: no scheduler answers there"),
    ],
)
def test_mistakes_are_one_line(smd, tmp_path, arguments, says):
    """Exit code 2, and the value that is wrong."""
    ran = smd("run", *arguments, "--out", str(tmp_path))
    assert (ran.code, len(ran.complaints)) == (2, 1)
    assert says in ran.err


def test_a_cluster_that_is_not_there_is_named_though_nothing_is_to_be_done(smd, measures, tmp_path):
    """All cells are kept from a run before; a wrong address is still wrong."""
    measures(1.0, [POINT])
    assert smd("run", NAME, "--out", str(tmp_path), "--jobs", "1").code == 0
    ran = smd("run", NAME, "--out", str(tmp_path), "--dask", "nowhere")
    assert (ran.code, len(ran.complaints)) == (2, 1)
    assert "smd: dask = nowhere: no scheduler answers there" in ran.err


def test_verify_says_who_runs_the_layer(smd):
    """``smd verify --layer network`` is a mistake that names the verb."""
    ran = smd("verify", "--layer", "network")
    assert (ran.code, ran.complaints) == (2, ["smd: Invalid value: layer = network is run by smd run"])


@pytest.mark.parametrize("into", ["file", "file/below"])
def test_a_folder_that_cannot_be_published_into_is_named_before_the_run(smd, tmp_path, into):
    """Not after minutes of it."""
    (tmp_path / "file").touch()
    ran = smd("run", NAME, "--out", str(tmp_path / "out"), "--publish", str(tmp_path / into))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "publish = " in ran.err
    assert not (tmp_path / "out").exists()


def test_what_is_refused_makes_no_folder_to_publish_into(smd, tmp_path):
    """An unknown name leaves everything as it was."""
    assert smd("run", "wrong", "--publish", str(tmp_path / "book")).code == 2
    assert not (tmp_path / "book").exists()
