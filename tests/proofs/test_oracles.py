"""The theory against torch's own optimizers on real losses: none of our updates and gradient laws takes part.

The unit-gradient norm L is measured at random unit weights; its error widens the error bar of the norm. What the mean
field leaves out comes from the spread of |w|^2 and of the gradient's length and falls as 1/dim: at half the dimension,
where it is twice as large, the same comparisons agree as well.
"""

import math
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim import SGD, Adam, AdamW, NAdam, RMSprop

from numerics.seeding import generator
from numerics.statistics import jackknife
from proofs.comparison import ROUNDING, Confrontation, Statistic
from tests.proofs import oracle
from tests.test_independence import imported
from theory import load, predict
from theory.muon import predict_muon

pytestmark = pytest.mark.chance(4)

DIM, REPLICAS, STEPS, BURN_IN = 128, 32, 500, 200
AT = {"lr": 0.1, "wd": 0.2}
HEAVY = {**AT, "momentum": 0.9}
ADAM = {**AT, "beta1": 0.9}
TORCH = {"lr": 0.1, "weight_decay": 0.2}
BETAS = {"betas": (0.9, 0.0)}
NONE = {"betas": (0.0, 0.0), "eps": 1e-30}
"""Adam of no memory divides a gradient by its own size: the sign."""

ADAPTIVE = {"adam", "adamw", "nadam", "nadamw", "rmsprop"}
CASES = {
    "sgd": (partial(SGD, **TORCH), oracle.batch_normalised, "sgd", AT),
    "heavy ball": (partial(SGD, momentum=0.9, **TORCH), oracle.logistic, "sgdm", HEAVY),
    "dampened": (
        partial(SGD, momentum=0.9, dampening=0.5, **TORCH),
        oracle.three_classes,
        "sgdm",
        {**HEAVY, "dampening": 0.5},
    ),
    "nesterov": (partial(SGD, momentum=0.9, nesterov=True, **TORCH), oracle.batch_normalised, "nesterov", HEAVY),
    "adam": (partial(Adam, **BETAS, **TORCH), oracle.logistic, "adam_l2", ADAM),
    "adamw": (partial(AdamW, **BETAS, **TORCH), oracle.three_classes, "adamw", ADAM),
    "nadam": (partial(NAdam, **BETAS, **TORCH), oracle.logistic, "nadam_l2", ADAM),
    "nadamw": (partial(NAdam, decoupled_weight_decay=True, **BETAS, **TORCH), oracle.logistic, "nadamw", ADAM),
    "rmsprop": (partial(RMSprop, alpha=0.0, **TORCH), oracle.logistic, "rmsprop", AT),
    "signs by adamw": (partial(AdamW, **NONE, **TORCH), oracle.batch_normalised, "signsgd", AT),
}
"""An optimizer of torch, a loss, the rule that it should be, and hyper-parameters."""


def measured(make, loss, optimizer, chosen, *, dim=DIM, seed, prepare=None):
    """(norm, 1 - cos) of a walk against those of a rule, as a function of the rule and its hyper-parameters."""
    drawn = oracle.unit_gradients(loss, (dim,), 1 << 13, generator(seed, 1)).square().sum(-1).numpy()
    energy, error = drawn.mean(), drawn.std() / math.sqrt(len(drawn))

    def at(rule, given, square):
        taken = {"dim": dim, "grad_norm": math.sqrt(square)}
        return predict(rule, **given, **{p.name: taken[p.name] for p in load(rule).parameters if p.name in taken})

    walk = oracle.walk(
        make, loss, (dim,), replicas=REPLICAS, steps=STEPS, burn_in=BURN_IN, generator=generator(seed),
        norm=at(optimizer, chosen, energy).equilibrium_norm, prepare=prepare or (lambda optimizer, step: None),
    )  # fmt: skip
    return lambda rule, given: compared(walk, at(rule, given, energy), at(rule, given, energy + error))


def compared(walk, found, other, within=0.0):
    """A walk against a prediction, known ``within`` a part of it and no better than ``other`` is near."""
    lost, others = 1 - found.cos_angular_update, 1 - other.cos_angular_update
    norm, gap = found.equilibrium_norm, found.equilibrium_norm - other.equilibrium_norm
    columns = np.stack([walk.before, walk.lost], axis=1)
    means = jackknife(walk.before, lambda m: np.sqrt(m[..., 0])), jackknife(columns, lambda m: m[..., 1] / m[..., 0])
    statistics = (
        Statistic("norm", norm, means[0], math.hypot(gap, norm * within, norm * ROUNDING)),
        Statistic("1 - cos", lost, means[1], math.hypot(lost - others, lost * within, ROUNDING)),
    )
    return Confrontation(f"{found.optimizer}-norm", "torch on a real loss", {}, {"loss": "real"}, statistics)


@cache
def of(case, dim=DIM, seed=61):
    """The comparison of a case, as a function of a rule and its hyper-parameters; one walk serves all of them."""
    make, loss, optimizer, chosen = CASES[case]
    return measured(
        make, loss, optimizer, chosen, dim=dim, seed=seed, prepare=oracle.lengthen if case in ADAPTIVE else None
    )


@pytest.mark.parametrize("case", CASES)
def test_torch_on_a_real_loss_ends_at_the_prediction(case):
    """Norm and angle of torch's optimizer are the predicted ones, to error bars below half a per cent of the norm."""
    c = of(case)(*CASES[case][2:])
    assert c.agrees, c.report()
    assert c.statistics[0].error < 0.005 * c.statistics[0].predicted


@pytest.mark.parametrize("case", ["heavy ball", "adam", "rmsprop"])
def test_the_remainder_lies_below_the_error_bar_at_half_the_dimension(case):
    """Where the mean field leaves out twice as much the comparison agrees still; the error bar is little wider."""
    c = of(case, dim=DIM // 2, seed=62)(*CASES[case][2:])
    assert c.agrees, c.report()


CONTROLS = {
    "heavy ball for nesterov": ("nesterov", "sgdm", HEAVY),
    "nesterov for heavy ball": ("heavy ball", "nesterov", HEAVY),
    "no dampening": ("dampened", "sgdm", HEAVY),
    "coupled for decoupled": ("adamw", "adam_l2", ADAM),
    "decoupled for coupled": ("adam", "adamw", ADAM),
    "adam for nadam": ("nadam", "adam_l2", ADAM),
    "a decay 5 % off": ("sgd", "sgd", {**AT, "wd": 0.21}),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_control_rejects_another_rule(control):
    """What another rule or decay predicts is rejected on the walk that agrees with its own."""
    case, rule, chosen = CONTROLS[control]
    against = of(case)
    assert against(*CASES[case][2:]).agrees
    assert not against(rule, chosen).agrees


def test_a_public_lion_on_a_real_loss():
    """lion_pytorch's Lion, where it is installed, ends at Lion's norm and angle."""
    lion = pytest.importorskip("lion_pytorch").Lion
    chosen = {**AT, "beta1": 0.9, "beta2": 0.95}
    c = measured(
        partial(lion, betas=(0.9, 0.95), decoupled_weight_decay=False, **TORCH),
        oracle.logistic,
        "lion",
        chosen,
        seed=64,
    )
    assert c("lion", chosen).agrees, c("lion", chosen).report()


MUON = {"lr": 0.1, "wd": 0.5, "rows": 16, "cols": 16, "momentum": 0.9}
BFLOAT = 2.0**-8
"""torch orthogonalises in bfloat16: the spacing of numbers below 1."""


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_of_torch_on_a_real_loss(nesterov):
    """torch.optim.Muon ends at the norm and angle of the Newton-Schulz law, and not at those of the other buffer."""
    shape = (MUON["rows"], MUON["cols"])
    options = {"lr": MUON["lr"], "weight_decay": MUON["wd"], "momentum": MUON["momentum"], "nesterov": nesterov}
    right, wrong = (predict_muon(**MUON, nesterov=n, orthogonalise="newton_schulz") for n in (nesterov, not nesterov))
    walk = oracle.walk(
        partial(torch.optim.Muon, **options), oracle.logistic, shape, replicas=20, steps=200, burn_in=80,
        norm=right.equilibrium_norm, generator=generator(65), apart=True,
    )  # fmt: skip
    c = compared(walk, right, right, BFLOAT)
    assert c.agrees, c.report()
    assert not compared(walk, wrong, wrong, BFLOAT).agrees


@pytest.mark.parametrize("loss", [oracle.logistic, oracle.three_classes, oracle.batch_normalised])
def test_losses_are_what_the_theory_assumes(loss):
    """Gradients are orthogonal to w, fall as 1/|w|, and have mean zero: a false alarm has probability 1e-9."""
    w = torch.randn(3, 16, generator=generator(66), dtype=torch.float64).requires_grad_()

    def gradient(at):
        return torch.autograd.grad(loss(at, generator(67)).sum(), at)[0]

    found = gradient(w)
    assert float((found * w).detach().sum(-1).abs().max()) < 1e-14
    assert torch.allclose(gradient(w * 100), found / 100, rtol=1e-11)
    fixed = torch.eye(16, dtype=torch.float64)[:1].expand(1 << 14, 16).clone().requires_grad_()
    drawn = gradient(fixed)[:, 1:].numpy()
    means = [Statistic("mean", 0.0, jackknife(x, lambda m: m[..., 0]), ROUNDING) for x in drawn.T]
    assert Confrontation("", "", {}, {}, tuple(means)).agrees


def test_the_oracle_knows_neither_side():
    """The oracle imports torch and numpy alone: no update, no gradient law, no theory."""
    source = Path(oracle.__file__).read_text(encoding="utf-8")
    assert imported(source) <= {"math", "collections", "dataclasses", "numpy", "torch"}
