"""``smd trajectory``: its JSON, its table, its figure, its speed, and bad input."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from tests.compare import close
from theory import NAMES, predict
from theory.schedule import SHAPES

KEYS = [
    "optimizer", "hyperparameters", "settings", "peak", "settled_at", "final_norm", "step", "lr", "wd", "norm",
    "angular_update", "adiabatic_norm", "adiabatic_angular_update", "hypotheses", "claims", "warnings",
]  # fmt: skip
SHORT = "--lr 0.1 --wd 0.3 --steps 60"


def parsed(run):
    """What a run printed as JSON; NaN and infinities are none."""

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    assert run.code == 0, run.err
    return json.loads(run.out, parse_constant=refuse)


# Every optimizer under one schedule, and every schedule with one optimizer.
CASES = [*((name, "cosine") for name in NAMES if name != "nadamw_beta2"), *(("sgd", shape) for shape in SHAPES)]


@pytest.mark.parametrize(("optimizer", "schedule"), CASES)
def test_json_of_every_optimizer_and_schedule(smd, optimizer, schedule):
    """The keys are fixed, there is one number a step, and the first and last step are there."""
    found = parsed(smd("trajectory", optimizer, *shlex.split(SHORT), "--schedule", schedule, "--warmup", "5", "--json"))
    assert set(found) == set(KEYS)
    assert found["step"] == list(range(60))
    for name in ("lr", "wd", "norm", "angular_update", "adiabatic_norm", "adiabatic_angular_update"):
        assert len(found[name]) == 60
    assert found["settings"]["schedule"] == schedule
    assert found["norm"][0] == 1.0


def test_json_thins_its_rows(smd):
    """At most ``--points`` rows, the first and the last among them."""
    found = parsed(smd("trajectory", "sgd", *shlex.split(SHORT), "--points", "7", "--json"))
    assert len(found["step"]) == 7
    assert (found["step"][0], found["step"][-1]) == (0, 59)


def test_from_equilibrium_to_equilibrium(smd):
    """From equilibrium at constant lr and wd the numbers are those of ``predict``, and it is settled from the start."""
    found = parsed(smd("trajectory", "sgdm", *shlex.split(SHORT), "--start-norm", "equilibrium", "--json"))
    expected = predict("sgdm", lr=0.1, wd=0.3)
    assert found["final_norm"] == close(expected.equilibrium_norm, 1e-12)
    assert found["angular_update"][-1] == close(expected.angular_update, 1e-9)
    assert found["settled_at"] == 0
    assert found["warnings"] == []


def test_options_reach_the_schedule(smd):
    """Drops, their factor, the end of a decay and the course of weight decay do what they say."""
    step = parsed(smd("trajectory", "sgd", *shlex.split(f"{SHORT} --schedule step --drops 0.5 --drop-factor 4 --json")))
    assert step["lr"][29:31] == [0.1, 0.025]
    linear = parsed(smd("trajectory", "sgd", *shlex.split(f"{SHORT} --schedule linear --final 0.5 --json")))
    assert linear["lr"][30] == close(0.075, 1e-12)
    corrected = parsed(smd("trajectory", "sgd", *shlex.split(f"{SHORT} --schedule linear --decay corrected --json")))
    assert corrected["wd"][30] == close(0.15, 1e-12)
    independent = parsed(
        smd("trajectory", "adam", *shlex.split(f"{SHORT} --schedule linear --decay independent --json"))
    )
    assert independent["optimizer"] == "adamw"
    assert independent["wd"][30] * independent["lr"][30] == close(independent["wd"][0] * independent["lr"][0], 1e-12)
    coupled = parsed(smd("trajectory", "adam", *shlex.split(f"{SHORT} --decay coupled --json")))
    assert coupled["optimizer"] == "adam_l2"
    wsd = parsed(smd("trajectory", "sgd", *shlex.split(f"{SHORT} --schedule wsd --cooldown 0.5 --json")))
    assert wsd["lr"][30] == 0.1
    assert wsd["lr"][45] == close(0.05, 1e-12)


def test_the_table_says_what_holds(smd):
    """The table is followed by the peak, the convention, the hypotheses and the notes."""
    run = smd("trajectory", "adamw", *shlex.split(f"{SHORT} --schedule linear --beta2 0.99"))
    assert run.code == 0
    for part in ("Largest angle", "Convention: decoupled", "lags behind 1/|w|^2", "Note: at the end the angle", "…"):
        assert (part in run.out) == (part != "…")


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_plot_writes_a_file(smd, tmp_path, suffix):
    """``--plot`` writes a figure in the format of its name."""
    target = tmp_path / f"plot.{suffix}"
    assert smd("trajectory", "lion", *shlex.split(SHORT), "--schedule", "cosine", "--plot", str(target)).code == 0
    beginning = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
    assert target.read_bytes().startswith(beginning)


MISTAKES = {
    "unknown schedule": ("sgd --lr 0.1 --wd 0.1 --schedule sawtooth", "schedule", "sawtooth"),
    "unknown optimizer": ("adagrad --lr 0.1 --wd 0.1", "optimizer", "adagrad"),
    "no steps": ("sgd --lr 0.1 --wd 0.1 --steps 0", "steps", "0"),
    "negative steps": ("sgd --lr 0.1 --wd 0.1 --steps -3", "steps", "-3"),
    "half a step": ("sgd --lr 0.1 --wd 0.1 --steps 2.5", "steps", "2.5"),
    "too many steps": ("sgd --lr 0.1 --wd 0.1 --steps 99999999999", "steps", "99999999999"),
    "more warmup than steps": ("sgd --lr 0.1 --wd 0.1 --steps 10 --warmup 11", "warmup", "11"),
    "warmup below zero": ("sgd --lr 0.1 --wd 0.1 --steps 10 --warmup -1", "warmup", "-1"),
    "no learning rate": ("sgd --lr 0 --wd 0.1", "lr", "0"),
    "learning rate no number": ("sgd --lr nan --wd 0.1", "lr", "nan"),
    "no decay": ("sgd --lr 0.1 --wd 0", "wd", "0"),
    "unknown decay": ("sgd --lr 0.1 --wd 0.1 --decay sideways", "decay", "sideways"),
    "a decay that conflicts": ("adamw --lr 0.1 --wd 0.1 --decay coupled", "decay", "coupled"),
    "a decay left open": ("adam --lr 0.1 --wd 0.1", "optimizer", "adam"),
    "start at zero": ("sgd --lr 0.1 --wd 0.1 --start-norm 0", "start_norm", "0"),
    "start in letters": ("sgd --lr 0.1 --wd 0.1 --start-norm small", "start_norm", "small"),
    "no equilibrium to start from": ("sgd --lr 5 --wd 0.5 --start-norm equilibrium", "lr*wd", "2.5"),
    "growth without bound": ("sgd --lr 10 --wd 1", "lr*wd", "10"),
    "overflow": ("adamw --lr 1e200 --wd 1e-100 --beta2 0.9", "lr", "1e+200"),
    "a foreign option": ("sgd --lr 0.1 --wd 0.1 --beta1 0.9", "beta1", "0.9"),
    "beta2 where the memory is not derived": ("nadamw --lr 0.1 --wd 0.1 --beta2 0.99", "beta2 = 0.99", "nadamw"),
    "a rule whose memory changes": ("nadamw_beta2 --lr 0.1 --wd 0.1", "nadamw_beta2", "not derived"),
    "decay left open": ("adam --lr 0.1 --wd 0.1", "optimizer = adam needs a decay", "coupled or decoupled"),
    "a rule of matrices": ("muon --lr 0.1 --wd 0.1", "optimizer", "muon"),
    "beta2 one": ("adamw --lr 0.1 --wd 0.1 --beta2 1", "beta2", "1"),
    "an end above the peak": ("sgd --lr 0.1 --wd 0.1 --schedule linear --final 2", "final", "2"),
    "no cooldown": ("sgd --lr 0.1 --wd 0.1 --schedule wsd --cooldown 0", "cooldown", "0"),
    "a drop outside the run": ("sgd --lr 0.1 --wd 0.1 --schedule step --drops 0.5,1.5", "drops", "1.5"),
    "a drop in letters": ("sgd --lr 0.1 --wd 0.1 --schedule step --drops late", "", "late"),
    "a drop by nothing": ("sgd --lr 0.1 --wd 0.1 --schedule step --drop-factor 0", "drop_factor", "0"),
    "one row": ("sgd --lr 0.1 --wd 0.1 --points 1", "points", "1"),
    "plot that is no picture": ("sgd --lr 0.1 --wd 0.1 --plot figure.docx", "plot", "figure.docx"),
    "plot into nowhere": ("sgd --lr 0.1 --wd 0.1 --plot /nowhere/figure.svg", "plot", "/nowhere"),
}


@pytest.mark.parametrize(("arguments", "parameter", "value"), MISTAKES.values(), ids=MISTAKES)
def test_bad_input_earns_one_line(smd, arguments, parameter, value):
    """One line on standard error names the parameter and its value; the exit code is 2."""
    run = smd("trajectory", *shlex.split(arguments))
    assert run.code == 2
    assert len(run.complaints) == 1, run.err
    assert run.complaints[0].startswith("smd: ")
    assert parameter in run.complaints[0]
    assert value in run.complaints[0]
    assert run.out == ""


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no folder that refuses files to everybody")
def test_a_file_that_cannot_be_written_is_named(smd):
    """A figure into a folder that takes no files earns one line."""
    run = smd("trajectory", "sgd", *shlex.split(SHORT), "--plot", "/proc/self/figure.svg")
    assert run.code == 2
    assert "figure.svg" in run.err


def test_a_folder_is_no_file(smd, tmp_path):
    """A folder by the figure's name earns one line."""
    folder = tmp_path / "figure.svg"
    folder.mkdir()
    run = smd("trajectory", "sgd", *shlex.split(SHORT), "--plot", str(folder))
    assert run.code == 2
    assert "figure.svg is a folder" in run.err


def test_the_command_needs_neither_sympy_nor_torch():
    """With derivations in the cache a trajectory imports neither SymPy nor torch."""
    command = (
        "import sys; from smd.trajectory import trajectory\n"
        "trajectory('lion', lr=0.1, wd=0.1, steps=20, schedule='cosine')\n"
        "trajectory('adamw', lr=0.1, wd=0.1, steps=20, beta2=0.9)\n"
        "print([m for m in ('sympy', 'torch', 'matplotlib') if m in sys.modules])"
    )
    for expected in (None, "[]"):  # the first run may derive
        ran = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True, timeout=120)
        assert expected is None or ran.stdout.strip() == expected
