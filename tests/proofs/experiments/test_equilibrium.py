"""The history of a network is its motion, correlations are what they say, and the judgement can fail."""

import numpy as np
import pytest
import torch

from numerics import optimizers
from numerics.monitor import decay
from numerics.sweep import Cell
from proofs.experiments import every_optimizer
from proofs.experiments.cells import equilibrium as cells
from proofs.experiments.cells.history import History, Kept, autocorrelation, even, over_root
from proofs.experiments.equilibrium import EXPERIMENT, KILLED, MORE, RULES
from proofs.experiments.experiment import Mode
from proofs.overlay.optimizers import meaning
from proofs.verdict import Outcome
from theory.optimizers import OPTIMIZERS
from theory.schedule import Schedule

pytestmark = pytest.mark.chance(0)
TINY = {"network": "mlp", "optimizer": "lion", "rate": 1e-3, "wd": 40.0, "steps": 120, "noise": 0.0, "device": "cpu"}


@pytest.fixture(scope="module")
def lion():
    """A short run of all that a cell does, with neurons that never fire."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "PATHS", 16)
        return cells.run(**TINY, seed=7, levels=True, hyperparameters={}, killed=KILLED)


def test_the_history_is_what_the_optimizer_did():
    """u and the sums are those of the steps taken; a row without gradient decays and does not turn."""
    weight = torch.nn.Parameter(torch.tensor([[3.0, 4.0], [1.0, 2.0]]))
    optimizer = torch.optim.AdamW([weight], lr=0.1, weight_decay=0.5, betas=(0.0, 0.0), eps=1e-12)
    with History(optimizer, {"w": weight}, 0.1, 0.05) as history:
        for _ in range(3):
            weight.grad = torch.tensor([[-4.0, 3.0], [0.0, 0.0]])
            optimizer.step()
    kept = history.of("w")
    assert kept.updates[:, 0] == pytest.approx(np.tile([-1.0, 1.0], (3, 1)), abs=1e-5)
    assert kept.silent.tolist() == [False, True]
    moving = kept.only(~kept.silent)
    assert moving.norms[0] == pytest.approx(5)
    assert moving.energy[0] == pytest.approx(625)
    after = np.array([3 * 0.95 + 0.1, 4 * 0.95 - 0.1])
    assert moving.angles[0] == pytest.approx(np.arctan2(4, 3) - np.arctan2(after[1], after[0]), rel=1e-5)
    assert kept.only(kept.silent).angles.max() < 1e-7


def test_autocorrelation_is_over_the_same_times_at_every_lag():
    """By the sums themselves; ``even`` gives each coordinate the same weight."""
    x = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)
    found = autocorrelation(x, 20, 10)
    for k in (1, 10):
        now, then = x[20:], x[20 - k : 40 - k]
        energy = (np.square(now).sum() + np.square(then).sum()) / 2
        assert found[k - 1] == pytest.approx((now * then).sum() / energy, rel=1e-5, abs=1e-6)
    with pytest.raises(ValueError, match="longest lag"):
        autocorrelation(x, 5, 10)
    x[:, 0] = 0
    assert even(x * np.arange(6), 20).shape == (40, 5)
    assert np.square(even(x * np.arange(6), 20)[20:]).mean(0) == pytest.approx(1, rel=1e-5)


def test_correlations_by_lengths_are_those_of_what_bursts():
    """x_t = r_t y_t, y of correlation 1/2 at lag 1: whatever r is, R is that of y; bursts hide it from the other."""
    generator = np.random.default_rng(2)
    white = generator.standard_normal((4001, 50))
    y = (white[1:] + white[:-1]).astype(np.float32)
    x = np.where(np.arange(4000) % 10 == 0, 30.0, 1.0)[:, None].astype(np.float32) * y
    assert autocorrelation(x, 20, 3, by_lengths=True) == pytest.approx([0.5, 0, 0], abs=0.03)
    assert autocorrelation(x, 20, 3)[0] < 0.1
    assert autocorrelation(y, 20, 3, by_lengths=True) == pytest.approx(autocorrelation(y, 20, 3), abs=0.02)


def test_over_its_root_is_as_adam_steps():
    """Adam without momentum and decay steps by it; a coordinate is 0 until it has a gradient."""
    gradients = np.random.default_rng(3).standard_normal((30, 4)).astype(np.float32)
    gradients[:10, 0] = 0
    weight = torch.nn.Parameter(torch.zeros(4))
    optimizer = torch.optim.Adam([weight], lr=1.0, betas=(0.0, 0.9), eps=1e-12)
    found = over_root(gradients, 0.9)
    for g, step in zip(gradients, found, strict=True):
        before = weight.detach().clone()
        weight.grad = torch.from_numpy(g)
        optimizer.step()
        assert (before - weight.detach()).numpy() == pytest.approx(step, rel=1e-4, abs=1e-5)
    assert not found[:10, 0].any()


def test_what_enters_the_rule_is_what_is_correlated():
    """Every tenth gradient is long and the one before repeated: SGD with momentum sees that, NGD and signs a tenth."""
    generator = np.random.default_rng(4)
    g = generator.standard_normal((800, 5, 8)).astype(np.float32)
    g[1::10] = g[::10]
    g *= np.where(np.arange(800) % 10 < 2, 30.0, 1.0).astype(np.float32)[:, None, None]
    kept = Kept(np.ones((800, 5, 4)), g, g)
    plan = Schedule(np.full(800, 0.1), np.full(800, 0.1))
    first = {
        name: cells.of_history("w", kept, name, {"momentum": 0.9}, plan, 1.0, (5, 8), True) for name in ("sgdm", "ngd")
    }
    assert first["sgdm"].gradients.values[0] > 0.4
    assert first["ngd"].gradients.values[0] == pytest.approx(0.1, abs=0.03)
    assert first["ngd"].even_gradients.values[0] == pytest.approx(0.1, abs=0.03)
    assert np.abs(first["ngd"].entries).max() <= 1
    adam = cells.of_history("w", kept, "adamw", {"beta2": 0.5}, plan, 1.0, (5, 8), True)
    blunt = cells.of_history("w", kept, "adamw", {}, plan, 1.0, (5, 8), True)
    assert adam.even_gradients.values[0] < blunt.even_gradients.values[0]


def test_a_cell_sees_dead_neurons_and_all_levels(lion):
    """Killed neurons are left out, fall as (1 - p)^t and never turn; all values have a number for each layer."""
    assert lion["dead"].tolist() == [KILLED] * 3
    assert lion["decays"].max() < 1e-4
    assert lion["turned"].max() < 1e-6
    assert np.isfinite([lion[name] for name in ("errors", "white", "gradients", "updates", "blind")]).all()
    assert lion["rungs"].shape == (3, 4)
    assert abs(lion["updates"] - 1).max() < abs(lion["blind"] - 1).min()


def test_a_cell_repeats(lion):
    """The same seed gives the same numbers, another one does not."""
    for seed, same in ((7, True), (8, False)):
        again = cells.run(**TINY, seed=seed, levels=False, hyperparameters={}, killed=KILLED)
        assert np.array_equal(again["errors"], lion["errors"]) == same


def test_stable_rank_is_one_for_gaussian_matrices_and_small_for_rank_one():
    """Relative to a Gaussian matrix of the same shape."""
    draw = np.random.default_rng(1)
    assert cells.stable_rank(draw.standard_normal((20, 24, 16))) == pytest.approx(1, rel=0.1)
    assert cells.stable_rank(draw.standard_normal((20, 24, 1)) * np.ones(16)) < 0.25


RIGHT = {
    "errors": 0.03, "doubled": 0.5, "norms": 1.0, "white": 1.0, "gradients": 1.01, "updates": 1.001, "blind": 0.2,
    "kurtosis": 20.0, "zeros": 0.0, "persistence": 0.5, "whiteness": -0.5, "stable_rank": 0.3, "bursts": 2.0,
    "held": -0.2, "jumps": 3.0,
    "decays": 1e-6, "turned": 1e-8, "with_dead": 0.9,
}  # fmt: skip


def made(grid=None, **values):
    """Cells of the quick grid, or another, with what the claims say unless ``values`` say otherwise."""
    found = []
    for p in grid or EXPERIMENT.grid(Mode.QUICK):
        own = {name: np.full(3, x) for name, x in RIGHT.items()}
        name, mlp = p["optimizer"], p["network"] == "mlp"
        if name in ("lion", "muon", "lars"):
            own["errors"] = np.full(3, 0.1)
        rungs = (0.6, 0.6, 1.0, 1.0) if mlp else (1.2, 1.2, 1.3, 1.0)
        own["rungs"] = np.tile(rungs, (3, 1))
        own |= {"dead": np.full(3, p["killed"]), "at": np.arange(3), "angle": np.ones(3), "line": np.ones(3)}
        found += [Cell(p, seed, {**own, **{k: np.full_like(own[k], x) for k, x in values.items()}}) for seed in (0, 1)]
    return found


@pytest.mark.parametrize(
    ("values", "refuted"),
    [
        ({}, ""),
        ({"errors": 0.3}, "white, median"),
        ({"errors": 0.0}, "white misses"),
        ({"updates": 1.05}, "level A, worst"),
        ({"gradients": 0.7}, "level B"),
        ({"blind": 1.0}, "control"),
        ({"doubled": 0.03}, "control"),
        ({"kurtosis": 3.0}, "heavy tails"),
        ({"stable_rank": 1.0}, "Gaussian matrix"),
        ({"dead": 0}, "told apart"),
        ({"decays": 0.1}, "log|w_T|"),
        ({"turned": 0.1}, "radians"),
        ({"with_dead": 1.0}, "control"),
    ],
)
def test_what_is_wrong_is_refuted(values, refuted):
    """Each kind of finding by a wrong value of its own, and nothing where all is right."""
    wrong = [f for f in EXPERIMENT.judge(made(**values)) if f.outcome is not Outcome.HOLDS]
    assert bool(wrong) == bool(refuted)
    assert not refuted or any(refuted in f.name and f.outcome is Outcome.REFUTED for f in wrong)
    assert {claim for f in EXPERIMENT.judge(made(**values)) for claim in f.claims} == set(EXPERIMENT.claims)


EVERY = every_optimizer.EXPERIMENT


@pytest.mark.parametrize(
    ("values", "refuted"),
    [
        ({}, ""),
        ({"held": 0.0}, "2 sum_k momentum^k"),
        ({"whiteness": 0.0}, "gpt, nesterovw: 2 sum_k"),
        ({"updates": 1.03}, "ngd: level A, worst"),
        ({"updates": 1.03}, "sgd: level A, worst"),
        ({"errors": 0.3}, "gpt, nesterov: white"),
        ({"errors": 0.0}, "lars: white misses"),
        ({"blind": 0.9}, "control, gpt, nadamw"),
        ({"gradients": 1.1}, "gpt, ngd: level B"),
        ({"gradients": 1.2}, "gpt, signsgd: level B"),
    ],
)
def test_what_is_wrong_of_any_optimizer_is_refuted(values, refuted):
    """By a finding of its own, and nothing where all is right."""
    wrong = [f for f in EVERY.judge(made(EVERY.grid(Mode.FULL), **values)) if f.outcome is not Outcome.HOLDS]
    assert bool(wrong) == bool(refuted)
    assert not refuted or any(refuted in f.name and f.outcome is Outcome.REFUTED for f in wrong)
    assert {claim for f in EVERY.judge(made(EVERY.grid(Mode.FULL), **values)) for claim in f.claims} == set(
        EVERY.claims
    )


def test_every_optimizer_is_run_on_two_networks():
    """Each that the theory has a rule of, AdamW's with and without a lagging v alike; a row and a tick each."""
    grid = EVERY.grid(Mode.FULL)
    assert sorted(p["optimizer"] for p in grid if p["network"] == "gpt") == sorted(RULES | MORE)
    assert {name.removesuffix("_beta2") for name in OPTIMIZERS} | {"muon"} == set(RULES | MORE)
    assert len(grid) == 2 * len(RULES | MORE)
    assert len(EVERY.table(made(grid)).rows) == len(grid)
    axes = EVERY.figure(made(grid)).axes
    assert [[label.get_text() for label in axis.get_xticklabels()] for axis in axes] == [[*RULES, *MORE]] * 2


def test_table_and_figure():
    """A row for each kind of cell, four panels."""
    table = EXPERIMENT.table(made())
    assert len(table.rows) == len(EXPERIMENT.grid(Mode.QUICK))
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert len(EXPERIMENT.figure(made()).axes) == 4
    assert len(EXPERIMENT.grid(Mode.FULL)) > 60


def test_every_optimizer_of_the_full_matrix_is_one_of_the_theory():
    """By its name, as its class and options say it, so that no cell is refused when it has run."""
    for p in EXPERIMENT.grid(Mode.FULL):
        weight = torch.nn.Parameter(torch.ones(3, 2))
        made = optimizers.build(p["optimizer"], [weight], lr=p["rate"], wd=p["wd"], **p["hyperparameters"])
        options = made.param_groups[0]
        rule, _ = meaning(type(made).__name__, options, decay.convention(made, options, weight))
        assert rule == p["optimizer"]
