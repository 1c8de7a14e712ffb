"""The updates step as torch.optim does on a real scale-invariant loss; Lion as a scalar reference written here."""

import math

import pytest
import torch
from hypothesis import given

from numerics import UPDATES, update_for
from numerics.gradients import Gradient
from numerics.losses import NormalisedRegression
from numerics.updates.products import product_until
from tests import strategies
from tests.numerics.references import double_scalars

STEPS = 100
BATCH = 8
LOSS = NormalisedRegression.random(64, 10, torch.Generator().manual_seed(0))

SGD = {
    "plain": {"lr": 0.3, "wd": 0.1},
    "momentum": {"lr": 0.1, "wd": 0.05, "momentum": 0.9},
    "dampened": {"lr": 0.2, "wd": 0.1, "momentum": 0.8, "dampening": 0.5},
    "EMA": {"lr": 0.5, "wd": 0.2, "momentum": 0.9, "dampening": 0.9},
}
ADAMW = {
    "usual": {"lr": 0.01, "wd": 0.1, "beta1": 0.9, "beta2": 0.999},
    "short memory": {"lr": 0.05, "wd": 0.5, "beta1": 0.5, "beta2": 0.7},
    "no momentum": {"lr": 0.01, "wd": 1.0, "beta1": 0.0, "beta2": 0.99},
    "long memory": {"lr": 1e-3, "wd": 0.01, "beta1": 0.99, "beta2": 0.9},
}


def minibatches(seed=1):
    """The same random samples for every optimizer."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(0, 64, (BATCH,), generator=generator) for _ in range(STEPS)]


def start(replicas=3, seed=2):
    """Weights to start from."""
    return torch.randn(replicas, 10, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(w, chosen):
    """The loss's gradient, as the updates take it."""
    w = w.clone().requires_grad_()
    LOSS(w, chosen).backward()
    return Gradient(w.grad, w.grad.square().mean(-1, keepdim=True))


def ours(update):
    """Trajectory of one of the package's updates on the loss."""
    w = start()
    state = update.start(w)
    trajectory = []
    for chosen in minibatches():
        w, state = update.step(w, gradient(w, chosen), state)
        trajectory.append(w)
    return torch.stack(trajectory)


def theirs(optimizer_of):
    """Trajectory of a torch.optim optimizer on the loss."""
    w = start().requires_grad_()
    optimizer = optimizer_of([w])
    trajectory = []
    for chosen in minibatches():
        optimizer.zero_grad()
        LOSS(w, chosen).backward()
        optimizer.step()
        trajectory.append(w.detach().clone())
    return torch.stack(trajectory)


def largest_difference(left, right):
    """Largest distance along two trajectories, relative to the weights' norm."""
    return float(((left - right).norm(dim=-1) / right.norm(dim=-1)).max())


@pytest.mark.parametrize("case", SGD)
def test_sgd_steps_as_torch(case):
    """SGD with momentum, dampening and weight decay follows torch.optim.SGD to rounding."""
    chosen = dict(SGD[case])
    mine = ours(update_for("sgdm" if "momentum" in chosen else "sgd", chosen))
    wd = chosen.pop("wd")
    reference = theirs(lambda parameters: torch.optim.SGD(parameters, weight_decay=wd, **chosen))
    assert largest_difference(mine, reference) < 1e-12


@pytest.mark.parametrize("case", ADAMW)
def test_adamw_steps_as_torch(case):
    """AdamW with beta2 follows torch.optim.AdamW, bias correction and eps included, to rounding."""
    chosen = ADAMW[case]
    mine = ours(update_for("adamw", chosen))
    betas = (chosen["beta1"], chosen["beta2"])
    reference = theirs(
        lambda parameters: torch.optim.AdamW(parameters, lr=chosen["lr"], weight_decay=chosen["wd"], betas=betas)
    )
    assert largest_difference(mine, reference) < 1e-12


def test_trajectory_control_notices_the_other_decay():
    """The comparison can fail: Adam with L2 inside the gradient is not AdamW, SGD without dampening not with it."""
    mine = ours(update_for("adamw", ADAMW["usual"]))
    coupled = theirs(lambda parameters: torch.optim.Adam(parameters, lr=0.01, weight_decay=0.1))
    assert largest_difference(mine, coupled) > 1e-3
    undamped = theirs(lambda parameters: torch.optim.SGD(parameters, lr=0.2, weight_decay=0.1, momentum=0.8))
    assert largest_difference(ours(update_for("sgdm", SGD["dampened"])), undamped) > 1e-3


def test_sgdm_without_momentum_is_sgd():
    """At momentum 0 and dampening 0 SGDM walks SGD's trajectory bit by bit."""
    plain = ours(update_for("sgd", SGD["plain"]))
    assert torch.equal(ours(update_for("sgdm", {**SGD["plain"], "momentum": 0.0})), plain)


def test_first_step_of_sgdm_is_not_dampened():
    """As in torch, the first step takes g + wd w whole."""
    w, chosen = start(), minibatches()[0]
    update = update_for("sgdm", SGD["EMA"])
    after, state = update.step(w, gradient(w, chosen), update.start(w))
    direction = gradient(w, chosen).value + 0.2 * w
    assert torch.equal(state.buffer, direction)
    assert torch.equal(after, w - 0.5 * direction)


def scalar_lion(w, gradients, lr, wd, beta1, beta2):
    """Lion on one number, in plain Python from its published pseudocode."""
    m = 0.0
    for g in gradients:
        c = beta1 * m + (1 - beta1) * g
        sign = (c > 0) - (c < 0)
        w = w - lr * (sign + wd * w)
        m = beta2 * m + (1 - beta2) * g
    return w, m


@given(strategies.hyperparameters("lion"), strategies.seeds())
def test_lion_steps_as_a_scalar_reference(chosen, seed):
    """Lion on a tensor moves every coordinate as the scalar reference does."""
    generator = torch.Generator().manual_seed(seed)
    gradients = torch.randn(20, 4, generator=generator, dtype=torch.float64)
    own = {k: chosen[k] for k in ("lr", "wd", "beta1", "beta2")}
    w = torch.randn(4, generator=generator, dtype=torch.float64)
    start_weights = w.tolist()
    update = update_for("lion", own)
    state = update.start(w)
    for g in gradients:
        w, state = update.step(w, Gradient(g, g.square().mean().reshape(1)), state)
    for i, begin in enumerate(start_weights):
        expected, buffer = scalar_lion(begin, gradients[:, i].tolist(), **own)
        assert float(w[i]) == pytest.approx(expected, rel=1e-12, abs=1e-13)
        assert float(state.buffer[i]) == pytest.approx(buffer, rel=1e-12, abs=1e-15)


def test_lion_reference_control_rejects_swapped_betas():
    """The comparison can fail: exchanging the betas moves the reference elsewhere."""
    gradients = torch.randn(200, generator=torch.Generator().manual_seed(3), dtype=torch.float64).tolist()
    one = scalar_lion(1.0, gradients, 0.1, 0.1, 0.9, 0.5)
    other = scalar_lion(1.0, gradients, 0.1, 0.1, 0.5, 0.9)
    assert abs(one[0] - other[0]) > 0.01


def test_lion_does_not_move_where_nothing_pulls():
    """sign(0) = 0: without gradient and buffer Lion only decays."""
    w = torch.ones(3, dtype=torch.float64)
    update = update_for("lion", {"lr": 0.1, "wd": 0.5})
    after, _ = update.step(w, Gradient(torch.zeros_like(w), torch.zeros(1)), update.start(w))
    assert torch.equal(after, 0.95 * w)


def test_adamw_at_the_mean_divides_by_the_laws_own_scale():
    """Without beta2 the step is lr m/sqrt(E g^2), neither averaged nor corrected for bias."""
    w = torch.ones(1, 4, dtype=torch.float64)
    g = torch.tensor([[1.0, -2.0, 3.0, -4.0]], dtype=torch.float64)
    update = update_for("adamw", {"lr": 0.1, "wd": 0.5, "beta1": 0.9, "beta2": None})
    after, state = update.step(w, Gradient(g, torch.full((1, 1), 9.0, dtype=torch.float64)), update.start(w))
    assert state.second_moment is None
    assert torch.allclose(after, 0.95 * w - 0.1 * (1 - 0.9) * g / 3, rtol=1e-15, atol=0)


@pytest.mark.parametrize("optimizer", UPDATES)
def test_a_step_leaves_its_arguments_alone(optimizer):
    """Updates return new tensors: weights, gradient and state before the step are unchanged."""
    w, g = start(), gradient(start(), minibatches()[0])
    update = update_for(optimizer, {"lr": 0.1, "wd": 0.1})
    _, state = update.step(w, g, update.start(w))
    kept = [x.clone() for x in (w, g.value, state.buffer) if x is not None]
    update.step(w, g, state)
    assert all(torch.equal(x, y) for x, y in zip(kept, [w, g.value, state.buffer], strict=False))


def test_lion_turns_less_when_the_gradient_repeats():
    """A gradient of constant sign makes Lion walk lr per coordinate and step, whatever its size."""
    w = torch.zeros(5, dtype=torch.float64)
    update = update_for("lion", {"lr": 0.25, "wd": 0.0})
    state = update.start(w)
    for t in range(8):
        g = torch.full((5,), 10.0**-t, dtype=torch.float64)
        w, state = update.step(w, Gradient(g, torch.ones(1)), state)
    assert w.tolist() == [-2.0] * 5
    assert math.isclose(float(w.norm()), 2 * math.sqrt(5))


@pytest.mark.parametrize("last", [0, 1, 255, 256, 257, 700])
def test_a_product_along_a_schedule_is_that_of_its_factors(last):
    """However many pieces it takes; with one factor less it is another."""

    def factor(t):
        return 1 - 0.5 * 0.96**t / (1 + t)

    whole = [float(factor(t)) for t in range(1, last + 1)]
    assert product_until(factor, last) == pytest.approx(math.prod(whole), rel=1e-13)
    assert not whole or product_until(factor, last) != pytest.approx(math.prod(whole[1:]), rel=1e-13)


def test_nadam_keeps_torchs_product_beyond_a_piece():
    """After more steps than a piece of the product has, NAdam still walks where torch.optim.NAdam walks."""
    w = torch.ones(1, 3, dtype=torch.float64)
    gradients = torch.randn(300, 1, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    update = update_for("nadamw", {"lr": 0.01, "wd": 0.1, "beta1": 0.999, "beta2": 0.9})
    theirs = w.clone().requires_grad_()
    with double_scalars():
        optimizer = torch.optim.NAdam(
            [theirs], lr=0.01, betas=(0.999, 0.9), weight_decay=0.1, decoupled_weight_decay=True
        )
        state = update.start(w)
        for g in gradients:
            w, state = update.step(w, Gradient(g, g.square().mean(-1, keepdim=True)), state)
            theirs.grad = g.clone()
            optimizer.step()
    assert largest_difference(w[None], theirs.detach()[None]) < 1e-11
