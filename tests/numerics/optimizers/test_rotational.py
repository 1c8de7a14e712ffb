"""By which angle the rotational variants turn, and what they refuse."""

import copy
import math

import pytest
import torch
from torch.nn import Parameter

from numerics.geometry import angle as angle_between
from numerics.optimizers import BadOptimizer, Lion, LionAR, Rotational, build, published_rate
from tests.compare import close
from tests.numerics.optimizers.zoo import adamw, gradients, lion, sgd, walk, weights


def turned(optimizer, p, steps):
    """The angle by which each row turns, [steps, rows]."""
    found = []
    for g in steps:
        before = p.detach().clone()
        p.grad = g.clone()
        optimizer.step()
        found.append(angle_between(before.flatten(1), p.detach().flatten(1)))
    return torch.stack(found)


@pytest.mark.parametrize("make", [sgd, adamw, lion])
@pytest.mark.parametrize("centre", [False, True])
def test_without_averaging_every_neuron_turns_by_the_arc_tangent_of_the_rate(make, centre):
    """Exactly, step by step, along a schedule; norms stand still, and means where centred."""
    p = weights()[1]
    optimizer = Rotational(make([p]), update_norm_decay=0.0, centre=centre, norm_eps=0.0)
    norms = p.detach().flatten(1).norm(dim=1)
    group = optimizer.param_groups[0]
    p.grad = gradients(1)[0][1]
    optimizer.step()
    for step in gradients(6)[1:]:
        group["lr"] *= 0.7
        found = turned(optimizer, p, [step[1]])[0]
        assert torch.allclose(
            found, torch.full_like(found, math.atan(published_rate(optimizer.base)(group))), rtol=1e-9
        )
    assert torch.allclose(p.detach().flatten(1).norm(dim=1), norms, rtol=1e-13)
    assert (p.detach().flatten(1).mean(1).abs().max() < 1e-15) == centre


def test_with_averaging_the_angle_follows_the_update_s_length_over_its_average():
    """atan(eta |d|/root of the average of |d|^2), with the projection of the update of SGD without momentum."""
    p, eta, phi = weights()[0], 0.1, 0.9
    optimizer = Rotational(torch.optim.SGD([p], lr=0.5), angle=eta, norm_eps=0.0)
    square = torch.zeros(4, dtype=torch.float64)
    for t, step in enumerate(gradients(12), 1):
        unit = p.detach() / p.detach().norm(dim=1, keepdim=True)
        d = step[0] - (step[0] * unit).sum(1, keepdim=True) * unit
        square = phi * square + (1 - phi) * d.square().sum(1)
        expected = torch.atan(eta * d.norm(dim=1) / (square / (1 - phi**t)).sqrt())
        assert torch.allclose(turned(optimizer, p, [step[0]])[0], expected, rtol=1e-9)


def test_the_published_rates_give_the_published_numbers():
    """Of table 1 at the settings of the papers' runs."""
    p = [Parameter(torch.ones(2, 2))]
    cases = [
        (torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-4), 3.244e-3),
        (torch.optim.AdamW(p, lr=6e-4, betas=(0.9, 0.95), weight_decay=0.1), 2.513e-3),
        (torch.optim.AdamW(p, lr=0.05, weight_decay=0.01), 7.255e-3),
        (Lion(p, lr=5e-4, betas=(0.9, 0.99), weight_decay=1.0), 4.70e-3),
    ]
    for optimizer, published in cases:
        assert published_rate(optimizer)(optimizer.param_groups[0]) == pytest.approx(published, rel=1e-3)


def test_the_published_rate_is_of_the_share_that_decay_takes():
    """Independent decay takes wd itself, corrected decay lr wd lr/lr_max."""
    shares = {"decoupled": 0.02 * 0.3, "independent": 0.3, "corrected": 0.02 * 0.3 * 0.02 / 0.05}
    for decay, share in shares.items():
        for name, factor in (("adamw", 2 * 0.1 / 1.9), ("lion", math.pi * (0.01 + 0.81 * 0.01 / 1.99))):
            ours = {"momentum_bias": "inverse"} if name == "adamw" else {}
            base = build(name, weights(), lr=0.02, wd=0.3, decay=decay, lr_max=0.05, **ours)
            optimizer = Rotational(base)
            assert optimizer.angle(optimizer.param_groups[0]) == close(math.sqrt(share * factor), 1e-12)


def test_an_angle_may_be_a_number_or_a_function():
    """The function is asked with the group's options at every step; a group may have a number of its own."""
    ps, asked = weights()[:2], []

    def angle(group):
        asked.append(group["lr"])
        return 0.2 * group["lr"] / 0.02

    optimizer = Rotational(adamw(ps[:1]), angle=angle, update_norm_decay=0.0)
    optimizer.add_param_group({"params": ps[1:], "angle": 0.05})
    optimizer.param_groups[0]["lr"] = 0.01
    found = [p.detach().clone() for p in ps]
    for p, g in zip(ps, gradients(1)[0], strict=False):
        p.grad = g
    optimizer.step()
    for p, before, eta in zip(ps, found, (0.1, 0.05), strict=True):
        turn = angle_between(before.flatten(1), p.detach().flatten(1))
        assert torch.allclose(turn, torch.full_like(turn, math.atan(eta)), rtol=1e-6)
    assert asked == [0.01]
    twin = copy.deepcopy(optimizer)
    assert twin.angle(twin.param_groups[0]) == pytest.approx(0.1)


def test_the_exact_angle_may_come_from_the_theory():
    """A function of the options is all that is needed; the published rate is its leading order."""
    from theory import predict

    def exact(group):
        return predict("adamw", lr=group["lr"], wd=group["weight_decay"], beta1=group["betas"][0]).angular_update

    optimizer = Rotational(adamw(weights()[:1]), angle=exact)
    group = optimizer.param_groups[0]
    ratio = optimizer.angle(group) / published_rate(optimizer.base)(group)
    assert ratio == pytest.approx(1, abs=0.02)
    group["weight_decay"] = 3e-4
    assert optimizer.angle(group) / published_rate(optimizer.base)(group) == pytest.approx(1, abs=2e-5)
    assert ratio != pytest.approx(1, abs=2e-5)


def test_a_dead_neuron_stays_where_it_is_and_the_others_turn():
    """No gradient, no update, no division by zero."""
    for eps in (0.0, 1e-8):
        p = weights()[0]
        start, g = p.detach().clone(), gradients(1)[0][0]
        g[2] = 0
        turned(Rotational(adamw([p]), norm_eps=eps), p, [g, g])
        assert torch.allclose(p[2], start[2], rtol=1e-15)
        assert all(not torch.allclose(p[i], start[i], rtol=1e-3) for i in (0, 1, 3))


def test_what_a_group_leaves_out_takes_the_base_s_step():
    """Vectors, groups without decay and groups that say so, decay included."""
    given = gradients(4)
    ps, qs = weights(), weights()
    walk(
        Rotational(adamw([{"params": ps[:1], "rotational": False}, {"params": ps[1:], "weight_decay": 0.0}])), ps, given
    )
    walk(adamw([{"params": qs[:1]}, {"params": qs[1:], "weight_decay": 0.0}]), qs, given)
    assert all(map(torch.equal, ps, qs))
    ps, qs = weights(), weights()
    walk(Rotational(adamw(ps)), ps, given)
    walk(adamw(qs), qs, given)
    assert [torch.equal(p, q) for p, q in zip(ps, qs, strict=True)] == [False, False, True]


@pytest.mark.parametrize("kind", ["rotational", "lion_ar"])
def test_a_block_of_norm_zero_is_named_before_anything_moves(kind):
    """With the parameter's name where the optimizer knows it."""
    ps = weights()[:2]
    ps[1].data[1] = 0
    before = [p.detach().clone() for p in ps]
    named = list(zip(("first", "second"), ps, strict=True))
    make = Rotational(adamw(named)) if kind == "rotational" else LionAR(named, grouping="neuron")
    message = r"second, parameter \[3, 2, 2, 2\] of float64, has 1 of 3 blocks of norm zero, which cannot turn"
    with pytest.raises(BadOptimizer, match=message):
        walk(make, ps, [gradients(1)[0][:2]])
    assert all(map(torch.equal, ps, before))


def test_what_has_no_angle_is_refused():
    """By the class, and by options that the published rate does not know."""
    p = weights()
    with pytest.raises(BadOptimizer, match=r"no angle is published for Adam, only for SGD, AdamW, Lion; give angle="):
        Rotational(torch.optim.Adam(p, weight_decay=0.1))
    nesterov = torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
    with pytest.raises(BadOptimizer, match="no angle is published for SGD with nesterov or dampening"):
        walk(Rotational(nesterov), p, gradients(1))
    with pytest.raises(BadOptimizer, match=r"Invalid angle = -1: its range is \[0, inf\)"):
        Rotational(adamw(weights()), angle=-1.0)
    with pytest.raises(BadOptimizer, match="blocks of equal entries: centring leaves nothing"):
        walk(Rotational(adamw(q := [Parameter(torch.ones(2, 3))]), centre=True), q, [[torch.ones(2, 3)]])
    with pytest.raises(BadOptimizer, match="lr = 0 at construction"):
        Rotational(torch.optim.AdamW(weights(), lr=0.0))


def test_lion_ar_turns_by_the_arc_tangent_of_its_angle_where_the_update_is_orthogonal():
    """A direction of signs orthogonal to w; AdamW's equilibrium angle at the same hyper-parameters."""
    p = Parameter(torch.tensor([[1.0, 1.0, 2.0, 2.0]], dtype=torch.float64))
    g = torch.tensor([[1.0, -1.0, 3.0, -3.0]], dtype=torch.float64)
    found = turned(build("lion_ar", [p], lr=0.02, wd=0.5, beta1=0.8), p, [g])
    assert float(found[0]) == pytest.approx(math.atan(math.sqrt(2 * 0.02 * 0.5 * 0.2 / 1.8)), rel=1e-12)
