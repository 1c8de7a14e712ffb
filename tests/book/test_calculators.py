"""The calculators' JavaScript says what the theory's Python says: numbers, refusals, warnings and sentences."""

import ast
import math

import numpy as np
import pytest
import torch

from numerics import seeding
from smd import javascript
from smd.calculators import SYMBOLS, script
from smd.explaining import explain
from smd.predicting import predict
from smd.recipes import recipe
from smd.trajectory import trajectory
from smd.translating import translate
from tests.book import engines
from theory import OutOfDomain
from theory.compiled import NAMES, load

pytestmark = pytest.mark.chance(0)
POINTS = 100
EXACT = 1e-10
"""The largest relative difference between the two languages."""
FELT = 64.0
"""Times what a last digit of the hyper-parameters changes, for numbers that lose digits in either language."""
ILL = 0.1
"""The largest share of an optimizer's points that may lose digits."""
QUANTITIES = (
    "equilibrium_norm", "angular_update", "cos_angular_update", "chord", "sine", "convergence_rate", "half_life"
)  # fmt: skip
SIDES = (64, 256)


@pytest.fixture(scope="session")
def derived():
    """The derived script, with few of Muon's shapes."""
    return script(SIDES)


@pytest.fixture
def run(derived, tmp_path):
    """Calls in the engine."""
    return lambda calls, source=derived: engines.run(source, calls, tmp_path)


def uniform(count, stream):
    """Numbers in [0, 1)."""
    return torch.rand(count, dtype=torch.float64, generator=seeding.generator(81, stream)).tolist()


def points(name, stream):
    """Hyper-parameters across a rule's domain, lr*wd from 1e-9 to beyond the end of existence."""
    draws = iter(uniform(POINTS * 20, stream))
    for _ in range(POINTS):
        given = {}
        for parameter in load(name).parameters:
            u, kind = next(draws), next(draws)
            if parameter.name in ("lr", "wd"):
                continue
            if parameter.high == 1:
                given[parameter.name] = 0.0 if kind < 0.2 else u if kind < 0.6 else 1 - 10 ** (-3 * u)
            elif parameter.whole:
                given[parameter.name] = math.floor(10 ** (6 * u))
            elif parameter.low == 1:
                given[parameter.name] = 1 + 4 * u
            else:
                given[parameter.name] = 10 ** (5 * u - 3)
        decay, lr = 10 ** (9.7 * next(draws) - 9), 10 ** (6 * next(draws) - 5)
        yield {**given, "lr": lr, "wd": decay / lr}


def asked(function, *positional, **named):
    """(value, None), or (None, the words of the refusal)."""
    try:
        return function(*positional, **named), None
    except OutOfDomain as refusal:
        return None, str(refusal)


def numbers(found):
    """The quantities of a prediction."""
    return np.array([getattr(found, name) for name in QUANTITIES], dtype=float)


def felt(name, given, base):
    """The largest relative change of each quantity when one hyper-parameter moves by its last digit."""
    moved = [base]
    for key, value in given.items():
        for towards in (0.0, math.inf):
            if not load(name).takes(key) or value in (0, 1) or float(value).is_integer():
                continue
            nudged, _ = asked(predict, name, **{**given, key: math.nextafter(value, towards)})
            if nudged is not None:
                moved.append(numbers(nudged))
    return apart(np.array(moved), base).max(axis=0)


def apart(found, wanted):
    """Relative differences, 0 where both are 0."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(found - wanted) / np.abs(wanted), nan=0.0)


def allowed(name, found):
    """EXACT; a matrix knows its multipliers up to a last digit of 1, so half-lives T of 1e-16 T, relatively."""
    tolerance = np.full(len(QUANTITIES), EXACT)
    if not load(name).functions["deviation_polynomials"](**dict.fromkeys(SYMBOLS, 0.5)):
        tolerance[-1] += FELT * np.finfo(float).eps * found.half_life
    return tolerance


def compared(name, cases, answers):
    """How many points lost digits; asserts that every other agrees, and that refusals and warnings are the same."""
    ill = 0
    for given, answer in zip(cases, answers, strict=True):
        found, refusal = asked(predict, name, **given)
        assert answer.get("refused") == refusal, given
        if found is None:
            continue
        ours = numbers(found)
        difference = apart(np.array([answer["value"][key] for key in QUANTITIES]), ours)
        tolerance = allowed(name, found)
        if (difference > tolerance).any():
            ill += 1
            assert (difference <= np.maximum(tolerance, FELT * felt(name, given, ours))).all(), (given, difference)
        assert answer["value"]["warnings"] == found.warnings, given
    return ill


@pytest.mark.parametrize("name", NAMES)
def test_predictions_agree(run, name):
    """Every optimizer at random points, refusals and warnings word for word."""
    cases = list(points(name, NAMES.index(name)))
    ill = compared(name, cases, run([["predict", [name, given]] for given in cases]))
    assert ill <= ILL * POINTS


def test_decays_agree(run):
    """The meanings of weight decay."""
    given = {"lr": 1e-3, "wd": 0.05, "dim": 512}
    meant = [
        ("adam", "coupled", None), ("adam", "independent", None), ("adam", "corrected", 2e-3), ("sgd", "coupled", None),
        ("lion", "independent", None), ("lion", "coupled", None), ("adam", None, None), ("adam", "corrected", None),
        ("adam", "corrected", 1e-4), ("sgd", "decoupled", 1.0),
    ]  # fmt: skip
    calls = [["predict", [name, given, {"decay": decay, "lrMax": peak}]] for name, decay, peak in meant]
    for (name, decay, peak), answer in zip(meant, run(calls), strict=True):
        found, refusal = asked(predict, name, decay=decay, lr_max=peak, **given)
        assert answer.get("refused") == refusal
        if found is not None:
            assert (apart(np.array([answer["value"][key] for key in QUANTITIES]), numbers(found)) <= EXACT).all()
            assert answer["value"]["warnings"] == found.warnings


@pytest.mark.parametrize(
    ("name", "extreme"),
    [("adamw", {"kurtosis": 1e15}), ("adamw", {"kurtosis": 1e308}), ("sgd", {"grad_norm": 1e-308})],
)
def test_extremes_are_refused_alike(run, name, extreme):
    """Where a formula overflows or loses its sign no number is shown, and the reason is the same."""
    given = {"lr": 1e-3, "wd": 0.1, **extreme}
    found, refusal = asked(predict, name, **given)
    (answer,) = run([["predict", [name, given]]])
    assert found is None
    assert answer["refused"] == refusal


def test_a_trajectory_refuses_what_a_prediction_refuses(run):
    """A gradient whose square is no number moves nothing."""
    extreme = {"grad_norm": 1e-308}
    _, refusal = asked(trajectory, "sgd", lr=1e-3, wd=0.1, steps=10, **extreme)
    (answer,) = run([["trace", ["sgd", "constant", 1e-3, 0.1, 10, {"decay": "coupled"}, 1.0, extreme]]])
    assert "outside double precision" in refusal
    assert answer["refused"] == refusal


def test_control_a_wrong_expression_is_caught(run, derived):
    """A rule with one wrong sign, or one wrong coefficient, differs by more than the tolerance."""
    for right, wrong in (("(-p)", "p"), ("Math.pow(beta_1, 2)", "Math.pow(beta_1, 3)")):
        begin = derived.index("\nadamw: {")
        body = derived[begin : derived.index("\nnadamw: {", begin)]
        assert right in body
        mutated = derived.replace(body, body.replace(right, wrong, 1))
        cases = list(points("adamw", 6))
        with pytest.raises(AssertionError):
            compared("adamw", cases, run([["predict", ["adamw", given]] for given in cases], mutated))


def test_control_what_is_no_arithmetic_is_refused():
    """Calls, comparisons and statements that have no form are errors, never guesses."""
    for text in ("numpy.cbrt(x)", "x if y else z", "x % 2", "x[0]"):
        with pytest.raises(javascript.NotArithmetic):
            javascript.expression(ast.parse(text, mode="eval").body)
    with pytest.raises(javascript.NotArithmetic):
        javascript.translated("def f(x):\n    y = x\n    return y\n")


@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_agrees(run, nesterov):
    """Estimates and bounds, at every scale and orientation of the shapes that came along."""
    draws = iter(uniform(1000, 40 + nesterov))
    cases = [
        {"lr": 10 ** (4 * next(draws) - 4), "wd": 10 ** (2 * next(draws) - 2), "momentum": 0.98 * next(draws),
         "rows": rows, "cols": cols, "scale": scale}
        for rows, cols in ((64, 64), (64, 256), (256, 64), (256, 256))
        for scale in ("original", "match_rms_adamw", "spectral", "none")
        for _ in range(7)
    ]  # fmt: skip
    calls = []
    for case in cases:
        given = {key: value for key, value in case.items() if key != "scale"}
        calls.append(["predict", ["muon", given, {"nesterov": nesterov, "scale": case["scale"]}]])
    for case, answer in zip(cases, run(calls), strict=True):
        found = predict("muon", nesterov=nesterov, **case)
        difference = apart(np.array([answer["value"][key] for key in QUANTITIES]), numbers(found))
        assert (difference <= EXACT).all(), (case, difference)
        for name in ("norm_bounds", "angle_bounds"):
            assert (apart(np.array(answer["value"][name]), np.array(getattr(found, name))) <= EXACT).all()
        assert answer["value"]["warnings"] == found.warnings


RUNS = [
    ("sgd", "cosine", {"lr": 0.1, "wd": 5e-3, "warmup": 20, "final": 0.1}),
    ("sgdm", "step", {"lr": 0.05, "wd": 1e-2, "drops": [0.4, 0.7], "drop_factor": 5.0, "start_norm": 3.0}),
    ("nesterovw", "linear", {"lr": 0.05, "wd": 1e-2, "final": 0.2, "start_norm": "equilibrium"}),
    ("adamw", "wsd", {"lr": 1e-3, "wd": 1.0, "dim": 100, "cooldown": 0.3, "warmup": 50}),
    ("adamw", "constant", {"lr": 1e-3, "wd": 1.0, "dim": 100, "beta2": 0.99}),
    ("adamw", "cosine", {"lr": 1e-3, "wd": 1.0, "dim": 100, "beta2": 0.95, "start_norm": "equilibrium", "final": 0.1}),
    ("nadamw", "cosine", {"lr": 1e-3, "wd": 1.0, "dim": 100, "final": 0.1}),
    ("adam_l2", "linear", {"lr": 1e-2, "wd": 1e-2, "dim": 100, "final": 0.1}),
    ("lion", "cosine", {"lr": 1e-3, "wd": 3.0, "dim": 64, "final": 0.1, "warmup": 30}),
    ("lion", "constant", {"lr": 1e-3, "wd": 3.0, "dim": 64, "start_norm": "equilibrium"}),
    ("signum", "step", {"lr": 1e-3, "wd": 3.0, "dim": 64}),
    ("lars", "constant", {"lr": 1.0, "wd": 0.1, "trust": 0.05}),
    ("lamb", "linear", {"lr": 1e-2, "wd": 1.0, "dim": 100, "final": 0.5}),
    ("ngd", "cosine", {"lr": 1e-2, "wd": 0.5, "decay": "decoupled", "final": 0.1}),
    ("adam", "cosine", {"lr": 1e-3, "wd": 1e-3, "dim": 10, "decay": "independent", "final": 0.1}),
    ("adam", "linear", {"lr": 1e-3, "wd": 1.0, "dim": 10, "decay": "corrected", "final": 0.1}),
]
RENAMED = {"drop_factor": "dropFactor"}
SCHEDULE = ("warmup", "final", "cooldown", "drops", "drop_factor")


def test_trajectories_agree(run):
    """Every step's norm and angle, over the schedules and starts."""
    found, calls = [], []
    for name, kind, options in RUNS:
        one = trajectory(name, schedule=kind, steps=400, **options)
        found.append(one)
        shape = {RENAMED.get(key, key): options[key] for key in SCHEDULE if key in options}
        shape["decay"] = one.settings["decay"]
        start = options.get("start_norm", 1.0)
        own = {key: v for key, v in options.items() if key not in (*SCHEDULE, "lr", "wd", "start_norm", "decay")}
        where = None if start == "equilibrium" else start
        calls.append(["trace", [one.trajectory.optimizer, kind, options["lr"], options["wd"], 400, shape, where, own]])
    for one, call, answer in zip(found, calls, run(calls), strict=True):
        assert "value" in answer, (call, answer)
        for name in ("norm", "angle"):
            ours = getattr(one.trajectory, name)
            assert apart(np.array(answer["value"][name]), ours).max() <= EXACT, (call, name)


RECIPES = [
    {"optimizer": "adamw", "lr": 1e-3, "wd": 0.1, "steps": 100_000, "schedule": {"name": "cosine", "warmup": 2000}},
    {"optimizer": "sgdm", "lr": 0.1, "wd": 5e-4, "steps": 50_000, "grad_norm": 2.0, "start_norm": 1.5,
     "schedule": {"name": "step", "drops": [15_000, 30_000], "factor": 0.1}},
    {"optimizer": "lion", "lr": 1e-4, "weight_decay": 1.0, "betas": [0.95, 0.98], "steps": 20_000, "dim": 1024,
     "schedule": {"name": "wsd", "cooldown": 4000, "warmup": 100}},
    {"optimizer": "adamw", "lr": 1e-3, "wd": 1e-3, "steps": 4000, "decay": "independent",
     "schedule": {"name": "linear", "final": 0.1}},
    {"optimizer": "adamw", "lr": 1e-4, "wd": 0.01, "steps": 3000},
    {"optimizer": "sgd", "lr": 0.5, "wd": 0.4, "steps": 300, "decay": "corrected", "schedule": "constant"},
]  # fmt: skip


def test_explanations_agree(run):
    """What a recipe does, sentence by sentence, and the angle over time."""
    for content, answer in zip(RECIPES, run([["explain", [content]] for content in RECIPES]), strict=True):
        found = explain(recipe(content))
        assert answer["value"]["says"] == found.says
        assert answer["value"]["change"] == found.change
        for ours, theirs in zip(found.histories, answer["value"]["histories"], strict=True):
            for name in ("norm", "angle", "equilibrium_angle"):
                assert apart(np.array(theirs[name], dtype=float), getattr(ours, name)).max() <= EXACT, name


TEXT = """# a recipe
optimizer: adamw
lr: 1.0e-3      # peak
weight_decay: 0.1
betas: [0.9, 0.95]
steps: 20000
schedule:
  name: step
  drops:
    - 5000
    - 10000
  factor: 0.1
"""


def test_recipes_are_read(run):
    """The YAML of recipes, in its spellings."""
    import yaml

    texts = [TEXT, "a: {name: cosine, warmup: 10}\nb: '1e-3'\nc: ~\nd: true\n", "drops: [1, 2]\nlr: 1_000\nx: .5\n"]
    for text, answer in zip(texts, run([["recipes.parse", [text]] for text in texts]), strict=True):
        read = yaml.safe_load(text)
        assert answer["value"] == {k: 1e-3 if v == "1e-3" else v for k, v in read.items()}


@pytest.mark.parametrize("text", ["lr 3", "lr: 1\n  wd: 2", "- 1\n- 2", "", "a:\n  - 1\n  b: 2"])
def test_what_is_no_recipe_is_refused(run, text):
    """A line that is no key and value is named."""
    (answer,) = run([["recipes.parse", [text]]])
    assert "key" in answer["refused"]


BAD = [
    {"optimizer": "adamx"}, {"lr": 1}, {"optimizer": "sgd", "steps": 10, "lr": 0.1}, {"optimizer": "sgd", "steps": 0.5},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10, "beta1": 0.9},
    {"optimizer": "sgd", "lr": -0.1, "wd": 0.1, "steps": 10},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10, "schedule": {"name": "step"}},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10, "schedule": {"name": "cosine", "drops": 1}},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10, "start_norm": 1.0},
    {"optimizer": "adamw", "lr": 0.1, "wd": 0.1, "steps": 10, "betas": 0.9},
    {"optimizer": "adamw", "lr": 0.1, "wd": 100.0, "steps": 10},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10, "decay": "l2"},
    {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "weight_decay": 0.1, "steps": 10},
]  # fmt: skip


def test_bad_recipes_are_refused_alike(run):
    """One line that names what and why."""
    from smd.recipes import BadRecipe

    for content, answer in zip(BAD, run([["recipes.recipe", [content]] for content in BAD]), strict=True):
        with pytest.raises((OutOfDomain, BadRecipe)) as wrong:
            recipe(content)
        assert answer.get("refused", answer) == str(wrong.value)


ADAMW = {"lr": 1e-3, "wd": 0.1, "beta1": 0.9}
TRANSLATIONS = [
    ("adamw", "lion", {**ADAMW, "dim": 1024}, {}),
    ("adamw", "lion", ADAMW, {"match": "half_life", "keep": "lr", "to": {"beta2": 0.98}}),
    ("adamw", "sgdm", ADAMW, {"match": "angle,half_life", "keep": "wd"}),
    ("adamw", "muon", {**ADAMW, "rows": 64, "cols": 256}, {}),
    ("muon", "adamw", {"lr": 0.02, "wd": 0.1, "momentum": 0.95, "rows": 64, "cols": 64}, {}),
    ("adamw", "adamw", ADAMW, {"batch": 4.0, "match": "angle,half_life"}),
    ("sgdm", "sgd", {"lr": 0.1, "wd": 1e-3, "momentum": 0.9}, {"batch": 8.0}),
    ("sgdm", "adamw", {"lr": 0.1, "wd": 1e-3}, {}),
    ("adamw", "ngd", ADAMW, {"match": "angle,half_life", "keep": "lr"}),
    ("adamw", "lion", {**ADAMW, "dim": 1024}, {"batch": 1e6}),
]
SOLVED = 1e-9
"""A solution is found to the last digits of a coordinate that the two languages' logarithms may round apart."""


def test_translations_agree(run):
    """lr and wd of the target, what is matched, and the words about what is not."""
    calls = [["translate", [source, target, given, options]] for source, target, given, options in TRANSLATIONS]
    for (source, target, given, options), answer in zip(TRANSLATIONS, run(calls), strict=True):
        found, refusal = asked(translate, source, target, **options, **given)
        assert answer.get("refused") == refusal
        if found is None:
            continue
        theirs = answer["value"]
        for name, value in found.target.hyperparameters.items():
            assert theirs["target"]["hyperparameters"][name] == pytest.approx(value, rel=SOLVED), (target, name)
        assert theirs["freed"] == found.freed
        assert theirs["notes"] == found.notes
