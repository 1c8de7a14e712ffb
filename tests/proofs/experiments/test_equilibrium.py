"""The history of a network is its motion, correlations are what they say, and the judgement can fail."""

import numpy as np
import pytest
import torch

from numerics import optimizers
from numerics.monitor import decay
from numerics.sweep import Cell
from proofs.experiments.cells import equilibrium as cells
from proofs.experiments.cells.history import History, autocorrelation, even
from proofs.experiments.equilibrium import EXPERIMENT, KILLED
from proofs.experiments.experiment import Mode
from proofs.overlay.optimizers import meaning
from proofs.verdict import Outcome

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
    "decays": 1e-6, "turned": 1e-8, "with_dead": 0.9,
}  # fmt: skip


def made(**values):
    """Cells of the quick grid, with what the claims say unless ``values`` say otherwise."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        own = {name: np.full(3, x) for name, x in RIGHT.items()}
        name, mlp = p["optimizer"], p["network"] == "mlp"
        if name in ("lion", "muon"):
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
