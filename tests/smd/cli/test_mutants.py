"""The verb that shows mutants to the simulation."""

import json

import pytest

pytestmark = pytest.mark.chance(200)


def test_verdicts_are_shown_and_written(smd, tmp_path):
    """Every mutant of SGD's norm is killed; the file holds each with its point and p-value, and where it comes from."""
    target = tmp_path / "mutants.json"
    ran = smd("mutants", "--claim", "sgd-norm", "--json", str(target))
    assert ran.code == 0, ran.err
    assert "a factor dropped" in ran.out
    found = json.loads(target.read_text())
    assert {one["outcome"] for one in found["mutants"]} == {"killed"}
    assert {"date", "source", "versions", "seed", "base_seed", "false_alarm"} < set(found)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("--claim", "sgd-nrm"), "claim = sgd-nrm"), (("--json", "nowhere/found.json"), "json = nowhere")],
)
def test_bad_input_earns_one_line(smd, arguments, named):
    """What is wrong is named before anything is judged."""
    ran = smd("mutants", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.err
    assert ran.err.count("\n") == 1


def test_a_survivor_and_an_interrupt_are_told(smd, monkeypatch, tmp_path):
    """A survivor makes the exit code 1; an interrupt keeps what was judged, and its code is its own."""
    from proofs.confrontation import report
    from proofs.confrontation.judging import SURVIVED, Verdict

    target = tmp_path / "mutants.json"
    monkeypatch.setattr(report, "verdict", lambda one, _: Verdict(one, SURVIVED, at={}, change=1e-3, seen=1e-2))
    ran = smd("mutants", "--claim", "sgd-angle")
    assert (ran.code, "Survives: sgd-angle" in ran.out) == (1, True)

    def cut(one, _):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "verdict", cut)
    assert smd("mutants", "--claim", "sgd-angle", "--json", str(target)).code == 130
    assert json.loads(target.read_text())["interrupted"]
