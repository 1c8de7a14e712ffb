"""The verbs about recipes: solve, translate, explain, diff."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from smd.conventions import CONVENTIONS
from theory import predict

MISTAKES = {
    "no target": ("solve adamw --lr 1e-3", "target", "none"),
    "two targets": ("solve adamw --lr 1e-3 --angle 0.1 --norm 2", "angle", "0.1"),
    "angle beyond a half turn": ("solve adamw --lr 1e-3 --angle 4", "angle", "4"),
    "angle in letters": ("solve adamw --lr 1e-3 --angle wide", "angle", "wide"),
    "unreachable half-life": ("solve adamw --lr 1e-3 --half-life 2", "half_life", "2"),
    "lr missing": ("solve adamw --angle 0.1", "lr", "missing"),
    "lr in letters": ("solve adamw --lr fast --angle 0.1", "--lr", "fast"),
    "lr negative": ("solve adamw --lr -1 --angle 0.1", "lr", "-1"),
    "lr twice": ("solve adamw --lr 1 --lr=2 --angle 0.1", "--lr", "twice"),
    "wd given and asked for": ("solve adamw --lr 1e-3 --wd 0.1 --angle 0.1", "wd", "0.1"),
    "momentum for AdamW": ("solve adamw --lr 1e-3 --momentum 0.9 --angle 0.1", "momentum", "0.9"),
    "unknown unknown": ("solve adamw --lr 1e-3 --for gamma --angle 0.1", "for", "gamma"),
    "option without a number": ("solve adamw --lr --angle 0.1", "--lr", "missing"),
    "option that is none": ("solve adamw 0.1 --angle 0.1", "0.1", ""),
    "unknown optimizer": ("solve adagrad --lr 1e-3 --angle 0.1", "optimizer", "adagrad"),
    "unknown source": ("translate adagrad lion --lr 1 --wd 0.1", "optimizer", "adagrad"),
    "unknown target": ("translate adamw adagrad --lr 1 --wd 0.1", "optimizer", "adagrad"),
    "unknown match": ("translate adamw lion --lr 1 --wd 0.1 --match speed", "match", "speed"),
    "unknown keep": ("translate adamw lion --lr 1 --wd 0.1 --keep calm", "keep", "calm"),
    "batch zero": ("translate adamw lion --lr 1 --wd 0.1 --batch 0", "batch", "0"),
    "a matrix without its shape": ("translate adamw muon --lr 1e-3 --wd 0.1 --rows 8", "cols", "missing"),
    "dim of another matrix": ("translate adamw muon --lr 1e-3 --wd 0.1 --rows 8 --cols 4 --dim 7", "dim", "7"),
    "decay that conflicts": ("translate adamw lion --lr 1e-3 --wd 0.1 --decay coupled", "decay", "coupled"),
    "decay left open": ("translate adam lion --lr 1e-3 --wd 0.1", "optimizer", "adam"),
    "decay without lr*wd": ("translate adam lion --lr 1e-3 --wd 0.1 --decay independent", "decay", "independent"),
    "decay of solve": ("solve lion --decay coupled --lr 1e-3 --angle 0.01", "decay", "coupled"),
    "sizes missing": ("translate adamw sgdm --lr 1e-3 --wd 0.1", "keep", "grad-norm"),
    "beta1 one at the target": ("translate adamw lion --lr 1 --wd 0.1 --to-beta1 1", "beta1", "1"),
    "unknown at the target": ("translate adamw lion --lr 1 --wd 0.1 --to-nu 1", "nu", "1"),
    "no equilibrium to translate": ("translate adamw lion --lr 1 --wd 3", "lr*wd", "3"),
    "one library": ("diff pytorch:AdamW", "two", ""),
    "unknown library": ("diff pytorch:AdamW jax:adamw --lr 1 --wd 0.1", "jax:adamw", ""),
    "no such file": ("explain nowhere.yaml", "nowhere.yaml", ""),
    "wd missing": ("diff pytorch:SGD keras:SGD --lr 0.1", "wd", "missing"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_earns_one_line(smd, case):
    """Exit code 2, nothing on standard output, one line that names the parameter and the value."""
    arguments, parameter, value = MISTAKES[case]
    run = smd(*shlex.split(arguments))
    assert run.code == 2
    assert run.out == ""
    (line,) = run.complaints
    assert line.startswith("smd: ")
    assert parameter in line
    assert value in line


def parsed(run):
    """What a run printed as JSON."""
    assert run.code == 0, run.err
    return json.loads(run.out)


def test_solve_prints_what_predict_confirms(smd):
    """The wd that is printed gives the angle that was asked for."""
    found = parsed(smd(*shlex.split("solve adamw --lr 1e-3 --beta1 0.95 --angle 0.01 --json")))
    assert predict("adamw", lr=1e-3, wd=found["value"], beta1=0.95).angular_update == pytest.approx(0.01, rel=1e-9)
    shown = smd(*shlex.split("solve adamw --lr 1e-3 --beta1 0.95 --angle 0.01"))
    assert f"{found['value']:.10g}" in shown.out
    assert "Convention: decoupled" in shown.out


def test_solve_for_the_learning_rate(smd):
    """--for lr turns the roles of lr and wd around."""
    found = parsed(smd(*shlex.split("solve sgdm --wd 1e-4 --norm 2 --for lr --json")))
    assert found["unknown"] == "lr"
    assert predict("sgdm", lr=found["value"], wd=1e-4).equilibrium_norm == pytest.approx(2, rel=1e-9)


def test_translate_says_what_it_cannot_match(smd):
    """The half-life that follows is printed as a factor; with a free momentum there is nothing left to say."""
    plain = smd(*shlex.split("translate adamw lion --lr 1e-3 --wd 0.1"))
    assert "the half-life is 0.421 times the wanted one" in plain.out
    both = smd(*shlex.split("translate adamw lion --lr 1e-3 --wd 0.1 --match angle,half-life"))
    assert "Matched: angle and half-life. Kept: norm." in both.out
    assert "set free" in both.out
    assert parsed(smd(*shlex.split("translate adamw lion --lr 1e-3 --wd 0.1 --json")))["matched"] == ["angle"]


def test_translate_to_another_batch(smd):
    """The target of a larger batch is said."""
    assert "a batch 8 times as large" in smd(*shlex.split("translate sgd sgd --lr 0.1 --wd 1e-4 --batch 8")).out


def test_diff_names_the_part_and_the_factor(smd):
    """The decay is named, the angles are compared at the peak and late in a schedule, sources are shown."""
    shown = smd(*shlex.split("diff pytorch:AdamW tfa:AdamW --lr 1e-3 --wd 0.01"))
    assert "independent" in shown.out
    assert "At the peak learning rate tfa:AdamW turns 31.7 times as far a step." in shown.out
    assert "Source of tfa:AdamW (code): https://" in shown.out
    assert parsed(smd(*shlex.split("diff pytorch:AdamW tfa:AdamW --lr 1e-3 --wd 0.01 --json")))["sides"]


def test_diff_lists_every_convention(smd):
    """Each with its source."""
    shown = smd("diff", "--list").out
    assert all(own.label in shown and own.source in shown for own in CONVENTIONS)


def test_explain_speaks_and_draws(smd, tmp_path):
    """Words, a figure, and JSON."""
    file, plot = tmp_path / "recipe.yaml", tmp_path / "angle.svg"
    file.write_text("optimizer: adamw\nlr: 6e-4\nwd: 0.1\nsteps: 10000\nschedule: {name: cosine, warmup: 500}\n")
    shown = smd("explain", str(file), "--plot", str(plot))
    assert shown.code == 0, shown.err
    assert "What to change:" in shown.out
    assert "the run is too short" in shown.out
    assert plot.read_text(encoding="utf-8").startswith("<?xml")
    assert parsed(smd("explain", str(file), "--json"))["half_lives"] == pytest.approx(5000 / 5776, rel=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        "solve adamw --lr 1e-3 --angle 0.01",
        "translate adamw lion --lr 1e-3 --wd 0.1",
        "diff pytorch:AdamW tfa:AdamW --lr 1e-3 --wd 0.01",
    ],
)
def test_verbs_are_light_with_a_warm_cache(arguments):
    """Where the derivations are cached neither SymPy nor torch is loaded."""
    code = (
        "import sys\nfrom theory.compiled import NAMES, load\n[load(name) for name in ('adamw', 'lion')]\n"
        "for name in [m for m in sys.modules if m.partition('.')[0] in ('sympy', 'torch')]: del sys.modules[name]\n"
        "from smd.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "print([m for m in ('sympy', 'torch') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *shlex.split(arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ,
    )
    assert ran.stdout.splitlines()[-1] == "[]"
