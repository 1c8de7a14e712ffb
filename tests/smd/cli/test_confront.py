"""The verbs that confront theory with simulation at a point, and that say how small an error is seen."""

import json
import math

import pytest

import theory
from proofs import confrontation
from proofs.confrontation import Predicted, power
from smd.cli.confront import SETTLING, STEPS

pytestmark = pytest.mark.chance(3)

LION = ("confront", "lion", "--lr", "0.1", "--wd", "1")
SGDM = ("confront", "sgdm", "--lr", "0.1", "--wd", "1e-4", "--momentum", "0.9")


def test_a_point_is_confronted_and_can_be_again(smd):
    """The report names claim, design, comparisons and what would be seen; its own line gives the same report."""
    ran = smd(*SGDM, "--seed", "3")
    assert ran.code == 0
    for part in ("sgdm-norm, sgdm-angle by stationarity", "(1 - cos) / p", "in the norm would be rejected", "agrees"):
        assert part in ran.out
    line = next(line for line in ran.out.splitlines() if "again: smd " in line)
    assert smd(*line.split("again: smd ")[1].split()).out == ran.out


@pytest.mark.parametrize(
    ("optimizer", "design"),
    [("sgdm", "perturbation"), ("sgd", "twins"), ("sgd", "decay"), ("sgd", "long-run"), ("lion", "sign-correlation")],
)
def test_every_design_says_how_it_is_repeated(smd, optimizer, design):
    """The line of each design repeats it, with its own settings in it."""
    given = ("--lr", "0.1", "--wd", "0.5", "--dim", "16", "--replicas", "16", "--steps", "400", "--burn-in", "300")
    ran = smd("confront", optimizer, "--design", design, *given)
    assert ran.code == 0, ran.out
    line = next(line for line in ran.out.splitlines() if "again: smd " in line)
    assert smd(*line.split("again: smd ")[1].split()).out == ran.out


def test_a_design_and_its_length_need_not_be_given(smd, monkeypatch):
    """Stationarity, or a long run where nothing stands still: half-lives of the norm, or of what remembers longer."""
    asked = []

    def confront(optimizer, chosen, design, **settings):
        asked.append((optimizer, design, settings))
        raise theory.OutOfDomain("not today")

    monkeypatch.setattr(confrontation, "confront", confront)
    beta2 = ("adamw_beta2", "--lr", "1e-2", "--wd", "1")
    for given in (
        ("sgd", "--lr", "0.1", "--wd", "0.1"),
        beta2,
        (*beta2, "--beta2", "0.9999"),
        (*beta2, "--steps", "9"),
    ):
        assert smd("confront", *given).code == 2
    (first, stationary, short), *long = asked
    assert (first, stationary, short["steps"]) == ("sgd", "stationarity", STEPS)
    assert {(name, design) for name, design, _ in long} == {("adamw_beta2", "long-run")}
    usual, slow, told = (settings for *_, settings in long)
    half_life = theory.predict("adamw_beta2", lr=1e-2, wd=1, dim=64).half_life
    assert usual["burn_in"] == math.ceil(SETTLING * half_life)
    assert slow["burn_in"] == math.ceil(SETTLING * math.log(2) / -math.log(0.9999))
    assert (told["steps"], told["burn_in"]) == (9, usual["burn_in"])


def test_a_long_run_agrees_by_itself(smd):
    """Where 600 steps would be a small part of a half-life, and the start would be taken for a wrong formula."""
    slow = ("confront", "sgd", "--lr", "1e-3", "--wd", "0.1", "--design", "long-run", "--replicas", "16", "--dim", "8")
    assert smd(*slow).code == 0
    assert smd(*slow, "--steps", "600", "--burn-in", "300").code == 1
    refused = smd("confront", "sgd", "--lr", "1e-6", "--wd", "1e-3", "--design", "long-run")
    assert refused.code == 2
    assert "say how long it is to be" in refused.err


def test_json_holds_the_comparisons(smd):
    """Verdict, resolution and every comparison."""
    found = json.loads(smd(*SGDM, "--json").out)
    assert found["agrees"] is True
    assert set(found["resolves"]) == {"norm", "angle"}
    assert len(found["statistics"]) == 4
    assert found["hyperparameters"]["momentum"] == 0.9


@pytest.mark.chance(8)
def test_looks_are_told_and_the_last_is_shown(smd):
    """--resolve tells each look on standard error and ends where enough is seen."""
    ran = smd("confront", "sgd", "--lr", "0.1", "--wd", "1e-4", "--law", "sphere", "--resolve", "0.02")
    assert ran.code == 0
    assert ran.err.count("replicas resolve") >= 2
    assert "replicas=128" not in ran.out


def test_a_disagreement_is_exit_code_one(smd, monkeypatch):
    """With a wrong norm in the theory the verb says so."""
    right = Predicted.of_rule

    def wrong(rule, chosen):
        found = right(rule, chosen)
        return found.replaced(squared_norm=1.02 * found.moments[0, 0])

    monkeypatch.setattr(Predicted, "of_rule", wrong)
    ran = smd(*SGDM)
    assert ran.code == 1
    assert "DISAGREES" in ran.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("confront", "guess"), "optimizer = guess is unknown"),
        ((*SGDM, "--design", "guess"), "design = guess is unknown for sgdm"),
        ((*SGDM, "--law", "guess"), "law = guess is unknown"),
        ((*SGDM, "--replicas", "1"), "replicas = 1 must be at least 2"),
        (
            ("confront", "lion", "--lr", "0.1", "--wd", "1", "--replicas", "20"),
            "replicas = 20 must be at least 26 to fit 10",
        ),
        ((*SGDM, "--dim", "1"), "dim = 1 is outside its range"),
        ((*SGDM, "--design", "decay", "--factor", "-1"), "factor = -1 is outside its range"),
        ((*SGDM, "--resolve", "0"), "resolve = 0 is outside its range"),
        (("confront", "sgd", "--lr", "0.1", "--wd", "30"), "no equilibrium exists"),
        (("power", "guess"), "optimizer = guess has no power map"),
        (("power", "ngd", "--json", "/nowhere/x.json"), "the folder /nowhere does not exist"),
    ],
)
def test_a_mistake_is_one_line(smd, arguments, named):
    """Bad input is named in one line with exit code 2."""
    ran = smd(*arguments)
    assert ran.code == 2
    assert len(ran.complaints) == 1
    assert named in ran.complaints[0]


@pytest.mark.chance(0)
def test_a_power_map_is_printed_and_written(smd, tmp_path):
    """NGD's map, whose one step leaves nothing to chance: met goals are exit code 0, and the file holds the rows."""
    target = tmp_path / "power.json"
    ran = smd("power", "ngd", "--repetitions", "1", "--json", str(target))
    assert ran.code == 0, ran.err
    found = json.loads(target.read_text())
    assert found["complete"] is True
    assert {row["quantity"] for row in found["power"]} == {"norm", "angle", "rate"}
    assert "(recipe)" in ran.out


@pytest.mark.chance(0)
def test_a_stopped_power_map_goes_on(smd, tmp_path, monkeypatch):
    """Optimizers that a stopped run has measured are not measured again; a map that ended is."""
    target, asked, real = tmp_path / "power.json", [], power.power

    def stopped(name, repetitions):
        asked.append(name)
        if asked == ["ngd", "rmspropw"]:
            raise KeyboardInterrupt
        return [next(real(name, 0))]

    monkeypatch.setattr(power, "power", stopped)
    command = ("power", "ngd", "rmspropw", "--json", str(target))
    assert smd(*command).code == 130
    assert json.loads(target.read_text())["complete"] is False
    smd(*command)
    assert asked == ["ngd", "rmspropw", "rmspropw"]
    found = json.loads(target.read_text())
    assert found["complete"] is True
    assert [row["optimizer"] for row in found["power"]] == ["ngd", "rmspropw"]
    smd(*command)
    assert asked[3:] == ["ngd", "rmspropw"]


@pytest.mark.chance(0)
def test_a_power_map_below_its_goals_is_exit_code_one(smd, monkeypatch):
    """A goal that nothing meets is named."""
    monkeypatch.setattr("proofs.confrontation.power.GOALS", {"norm": 1e-20, "angle": 1e-20, "rate": 1e-20})
    ran = smd("power", "ngd", "--repetitions", "1")
    assert ran.code == 1
    assert "of the norm is seen, goal 1e-20" in ran.err
