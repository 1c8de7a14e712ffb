"""Recipes read and explained."""

import math

import numpy as np
import pytest

from smd.explaining import angle_over_time, explain, half_life_of
from smd.recipes import BadRecipe, Schedule, read_recipe, recipe
from theory import NAMES, OutOfDomain, predict

GPT = {"optimizer": "adamw", "lr": "6e-4", "wd": 0.1, "betas": [0.9, 0.95], "steps": 100_000}


def sgd_by_hand(lr, wd, start, steps):
    """Squared norm and angle of SGD, the exact pathwise recursion at unit gradients of norm one."""
    squared, angles = np.empty(steps), np.empty(steps)
    a, now = 1 - lr * wd, start**2
    for t in range(steps):
        squared[t] = now
        after = a * a * now + lr[t] ** 2 / now if np.ndim(lr) else a * a * now + lr**2 / now
        angles[t] = math.acos(a * math.sqrt(now / after))
        now = after
    return np.sqrt(squared), angles


@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0])
def test_sgd_follows_its_exact_recursion(ratio):
    """At lr*wd = 1e-4 norm and angle stay within half a percent of the exact recursion from any start."""
    content = {"optimizer": "sgd", "lr": 0.1, "wd": 0.001, "steps": 20_000}
    found = angle_over_time(recipe(content), ratio)
    size = predict("sgd", lr=0.1, wd=0.001).equilibrium_norm
    norms, angles = sgd_by_hand(0.1, 0.001, ratio * size, 20_000)
    assert found.norm * size == pytest.approx(norms, rel=0.005)
    assert found.angle == pytest.approx(angles, rel=0.005)


def test_a_wrong_law_would_be_noticed():
    """The comparison can fail: a half-life three percent off is more than half a percent off in the norm."""
    found = angle_over_time(recipe({"optimizer": "sgd", "lr": 0.1, "wd": 0.00103, "steps": 20_000}), 3.0)
    size = predict("sgd", lr=0.1, wd=0.001).equilibrium_norm
    norms, _ = sgd_by_hand(0.1, 0.001, 3.0 * size, 20_000)
    assert found.norm * size != pytest.approx(norms, rel=0.005)


def test_adamw_norm_is_the_random_walks():
    """|w|^2 goes as a^(2t) to its equilibrium."""
    content = {"optimizer": "adamw", "lr": 0.01, "wd": 0.1, "steps": 3000, "beta1": 0.9}
    found = angle_over_time(recipe(content), 2.0)
    expected = np.sqrt(1 + 3 * (1 - 1e-3) ** (2.0 * found.step))
    assert found.norm == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("optimizer", NAMES)
def test_equilibrium_stays(optimizer):
    """Started at equilibrium with a constant learning rate, norm and angle stay, for every optimizer that has a law."""
    content = recipe({"optimizer": optimizer, "lr": 0.01, "wd": 0.1, "steps": 50_000})
    if optimizer not in ("sgd", "sgdm", "adamw", "lion"):
        try:
            angle_over_time(content, 1.0)
        except OutOfDomain as told:
            assert "no law" in str(told) or "half-life" in str(told)  # noqa: PT017
            return
    found = angle_over_time(content, 1.0)
    angle = predict(optimizer, lr=0.01, wd=0.1).angular_update
    assert found.norm == pytest.approx(np.ones_like(found.norm), rel=1e-9)
    assert found.angle == pytest.approx(np.full_like(found.angle, angle), rel=1e-9)
    assert found.settled == [(0, int(found.step[-1]))]


def test_a_drop_of_lr_falls_at_once_and_rises_slowly():
    """Divided by 10, the angle falls tenfold at once and then climbs by sqrt 10 to its new equilibrium (wan2021)."""
    content = {"optimizer": "sgdm", "lr": 0.1, "wd": 1e-3, "steps": 100_000}
    found = angle_over_time(recipe({**content, "schedule": {"name": "step", "drops": [20_000]}}), 1.0)
    drop = int(np.searchsorted(found.step, 20_000))
    assert found.angle[drop] / found.angle[drop - 1] == pytest.approx(0.1, rel=0.01)
    assert found.angle[-1] / found.angle[drop] == pytest.approx(math.sqrt(10), rel=0.02)


def test_schedules_have_their_shapes():
    """Warmup rises to the peak, each schedule ends where it should, drops multiply."""
    at = np.arange(1000)
    cosine = Schedule("cosine", warmup=100, final=0.1).shares(at, 1000)
    assert cosine[0] == pytest.approx(0.01)
    assert cosine[100] == pytest.approx(1)
    assert cosine[-1] == pytest.approx(0.1, abs=1e-4)
    assert cosine[550] == pytest.approx(0.55, abs=1e-3)
    assert Schedule("linear").shares(at, 1000)[500] == pytest.approx(0.5)
    wsd = Schedule("wsd", cooldown=200).shares(at, 1000)
    assert wsd[799] == 1
    assert wsd[900] == pytest.approx(0.5)
    step = Schedule("step", drops=(100, 200), factor=0.1).shares(at, 1000)
    assert step[[99, 100, 200]] == pytest.approx([1, 0.1, 0.01])
    assert set(Schedule().shares(at, 1000)) == {1.0}


def test_says_whether_and_when():
    """A long run settles from either start; a short one does not, and the wd that it is told would settle does."""
    size = predict("adamw", lr=6e-4, wd=1.0, dim=64).equilibrium_norm
    long = explain(recipe({**GPT, "wd": 1.0, "dim": 64, "start_norm": 2 * size}))
    assert all(history.settled for history in long.histories)
    assert long.change == ["nothing: the run is in equilibrium for most of its length"]
    short = explain(recipe({**GPT, "steps": 5000}))
    assert not any(history.settled for history in short.histories)
    assert short.change[0].startswith("the run is too short")
    told = float(short.change[0].split("wd = ")[1].split(" ")[0])
    better = explain(recipe({**GPT, "steps": 5000, "wd": told}))
    assert all(h.settled and h.settled[0][0] <= 0.27 * 5000 for h in better.histories)


def test_counts_half_lives_along_the_schedule():
    """A constant run of ten half-lives counts ten; a linear decay to zero about half of them."""
    half = half_life_of(predict("adamw", lr=1e-3, wd=0.1))
    content = {"optimizer": "adamw", "lr": 1e-3, "wd": 0.1, "steps": round(10 * half)}
    assert explain(recipe(content)).half_lives == pytest.approx(10, rel=1e-3)
    assert explain(recipe({**content, "schedule": "linear"})).half_lives == pytest.approx(5, rel=1e-2)


def test_the_end_of_a_decay_is_told():
    """Where lr falls faster than the norm can follow, the small last angle is told."""
    found = explain(recipe({**GPT, "wd": 1.0, "schedule": {"name": "wsd", "cooldown": 300, "final": 0.01}}))
    assert any("At the last step" in sentence for sentence in found.says)


def test_a_small_start_is_told():
    """The first angles from a small norm, and the warmup against them."""
    found = explain(recipe({"optimizer": "sgd", "lr": 0.1, "wd": 0.01, "steps": 20_000}))
    assert any("times its equilibrium, at step 0" in sentence for sentence in found.says)
    assert any("warm up" in c for c in found.change)


def test_start_norm_is_taken():
    """With a start norm there is one history, from that norm over the equilibrium's."""
    size = predict("adamw", lr=6e-4, wd=0.1, beta2=0.95, dim=64).equilibrium_norm
    found = explain(recipe({**GPT, "dim": 64, "start_norm": 2 * size}))
    (history,) = found.histories
    assert history.start == pytest.approx(2)


@pytest.mark.parametrize("decay", ["independent", "corrected", "scheduled"])
def test_decays_of_a_recipe(decay):
    """Independent decay keeps the equilibrium angle over a schedule; the others let it fall."""
    content = {**GPT, "wd": 1e-4 if decay != "corrected" else 0.1, "decay": decay, "schedule": "linear"}
    found = angle_over_time(recipe(content), 1.0)
    later = found.equilibrium_angle[len(found.step) // 2] / found.equilibrium_angle[0]
    expected = {"independent": 1.0, "corrected": 0.5, "scheduled": math.sqrt(0.5)}[decay]
    assert later == pytest.approx(expected, rel=1e-2)


MISTAKES = {
    "lr: -1": ("lr", "-1"),
    "lr: fast": ("lr", "fast"),
    "lr: .nan": ("lr", "nan"),
    "lr: true": ("lr", "True"),
    "wd: 0": ("wd", "0"),
    "wd: 1e9": ("lr*wd", "600000"),
    "optimizer: adagrad": ("optimizer", "adagrad"),
    "optimizer: [a]": ("optimizer", "['a']"),
    "betas: 3": ("betas", "3"),
    "betas: [1.5, 0.9]": ("beta1", "1.5"),
    "beta1: 0.8": ("beta1", "0.8"),
    "steps: 2.5": ("steps", "2.5"),
    "steps: 0": ("steps", "0"),
    "steps: null": ("steps", "missing"),
    "schedule: 3": ("schedule", "3"),
    "schedule: cosinus": ("schedule.name", "cosinus"),
    "schedule: {name: cosine, drops: [3]}": ("schedule.drops", "[3]"),
    "schedule: {name: wsd}": ("schedule.cooldown", "missing"),
    "schedule: {name: step, drops: 3}": ("schedule.drops", "3"),
    "schedule: {name: step, drops: [1.5]}": ("schedule.drops", "1.5"),
    "schedule: {warmup: 1.0e+7}": ("schedule.warmup", "1e+07"),
    "schedule: {name: linear, final: 2}": ("schedule.final", "2"),
    "momentum: 0.9": ("momentum", "0.9"),
    "weight_decay: 0.2": ("weight_decay", "0.2"),
    "start_norm: 3": ("start_norm", "3"),
    "decay: odd": ("decay", "odd"),
    "nesterov: true": ("nesterov", "True"),
}


@pytest.mark.parametrize("change", MISTAKES)
def test_every_mistake_names_key_and_value(change, tmp_path):
    """A line of the file that is wrong is refused by its key and value."""
    lines = {"optimizer": "adamw", "lr": "6e-4", "wd": "0.1", "betas": "[0.9, 0.95]", "steps": "1000"}
    key, _, value = change.partition(": ")
    file = tmp_path / "recipe.yaml"
    file.write_text("\n".join(f"{k}: {v}" for k, v in {**lines, key: value}.items()))
    named, shown = MISTAKES[change]
    with pytest.raises((BadRecipe, OutOfDomain)) as told:
        read_recipe(file)
    assert named in str(told.value)
    assert shown in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", ["a: [", "3", "", "- a\n- b"])
def test_what_is_no_recipe_is_refused(content, tmp_path):
    """A file that is no YAML mapping is refused by its name."""
    file = tmp_path / "recipe.yaml"
    file.write_text(content)
    with pytest.raises(BadRecipe, match=r"recipe\.yaml"):
        read_recipe(file)


ADVICE = {
    "wide angle": ({"wd": 9.0}, "the equilibrium angle 1.47 rad is large"),
    "too short at any wd": ({"wd": 0.001, "steps": 1}, "too short for equilibrium at any wd"),
    "too short for its decay": ({"wd": 0.001, "steps": 1000}, "take wd = "),
    "independent decay": (
        {"optimizer": "adamw", "lr": 0.01, "wd": 0.01, "decay": "independent", "schedule": "cosine"},
        "independent decay does not fall with lr",
    ),
}


@pytest.mark.parametrize("case", ADVICE)
def test_what_to_change_is_said_where_it_applies(case):
    """A step too wide, a run too short, a decay that does not follow lr: each is said, and not of a sound run."""
    changed, advice = ADVICE[case]
    sound = {"optimizer": "sgd", "lr": 0.1, "wd": 0.1, "steps": 10_000}
    assert any(advice in line for line in explain(recipe(sound | changed)).change)
    assert not any(advice in line for line in explain(recipe(sound)).change)


def test_the_wd_that_is_advised_is_enough():
    """With it the advice is gone."""
    content = {"optimizer": "sgd", "lr": 0.1, "wd": 0.001, "steps": 1000}
    (advice,) = (line for line in explain(recipe(content)).change if "take wd = " in line)
    better = float(advice.partition("take wd = ")[2].split()[0].rstrip(",;."))
    assert better > content["wd"]
    assert not any("too short" in line for line in explain(recipe(content | {"wd": 1.01 * better})).change)


def test_one_key_under_two_names_is_refused():
    """Which of the two is meant cannot be known."""
    with pytest.raises(BadRecipe, match=r"learning_rate = 0\.2 and lr = 0\.1 are the same key"):
        recipe({"optimizer": "sgd", "lr": 0.1, "learning_rate": 0.2, "wd": 0.1, "steps": 10})
