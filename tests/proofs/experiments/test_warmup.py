"""The sizes of updates are those of the definitions, and a wrong law or a missing effect is refuted."""

import numpy as np
import pytest
import torch

from numerics.networks import build
from numerics.seeding import generator
from numerics.sweep import Cell
from proofs.experiments.cells import warmup as cells
from proofs.experiments.cells.watching import change_between
from proofs.experiments.experiment import Mode
from proofs.experiments.warmup import EXPERIMENT, _law
from proofs.verdict import Outcome

pytestmark = pytest.mark.chance(0)
SIZES = {"width": 8, "depth": 2, "batch": 8, "rate": 0.022, "wd": 0.045, "steps": 12}
GPT = {"width": 8, "batch": 2, "wd": 0.1, "rate": 0.01, "steps": 3}
HERE = {"seed": 0, "device": "cpu"}


def test_first_step_is_bias_corrected_and_runs_repeat():
    """Without warmup Adam's first update is the sign of the gradient: |dW| = lr sqrt(dim), but for the decay."""
    found, again = (cells.run(part="sizes", warm=False, **SIZES, **HERE) for _ in range(2))
    np.testing.assert_array_equal(found["angle"], again["angle"])
    np.testing.assert_array_equal(found["representation"], again["representation"])
    signs = SIZES["rate"] * np.sqrt(found["dim"])
    np.testing.assert_allclose(found["change"][1, 0], signs[1], rtol=0.02)
    assert found["representation"].shape == (2, len(found["marks"]))
    warm = cells.run(part="sizes", warm=True, **SIZES, **HERE)
    np.testing.assert_allclose(warm["change"][1, 0], signs[1] / 2, rtol=0.02)


def test_relative_representation_change():
    """A tensor made half as large again changes what it makes by a half, whatever it gets."""
    model = build("mlp", inputs=(4,), classes=3, seed=0, width=6, depth=2)
    weights = {"layers.1.weight": model.get_parameter("layers.1.weight")}
    seen = cells.Representations(model, weights, torch.randn(5, 4, generator=generator(1)))
    running = model.layers[0].norm.running_mean.clone()
    seen.before()
    weights["layers.1.weight"].data.mul_(1.5)
    seen.after()
    seen.after()
    np.testing.assert_allclose(seen.found, [[0.5]], rtol=1e-6)
    assert torch.equal(running, model.layers[0].norm.running_mean)


def test_the_noise_scale_has_no_bias(monkeypatch):
    """Gradients of known mean and covariance give their |mean|^2 and trace; equal ones give no noise."""
    chosen = generator(2)
    drawn = torch.randn(400, 50, generator=chosen)

    class Data:
        def batch(self, step, size, seed):
            return drawn[step], torch.zeros(())

    model = torch.nn.Linear(50, 1, bias=False)
    monkeypatch.setattr(cells, "cross_entropy", lambda outputs, targets: outputs.sum())
    mean = 0.3
    for shift, scale in ((mean, 1.0), (mean, 0.0)):
        drawn = shift + scale * torch.randn(400, 50, generator=generator(3))
        whole, each = cells._gradients(model, Data(), 0, 400, 1)
        signal = (whole - each) / (400 * 399)
        noise = each / 400 - signal
        assert abs(signal - 50 * mean**2) < 5 * scale * 2 * np.sqrt(50 * mean**2 / 400) + 1e-4
        assert abs(noise - 50 * scale) < 5 * scale * np.sqrt(2 * 50 / 400) + 1e-4


def test_descents_and_batches_run():
    """Each optimizer takes a step from the same network; a rate of zero leaves it as it is."""
    losses = [
        cells.run(part="descent", optimizer=name, warm=False, **GPT, **HERE)["loss"]
        for name in ("adamw", "rotational", "lion_ar")
    ]
    assert len(set(losses)) == 3
    assert np.isfinite(losses).all()
    found = cells.run(part="batches", marks=[0, 3], parts=3, size=1, **{**GPT, "rate": 0.0}, **HERE)
    assert found["signal"].shape == found["noise"].shape == (2,)


def test_rates():
    """Up over a fifth, then down to the end or level; the same peak."""
    np.testing.assert_allclose(cells.rates(1.0, 10, True, falls=True)[[0, 1, 2, 9]], [0.5, 1, 1, 1 / 8])
    np.testing.assert_allclose(cells.rates(2.0, 10, False, falls=False), 2)


def made(*, angle=1.0, trained=10.0, gains=(0.2, 0.0, 0.1)):
    """Cells of the quick grid: the law's angles times ``angle`` early, a noise scale that grows, and losses."""
    found = []
    for p in EXPERIMENT.grid(Mode.QUICK):
        for seed in (0, 1):
            wobble = 1e-4 * (1 + seed)
            if p["part"] == "sizes":
                norm, law = _law(p["rate"], p["wd"], p["steps"], p["warm"], 8.0, 1024.0)
                factor = angle * (1 + wobble + 0.02 * (np.arange(p["steps"]) < 30))
                marks = np.array([0, 5, p["steps"] - 2])
                change = change_between(norm[:-1], norm[1:], law * factor)
                values = {
                    "layers": ["w"], "norm": norm[None], "angle": (law * factor)[None], "change": change[None],
                    "dim": np.array([1024]), "marks": marks,
                    "representation": (law * factor)[None, marks] * np.array([2, 2, 1 + wobble]),
                }  # fmt: skip
            elif p["part"] == "descent":
                gain = dict(zip(("adamw", "rotational", "lion_ar"), gains, strict=True))[p["optimizer"]]
                values = {"loss": 2.0 + (1 + wobble) * gain * (not p["warm"])}
            else:
                growth = trained if p["rate"] else 1.0
                noise = np.array([1.0, *[growth * (1 + wobble)] * 3])
                values = {"marks": np.array(p["marks"]), "signal": np.ones(4), "noise": noise}
            found.append(Cell(p, seed, values))
    return found


def outcomes(cells_made, part):
    return {finding.name: finding.outcome for finding in EXPERIMENT.judge(cells_made) if part in finding.name}


def test_the_judgement_can_hold_and_refute():
    """What the claims say holds; wrong angles, a noise scale that falls and no saving are refuted."""
    assert {finding.outcome for finding in EXPERIMENT.judge(made())} == {Outcome.HOLDS}
    wrong = outcomes(made(angle=1.5), "error")
    assert {v for name, v in wrong.items() if "control" not in name} == {Outcome.REFUTED}
    shrinks = outcomes(made(trained=0.5), "critical")
    assert {v for name, v in shrinks.items() if "control" not in name} == {Outcome.REFUTED}
    assert set(outcomes(made(gains=(-0.1, 0.0, 0.1)), "saves").values()) == {Outcome.REFUTED}


def test_table_and_figure():
    """Every row is full, and there are four panels."""
    table = EXPERIMENT.table(made())
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(EXPERIMENT.figure(made()).axes) == 4
