"""``smd derive``: what it prints for a reader's own rule, and the one line that each mistake earns."""

import json
import shlex

import pytest

from smd.cli.app import main

pytestmark = pytest.mark.chance(4)

HEAD = "from theory import UpdateRule\nfrom theory.symbols import energy, lr, momentum, squared_norm, wd\n"
STEP = '("mine", lambda w, g: ((1 - lr * wd) * w - lr * g,), ("w",)'
GOOD = f"rule = UpdateRule.from_step{STEP})"
AT = "--lr 0.1 --wd 0.5"
FILES = {
    "raises": ("1 / 0", AT, "line 3: ZeroDivisionError"),
    "no Python": ("def step(w: return w", AT, "line 3: SyntaxError"),
    "leaves": ("raise SystemExit(0)", AT, "line 3: SystemExit"),
    "no rule": ("x = 1", AT, "defines no UpdateRule"),
    "only rules of ours": ("from theory.optimizers.sgd import SGD", AT, "defines no UpdateRule"),
    "several rules": (f"a = UpdateRule.from_step{STEP}); b = UpdateRule.from_step{STEP})", AT, "several rules, a, b"),
    "rule is none": ("rule = 3", AT, "rule is of type int"),
    "text for SymPy": ('rule = UpdateRule.from_step("t", lambda w, g: ("w - g",), ("w",))', AT, "a str, which is no"),
    "not linear": ('rule = UpdateRule.from_step("t", lambda w, g: (w - lr * wd * g**2,), ("w",))', AT, "not linear"),
    "too few states": ('rule = UpdateRule.from_step("t", lambda w, m, g: (w,), ("w", "m"))', AT, "returns 1 values"),
    "no decay": ('rule = UpdateRule.from_step("t", lambda w, g: (w - lr * g,), ("w",))', AT, "wd does not occur"),
    "growing": ('rule = UpdateRule.from_step("t", lambda w, g: ((1 + lr * wd) * w - lr * g,), ("w",))', AT, "1.05"),
    "a walk": (
        'rule = UpdateRule.from_step("t", lambda w, n, g: (w - lr * wd * (w - n) - lr * g, n + momentum * (w - n)),'
        ' ("w", "n"))',
        AT,
        "no unique fixed point",
    ),
    "energy that grows": (f"rule = UpdateRule.from_step{STEP}, amplitude=energy * squared_norm)", AT, "nothing sets"),
    "energy of no power": (f"rule = UpdateRule.from_step{STEP}, amplitude=energy + squared_norm)", AT, "not a power"),
    "correlated": (
        f"from theory import geometric\n"
        f"rule = UpdateRule.from_step{STEP}, amplitude=1, autocorrelation=geometric(momentum, momentum))",
        AT,
        "correlated",
    ),
    "value missing": (GOOD, "--lr 0.1", "wd is missing"),
    "value outside": (GOOD, "--lr 0.1 --wd -1", "wd = -1"),
    "no equilibrium": (GOOD, "--lr 1 --wd 3", "lr*wd = 3"),
    "another's value": (GOOD, f"{AT} --set momentum=0.9", "momentum = 0.9 does not apply"),
    "no assignment": (GOOD, f"{AT} --set momentum", "--set momentum"),
    "no number": (GOOD, f"{AT} --set momentum=big", "big is not a number"),
    "given twice": (GOOD, f"{AT} --set lr=0.2", "lr is given twice"),
    "no coordinates": (GOOD, f"{AT} --dim 1", "dim = 1"),
    "unknown device": (GOOD, f"{AT} --device tpu", "device = tpu"),
}


@pytest.fixture
def written(tmp_path):
    """``written(lines)`` is a file of these lines under the usual imports."""

    def write(lines):
        file = tmp_path / "own.py"
        file.write_text(HEAD + lines + "\n", encoding="utf-8")
        return str(file)

    return write


@pytest.mark.parametrize("case", FILES)
def test_a_mistake_earns_one_line(smd, written, case):
    """Exit code 2, nothing printed, one line that names what and why."""
    lines, options, named = FILES[case]
    run = smd("derive", written(lines), *shlex.split(options))
    assert run.code == 2
    assert run.out == ""
    (line,) = run.complaints
    assert line.startswith("smd: ")
    assert named in line


@pytest.mark.parametrize("name", ["nowhere.py", "."])
def test_a_file_that_is_none_earns_one_line(smd, name):
    """A missing file and a folder are named."""
    run = smd("derive", name, *shlex.split(AT))
    assert run.code == 2
    (line,) = run.complaints
    assert name in line


def test_the_verb_prints_formulas_numbers_and_confrontations(smd, written):
    """The report names every quantity, the orders, the limit, and that the simulator shares the rule."""
    run = smd("derive", written(GOOD), *shlex.split(AT))
    assert run.code == 0, run.err
    for part in (
        "equilibrium norm", "cosine", "convergence rate", "leading order", "relative remainder",
        "Exists for lr*wd below 2",
        "One step from the predicted moments: agrees", "Twins", "Convention:", "Holds if:",
        "translated from the rule's own lines: this tests the calculus and not the typing",
    ):  # fmt: skip
        assert part in run.out


def test_json_holds_the_same(smd, written):
    """The JSON agrees with the prediction of the same rule in the registry."""
    found = json.loads(smd("derive", written(GOOD), *shlex.split(AT), "--json").out)
    known = json.loads(smd("predict", "sgd", *shlex.split(AT), "--json").out)
    for name in ("equilibrium_norm", "angular_update", "convergence_rate", "half_life"):
        assert found[name] == pytest.approx(known[name], rel=1e-12)
    assert found["agrees"] is True
    assert {c["design"] for c in found["confrontations"]} == {"stationarity", "perturbation"}
    assert set(found["latex"]) == {"norm", "one_minus_cosine", "angle", "convergence_rate"}
    assert found["exists_below_latex"] == ["2"]


def test_latex_alone(smd, written):
    """With --latex the formulas are all that is printed."""
    run = smd("derive", written(GOOD), *shlex.split(AT), "--latex")
    assert r"\sqrt[4]" in run.out
    assert all(line.startswith("%") or "\\" in line or line.strip() for line in run.out.splitlines())
    assert "agrees" not in run.out


def test_a_correlated_rule_is_derived_without_simulation(smd, written):
    """What cannot be simulated can be derived."""
    lines = FILES["correlated"][0]
    run = smd("derive", written(lines), *shlex.split(AT), "--no-simulation", "--json")
    assert run.code == 0, run.err
    assert json.loads(run.out)["agrees"] is None


def test_a_disagreement_is_exit_code_one(smd, written, monkeypatch):
    """A wrong prediction is shown to be one."""
    from proofs.confrontation import Predicted

    right = Predicted.of_rule.__func__

    def wrong(cls, *arguments):
        found = right(cls, *arguments)
        return found.replaced(squared_norm=1.05 * found.moments[0, 0])

    monkeypatch.setattr(Predicted, "of_rule", classmethod(wrong))
    run = smd("derive", written(GOOD), *shlex.split(AT))
    assert run.code == 1
    assert "DISAGREES" in run.out


def test_an_interruption_is_clean(monkeypatch, capsys, written):
    """Ctrl-C leaves one line and exit code 130, also while the file is read."""
    monkeypatch.setattr("sys.argv", ["smd", "derive", written("raise KeyboardInterrupt"), *shlex.split(AT)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130
    assert capsys.readouterr().err.strip() == "smd: interrupted"
