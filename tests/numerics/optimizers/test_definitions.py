"""The controlled optimizers walk as their definitions, written a second time, and not as wrong ones."""

import pytest
import torch
from torch.nn import Parameter

from numerics.optimizers import (
    AdamC,
    AdamW,
    Lion,
    LionA,
    LionAR,
    ProjectedSGD,
    RepresentationCompensated,
    Rotational,
)
from tests.numerics.optimizers import definitions
from tests.numerics.optimizers.definitions import BETA1, BETA2, LR, SCHEDULE, WD

BETAS = {"betas": (BETA1, BETA2), "weight_decay": WD}
BASES = {
    "sgdm": lambda ps: torch.optim.SGD(ps, LR, momentum=BETA1, weight_decay=WD),
    "adamw": lambda ps: torch.optim.AdamW(ps, LR, **BETAS),
    "lion": lambda ps: Lion(ps, LR, **BETAS),
}
SPHERE = ("not back on the sphere",)
CASES = {
    "lion_a": (
        lambda ps: LionA(ps, LR, **BETAS),
        definitions.lion_a,
        ("other beta", "zeros make it smaller", "no decay"),
    ),
    "lion_inverse": (
        lambda ps: Lion(ps, LR, momentum_bias="inverse", **BETAS),
        definitions.lion_inverse,
        ("weight of m",),
    ),
    "adamc": (lambda ps: AdamC(ps, LR, **BETAS), definitions.adamc, ("plain decay",)),
    "projected_neuron": (
        lambda ps: ProjectedSGD(ps, LR, grouping="neuron"),
        definitions.projected_rows,
        ("plain lr", *SPHERE),
    ),
    "projected_together": (
        lambda ps: ProjectedSGD(ps, LR),
        definitions.flat(definitions.projected),
        ("plain lr", *SPHERE),
    ),
    "compensated": (
        lambda ps: RepresentationCompensated(BASES["adamw"](ps), reference_snr=0.05),
        definitions.compensated,
        ("noise of the mean forgotten", "decay not compensated", "no compensation"),
    ),
}
for schedule in ("equilibrium", "linear"):
    CASES[f"lion_ar_{schedule}"] = (
        lambda ps, schedule=schedule: LionAR(ps, LR, schedule=schedule, **BETAS),
        definitions.lion_ar(schedule),
        ("other schedule", "norm left out", *SPHERE),
    )
for bias in ("inverse", "level"):
    CASES[f"adamw_{bias}"] = (
        lambda ps, bias=bias: AdamW(ps, LR, momentum_bias=bias, **BETAS),
        definitions.adamw_biased(bias),
        ("other beta", "a step late"),
    )
for raw in BASES:
    for centre, phi in ((False, 0.9), (True, 0.6), (True, 0.0)):
        wrong = ["decay in the gradient", "not projected", "schedule ignored", *SPHERE]
        wrong += ["no bias correction"] if phi else []
        wrong += ["norm lost in centring", "update not centred"] if centre else []
        CASES[f"rotational_{raw}_{centre}_{phi}"] = (
            lambda ps, raw=raw, centre=centre, phi=phi: Rotational(
                BASES[raw](ps), centre=centre, update_norm_decay=phi
            ),
            definitions.rotational(raw, centre, phi),
            tuple(wrong),
        )


def data():
    """A matrix [3, 5] and gradients with a common part, and with zeros."""
    draws = torch.Generator().manual_seed(5)
    w = torch.randn(3, 5, generator=draws, dtype=torch.float64)
    g = torch.randn(len(SCHEDULE), 3, 5, generator=draws, dtype=torch.float64)
    g = g + 0.7 * torch.randn(3, 5, generator=draws, dtype=torch.float64)
    g[:, 1, 2] = 0
    return w, g


def walk(make, w, gradients):
    """The optimizer's walk along the schedule; the matrix is split over two tensors where it goes together."""
    p = Parameter(w.clone())
    optimizer, path = make([p]), []
    for g, share in zip(gradients, SCHEDULE, strict=True):
        optimizer.param_groups[0]["lr"] = LR * share
        p.grad = g.clone()
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path)


def off(path, expected):
    """Largest relative difference."""
    return float((path - torch.tensor(expected, dtype=torch.float64)).abs().max() / path.abs().max())


@pytest.mark.parametrize("name", CASES)
def test_an_optimizer_walks_as_its_definition(name):
    """To rounding, and not as any of the wrong definitions."""
    make, definition, wrongs = CASES[name]
    w, g = data()
    path = walk(make, w, g)
    assert off(path, definition(w.tolist(), g.tolist())) < 1e-12
    for wrong in wrongs:
        assert off(path, definition(w.tolist(), g.tolist(), wrong)) > 1e-6, wrong


def test_decay_is_taken_out_of_any_base():
    """The rotational walk does not see which weight decay its base would have had, at an angle that is given."""
    w, g = data()
    for make in BASES.values():

        def at(decay, make=make):
            def wrapped(ps):
                base = make(ps)
                base.param_groups[0]["weight_decay"] = decay
                return Rotational(base, angle=0.1)

            return wrapped

        assert torch.equal(walk(at(0.3), w, g), walk(at(5.0), w, g))


def test_tensors_that_go_together_are_one_vector():
    """Split over two parameters it walks as in one; on spheres of their own it does not."""
    w, g = data()
    whole = walk(lambda ps: ProjectedSGD(ps, LR), w, g)
    for grouping in ("together", "tensor"):
        parts = [Parameter(w[:1].clone()), Parameter(w[1:].clone())]
        optimizer, path = ProjectedSGD(parts, LR, grouping=grouping), []
        for step, share in zip(g, SCHEDULE, strict=True):
            optimizer.param_groups[0]["lr"] = LR * share
            parts[0].grad, parts[1].grad = step[:1].clone(), step[1:].clone()
            optimizer.step()
            path.append(torch.cat([p.detach() for p in parts]))
        assert torch.allclose(torch.stack(path), whole, rtol=1e-12) == (grouping == "together")


def test_blocks_of_rows_and_networks_groupings_are_understood():
    """Two blocks of two rows are two tensors."""

    class Grouping:
        groups = 2

    draws = torch.Generator().manual_seed(6)
    w, g = torch.randn(2, 4, 3, generator=draws, dtype=torch.float64)
    found = []
    for grouping in (2, Grouping(), "tensor"):
        p = Parameter(w.clone())
        p.grad = g.clone()
        Rotational(BASES["sgdm"]([p]), grouping=grouping).step()
        found.append(p.detach())
    halves = [Parameter(w[:2].clone()), Parameter(w[2:].clone())]
    halves[0].grad, halves[1].grad = g[:2].clone(), g[2:].clone()
    Rotational(BASES["sgdm"](halves), grouping="tensor").step()
    expected = torch.cat([h.detach() for h in halves])
    assert torch.allclose(found[0], expected, rtol=1e-13)
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[2], expected, rtol=1e-3)
