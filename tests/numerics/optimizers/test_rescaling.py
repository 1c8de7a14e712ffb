"""Norms at drops of the learning rate: the exponents are the theory's, and only drops rescale."""

import copy

import pytest
import torch
from torch.nn import Parameter

from numerics.optimizers import BadOptimizer, NormRescaling, build
from numerics.optimizers.representation import change
from numerics.optimizers.rescaling import exponent_of
from tests.numerics.optimizers.zoo import gradients, walk, weights
from theory import predict

RULES = {
    "sgd": {},
    "sgdm": {},
    "sgdw": {},
    "nesterov": {},
    "nesterovw": {},
    "ngd": {},
    "adam_l2": {"dim": 1000},
    "adamw": {"dim": 1000},
    "nadam_l2": {"dim": 1000},
    "nadamw": {"dim": 1000},
    "rmsprop": {"dim": 1000},
    "rmspropw": {"dim": 1000},
    "lion": {"dim": 1000},
    "signsgd": {"dim": 1000},
    "signum": {"dim": 1000},
    "lars": {"trust": 0.1},
    "lamb": {"dim": 1000},
}


@pytest.mark.parametrize("name", RULES)
def test_the_exponent_is_that_of_the_equilibrium_norm(name):
    """Between lr and lr/16, both so small that only the leading order counts; and the wrong exponent is seen."""
    lr, wd, drop = 1e-5, 1e-4, 16
    large, small = (predict(name, lr=x, wd=wd, **RULES[name]).equilibrium_norm for x in (lr, lr / drop))
    exponent = exponent_of(build(name, weights(), lr=lr, wd=wd))
    assert large / small == pytest.approx(drop**exponent, rel=1e-2)
    assert large / small != pytest.approx(drop ** (exponent + 0.05), rel=1e-2)


def factors(decay, lrs, **options):
    """By what a weight is multiplied before each step at these lr, under gradients of zero and SGDW's decay undone."""
    p, q = (Parameter(torch.ones(2, 2, dtype=torch.float64)) for _ in range(2))
    optimizer = build("sgdw", [p, q], lr=lrs[0], wd=1e-9, decay=decay, momentum=0.0)
    rescaling, found = NormRescaling(optimizer, [p], **options), []
    for lr in lrs:
        optimizer.param_groups[0]["lr"] = lr
        for one in (p, q):
            one.grad = torch.zeros_like(one)
        before = float(p.detach()[0, 0] / q.detach()[0, 0])
        optimizer.step()
        found.append(float(p.detach()[0, 0] / q.detach()[0, 0]) / before)
    rescaling.close()
    optimizer.param_groups[0]["lr"] = 1e-9
    before = float(p.detach()[0, 0] / q.detach()[0, 0])
    optimizer.step()
    assert float(p.detach()[0, 0] / q.detach()[0, 0]) == pytest.approx(before)
    return found


def test_drops_divide_by_the_fourth_root_and_rises_do_nothing():
    """Small drops add up to the least one; independent decay counts twice, corrected decay not at all."""
    assert factors(None, [1.0, 1 / 16, 1 / 16, 1.0, 1 / 16]) == pytest.approx([1, 0.5, 1, 1, 0.5])
    assert factors(None, [1.0, 1 / 2, 1 / 16], least_drop=3) == pytest.approx([1, 1, 0.5])
    assert factors("independent", [1.0, 1 / 4]) == pytest.approx([1, 0.5])
    assert factors("corrected", [1.0, 1 / 16]) == pytest.approx([1, 1])
    assert factors(None, [1.0, 1 / 16], exponent=0.5) == pytest.approx([1, 0.25])


def test_a_run_saved_at_the_drop_goes_on_the_same():
    """What was noted is in the param groups."""
    given = gradients(6)

    def run(split):
        ps = weights()
        optimizer = build("sgdm", ps, lr=0.1, wd=0.1)
        rescaling = NormRescaling(optimizer, ps[:2])
        for t, step in enumerate(given):
            if t == split:
                state = copy.deepcopy(optimizer.state_dict())
                rescaling.close()
                optimizer = build("sgdm", ps, lr=0.1, wd=0.1)
                optimizer.load_state_dict(state)
                rescaling = NormRescaling(optimizer, ps[:2])
            optimizer.param_groups[0]["lr"] = 0.1 if t < 2 else 0.001
            walk(optimizer, ps, [step])
        return torch.cat([p.detach().flatten() for p in ps])

    assert all(torch.equal(run(None), run(split)) for split in (1, 2, 3))


def test_masters_are_rescaled_too():
    """Else the next step would put the old norm back."""
    p = Parameter(torch.ones(2, 2, dtype=torch.bfloat16))
    optimizer = build("lion", [p], lr=1.0, wd=1e-3, master=True)
    NormRescaling(optimizer, [p])
    for lr in (1.0, 1 / 4):
        optimizer.param_groups[0]["lr"] = lr
        p.grad = torch.zeros_like(p)
        optimizer.step()
    assert float(optimizer.state[p]["master"][0, 0]) == pytest.approx(0.5, rel=2e-3)


def test_what_cannot_be_rescaled_is_named():
    """Parameters of others, unknown classes."""
    ps = weights()
    with pytest.raises(BadOptimizer, match="1 of the parameters to rescale are not the optimizer's"):
        NormRescaling(build("sgd", ps[:1], lr=0.1), ps[:2])
    with pytest.raises(BadOptimizer, match="how the norm goes with lr is not known for Rprop; give exponent="):
        NormRescaling(torch.optim.Rprop(ps), ps)
    with pytest.raises(BadOptimizer, match=r"Invalid least_drop = 0.5: its range is \[1, inf\)"):
        NormRescaling(build("sgd", ps, lr=0.1), ps, least_drop=0.5)


def test_the_compensated_change_of_representation_is_the_one_at_the_reference():
    """The factor times r(phi) is r(reference) above it, and 1 below."""
    from numerics.optimizers import RepresentationCompensated

    for snr in (0.0, 0.1, 1.0, 7.0, float("inf")):
        ps = weights()
        base = torch.optim.SGD(ps, lr=0.1)
        optimizer = RepresentationCompensated(base, reference_snr=0.5, incoherent=0.2, snr=lambda p, snr=snr: snr)
        walk(optimizer, ps, gradients(1))
        factor = optimizer.state[ps[0]]["factor"]
        assert factor * change(snr, 0.2) == pytest.approx(min(change(0.5, 0.2), change(snr, 0.2)))
        assert torch.allclose(ps[0] + 0.1 * factor * gradients(1)[0][0], weights()[0])
