"""LR drop, Adam's decays, batch sizes and one product: tiny cells repeat, and each judgement can fail."""

import numpy as np
import pytest

from numerics.sweep import Cell
from proofs.experiments import adam_decay_forms, batch_scaling, lr_drop, same_product
from proofs.experiments.cells import adam_decay_forms as adam_cells
from proofs.experiments.cells import batch_scaling as batch_cells
from proofs.experiments.cells import lr_drop as drop_cells
from proofs.experiments.cells import same_product as product_cells
from proofs.experiments.experiment import Mode
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
MLP = {"network": "mlp", "seed": 3, "device": "cpu", "label_noise": 0.5}
DROP = {"width": 8, "optimizer": "sgdm", "rate": 0.2, "wd": 0.01, "factor": 10.0, "before": 8, "after": 8, "batch": 8}
ADAM = {"width": 8, "optimizer": "adam_l2", "rate": 0.02, "wd": 0.002, "steps": 6, "batch": 8}
BATCH = {"width": 8, "optimizer": "adamw", "rule": "square root", "batch": 2048, "rate": 0.005, "wd": 0.2}
PRODUCT = {"invariant": True, "rate": 0.05, "product": 4e-4, "steps": 6, "batch": 8}
CELLS = [
    (drop_cells.run, {**DROP, "rescaled": True}),
    (drop_cells.run, {**DROP, "rescaled": False, "optimizer": "adamw"}),
    (adam_cells.run, ADAM),
    (adam_cells.run, {**ADAM, "optimizer": "adamw"}),
    (batch_cells.run, {**BATCH, "examples": 32768}),
    (product_cells.run, PRODUCT),
    (product_cells.run, {**PRODUCT, "invariant": False}),
]


@pytest.mark.parametrize(("run", "point"), CELLS)
def test_a_cell_repeats(run, point):
    """The same arguments, the same bits."""
    first, second = (run(**MLP, **point) for _ in range(2))
    assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)


def test_rescaling_acts_in_the_step_of_the_drop():
    """The angle falls by the square root of lr's factor, up to momentum; without rescaling by the factor."""
    angles = [drop_cells.run(**MLP, **DROP, rescaled=rescaled)["angle"][0][8] for rescaled in (True, False)]
    assert angles[0] / angles[1] == pytest.approx(10**0.25, rel=0.02)


def test_a_training_that_breaks_is_a_result():
    """The scale-sensitive twin at a learning rate beyond float32."""
    found = product_cells.run(**MLP, **{**PRODUCT, "invariant": False, "rate": 1e30, "product": 1e-3})
    assert found["broke"] == 1
    assert found["accuracy"] == 0


def test_turn_of_many_steps_without_momentum_is_a_power():
    """cos_k = cos_1^k for SGD; with momentum a turn of k steps is more than sqrt(k) turns."""
    own = {"sgdm": {"momentum": 0.0}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_cells, "OWN", own)
        one, five = (batch_cells.settled_cosine("sgdm", 0.1, 0.1, k) for k in (1, 5))
    assert five == pytest.approx(one**5, rel=1e-12)
    assert 1 - batch_cells.settled_cosine("sgdm", 0.1, 0.01, 5) > 5 * (
        1 - batch_cells.settled_cosine("sgdm", 0.1, 0.01, 1)
    )


def made(experiment, seeds, values):
    """Cells of the quick grid, filled in by a function of parameters and seed."""
    return [Cell(p, seed, values(p, seed)) for p in experiment.grid(Mode.QUICK) for seed in range(seeds)]


def jitter(seed):
    return 1 + 0.002 * (seed - 1)


def dropped(p, seed, wrong=1.0):
    """Angles that follow the slow law of |w|^4 after the drop, or for ``wrong`` are another."""
    steps = np.arange(p["after"])
    old, new = 0.05, 0.05 / np.sqrt(10)
    noise = p["label_noise"] > 0
    rising = new / np.sqrt(1 + 9 * np.exp(-steps / 120))
    if p["rescaled"]:
        rising = np.where((steps < 30) & (p["optimizer"] == "adamw"), 1.6, 1.0) * new
    predicted = np.concatenate([np.full(p["before"], old), rising])
    angle = predicted * jitter(seed) * wrong
    angle[p["before"] : p["before"] + 60] *= 1.0 if noise else 1.5
    last = -300
    first = angle.copy()
    first[last:] *= 0.9 if p["optimizer"] == "adamw" else 1.0
    energy = np.ones(p["before"] + p["after"])
    energy[p["before"] :] /= 1.0 if noise else 2.0
    return {
        "angle": np.stack([first, angle]), "predicted": np.stack([predicted] * 2), "equilibrium": np.array([old, new]),
        "energy": np.stack([energy * jitter(seed)] * 2), "accuracy": 0.9,
    }  # fmt: skip


def spread_out(p, seed, wrong=1.0):
    law = np.geomspace(1, 4, 6) if p["optimizer"] == "adam_l2" else np.ones(6)
    return {"angle": law**wrong * jitter(seed) ** np.arange(6), "predicted": law, "energy": law**-2.0, "accuracy": 0.5}


def scaled(p, seed, wrong=1.0):
    batch = p["batch"] / 32
    keeps = p["rule"] == batch_scaling.KEEPS[p["optimizer"]]
    turn = (0.4 if keeps or (p["rule"] == "linear" and p["optimizer"] == "adamw") else 0.4 / batch**0.4) / batch ** (
        wrong - 1
    )
    norm = 5.0 if keeps else 5.0 * batch**0.5
    values = {
        "angle": 0.02,
        "predicted": 0.02 / wrong,
        "norm": norm,
        "norm_law": norm,
        "energy": 1 / batch,
        "turn": turn,
    }
    found = {
        name: np.full(2, value * (jitter(seed) if name == "angle" else 1 + 1e-3 * seed))
        for name, value in values.items()
    }
    return found | {"turn_law": 0.8, "loss": 1.0, "accuracy": 0.5}


def alike(p, seed, wrong=1.0):
    steps = np.arange(p["steps"])
    rising = 0.02 * np.minimum(1, np.exp((steps - (600 if p["rate"] < 0.05 else 0)) / 200))
    angle = rising * jitter(seed) * (wrong if p["invariant"] else p["rate"])
    accuracy = 0.97 + 0.001 * seed if p["invariant"] else 0.9 + 0.1 * np.log10(p["rate"]) + 0.001 * seed * p["rate"]
    both = {"angle": np.stack([angle] * 2), "predicted": np.stack([rising] * 2), "norm": np.ones((2, 2))}
    return both | {"equilibrium": 0.02, "accuracy": accuracy, "broke": 0}


@pytest.mark.parametrize(
    ("module", "values", "wrong"),
    [
        (lr_drop, dropped, 1.3), (adam_decay_forms, spread_out, 0.5), (batch_scaling, scaled, 1.3),
        (same_product, alike, 1.3),
    ],
)  # fmt: skip
def test_judgement_table_and_figure(module, values, wrong):
    """What follows the law holds, what does not is refuted; a row for each cell or layer, and a figure."""
    experiment = module.EXPERIMENT
    right = made(experiment, 3, values)
    found = experiment.judge(right)
    assert {f.name: f.outcome for f in found if f.outcome is not Outcome.HOLDS} == {}
    assert {claim for f in found for claim in f.claims or experiment.claims} == set(experiment.claims)
    refuted = experiment.judge(made(experiment, 3, lambda p, s: values(p, s, wrong)))
    assert any(f.outcome is Outcome.REFUTED for f in refuted)
    table = experiment.table(right)
    assert table.rows
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert experiment.figure(right).axes


def test_the_full_matrix_is_larger():
    """The same command with more cells, all of which name what their cell takes."""
    for module in (lr_drop, adam_decay_forms, batch_scaling, same_product):
        quick, full = (list(module.EXPERIMENT.grid(mode)) for mode in Mode)
        assert len(full) > len(quick)
        assert {frozenset(p) for p in quick} == {frozenset(p) for p in full}
