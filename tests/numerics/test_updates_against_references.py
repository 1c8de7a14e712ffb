"""Every update walks where torch.optim or the published pseudocode walks."""

import dataclasses
import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from numerics import LAWS, UPDATES, BadSimulation, random_weights, update_for
from numerics.gradients import Gradient
from numerics.updates import State
from tests import strategies
from tests.numerics.references import (
    INSTANTANEOUS,
    PSEUDOCODE,
    STEPS,
    TORCH,
    departure,
    distance,
    double_scalars,
    walk,
    walk_data,
)

ROUNDING = 1e-12
COUPLED = {"sgdm": "sgdw", "nesterov": "nesterovw", "rmsprop": "rmspropw", "adam_l2": "adamw", "nadam_l2": "nadamw"}
COUPLED["adam_l2_tensor"] = "adamw_tensor"
"""The rules that come with either decay."""


@st.composite
def hyperparameters(draw, optimizer, memory=True):
    """Every field of an optimizer, decays up to 1 a step; ``memory`` says whether beta2 is given."""
    lr = draw(strategies.log_uniform(1e-3, 1))
    names = [field.name for field in dataclasses.fields(UPDATES[optimizer])]
    ranges = {
        "momentum": st.floats(0.01, 0.999),
        "dampening": st.floats(0, 0.99),
        "beta1": strategies.coefficients(),
        "beta2": st.floats(0.5, 0.9999),
        "eps": st.sampled_from([1e-8, 1e-3]),
        "momentum_decay": st.floats(0, 1),
        "trust": strategies.log_uniform(1e-3, 1),
        "at_step": st.none() | st.integers(1, 10**6),
    }
    chosen = {"lr": lr, "wd": draw(strategies.log_uniform(1e-6, 1)) / lr}
    # The step at which a schedule stands and the memory of squares exclude each other; eps needs the latter.
    averaged = optimizer in INSTANTANEOUS
    absent = (("at_step",) if memory else ("beta2", "eps")) if averaged else ()
    chosen |= {name: draw(ranges[name]) for name in names[2:] if name not in absent}
    return chosen | ({"beta2": None} if averaged and not memory else {})


def test_every_update_has_a_reference():
    """No update goes unchecked."""
    assert TORCH.keys() | PSEUDOCODE.keys() == UPDATES.keys()


@pytest.mark.parametrize("optimizer", UPDATES)
@strategies.examples(0.5)
@given(data=st.data(), size=strategies.log_uniform(1e-2, 1e2), seed=strategies.seeds())
def test_updates_walk_where_their_references_walk(optimizer, data, size, seed):
    """Twenty random steps with any hyper-parameters agree to rounding with torch.optim or the pseudocode."""
    hyper = data.draw(hyperparameters(optimizer))
    assert departure(update_for(optimizer, hyper), optimizer, hyper, walk_data(seed, size)) < ROUNDING


@pytest.mark.parametrize("optimizer", INSTANTANEOUS)
@strategies.examples(0.5)
@given(data=st.data(), size=strategies.log_uniform(1e-2, 1e2), seed=strategies.seeds())
def test_updates_without_memory_divide_by_the_mean_given_w(optimizer, data, size, seed):
    """Without beta2 the walk is that of the rule written with its instantaneous denominator."""
    hyper = data.draw(hyperparameters(optimizer, memory=False))
    assert departure(update_for(optimizer, hyper), optimizer, hyper, walk_data(seed, size)) < ROUNDING


@pytest.mark.parametrize("optimizer", COUPLED)
@strategies.examples(0.3)
@given(data=st.data(), memory=st.booleans(), seed=strategies.seeds())
def test_coupled_decay_is_not_decoupled_decay(optimizer, data, memory, seed):
    """With a decay the two part, without one they are one rule bit by bit."""
    hyper = {**data.draw(hyperparameters(optimizer, memory)), "wd": 0.01 / data.draw(st.floats(0.1, 10))}
    if "momentum" in hyper:
        hyper["momentum"] = data.draw(st.floats(0.2, 0.999))
    w, gradients, mean_squares = walk_data(seed)

    def both(wd):
        chosen = {**hyper, "lr": 0.1, "wd": wd}
        pair = (update_for(name, chosen) for name in (optimizer, COUPLED[optimizer]))
        return [walk(update, w, gradients, mean_squares)[0] for update in pair]

    assert distance(*both(hyper["wd"])) > 1e-7
    assert torch.equal(*both(0.0))


def test_momentum_is_what_tells_the_decays_of_sgd_apart():
    """Without momentum SGDW is SGD."""
    data, hyper = walk_data(1), {"lr": 0.3, "wd": 0.2}
    plain = walk(update_for("sgd", hyper), *data)[0]
    assert distance(walk(update_for("sgdw", {**hyper, "momentum": 0.0}), *data)[0], plain) < 1e-15


def test_dampening_acts_at_momentum_zero_too():
    """Where torch drops the buffer and the dampening with it, the formula stands as written."""
    w, gradients, mean_squares = walk_data(1)
    hyper = {"lr": 0.3, "wd": 0.2, "momentum": 0.0, "dampening": 0.5}
    mine = walk(update_for("sgdm", hyper), w, gradients, mean_squares)[0]
    assert distance(mine, TORCH["sgdm"](w, gradients, mean_squares, **hyper)[0]) > 0.01
    direction = 0.5 * (gradients[1] + 0.2 * mine[0])
    assert torch.allclose(mine[1], mine[0] - 0.3 * direction, rtol=1e-15, atol=0)


@pytest.mark.parametrize("optimizer", INSTANTANEOUS)
@pytest.mark.parametrize("law", ["iid", "laplace"])
def test_a_long_memory_comes_to_the_mean_given_w(optimizer, law):
    """From a second moment at its mean the distance of the walks with and without beta2 falls as 1 - beta2."""
    rule, generator = UPDATES[optimizer], torch.Generator().manual_seed(7)
    w = random_weights(3, 16, 1.0, generator)
    hyper = {"lr": 0.02, "wd": 0.5} | ({"beta1": 0.8} if "rmsprop" not in optimizer else {})
    gradients = [LAWS[law].draw(w, 1.0, generator) for _ in range(STEPS)]
    # Under coupled decay the mean moves with w, and a long memory would lag behind it: one step alone.
    gradients = gradients[:1] if optimizer in COUPLED else gradients
    squares = gradients[0].mean_square + (0.5**2 / 16 if optimizer in COUPLED else 0.0)
    warm = State(torch.randn(w.shape, generator=generator, dtype=w.dtype), squares.expand(w.shape), steps=10**9)

    def end(**memory):
        update, at, state = rule(**hyper, **memory), w, warm
        for gradient in gradients:
            at, state = update.step(at, gradient, state)
        return at

    limit = end()
    gaps = [float((end(beta2=1 - gap, eps=0.0) - limit).norm()) for gap in (1e-4, 1e-5, 1e-6)]
    assert gaps[0] > 1e-8
    assert [gaps[0] / gaps[1], gaps[1] / gaps[2]] == pytest.approx([10, 10], rel=0.02)


@pytest.mark.parametrize("optimizer", ["rmsprop", "rmspropw", "adam_l2", "adamw"])
@strategies.examples(0.3)
@given(data=st.data(), norm=strategies.log_uniform(1e-2, 1e2), seed=strategies.seeds())
def test_mean_given_w_is_that_of_what_the_rule_sees(optimizer, data, norm, seed):
    """Orthogonal gradients of one length: each step without momentum has root mean square lr exactly."""
    hyper = data.draw(hyperparameters(optimizer, memory=False))
    hyper |= {"beta1": 0.0} if "beta1" in hyper else {}
    generator = torch.Generator().manual_seed(seed)
    w = random_weights(4, 16, norm, generator)
    update = update_for(optimizer, hyper)
    after, _ = update.step(w, LAWS["fixed"].draw(w, 1.7, generator), update.start(w))
    begin = w if optimizer in COUPLED else (1 - hyper["lr"] * hyper["wd"]) * w
    sizes = (begin - after).square().mean(-1).sqrt() / hyper["lr"]
    rounding = 1e-15 * (1 + norm / hyper["lr"])
    assert torch.allclose(sizes, torch.ones(4, dtype=torch.float64), rtol=1e-13 + rounding, atol=0)


@pytest.mark.parametrize("at_step", [1, 30, 1000, 200_000])
def test_nadam_standing_at_a_step_is_torch_at_that_step(at_step):
    """torch.optim.NAdam, its bias corrections and its memory of squares taken away, steps as ours at that step."""
    generator = torch.Generator().manual_seed(at_step)
    w, m, signs = torch.randn(3, 6, generator=generator, dtype=torch.float64)
    g = 0.3 * torch.sign(signs)
    parameter = w.clone().requires_grad_()
    parameter.grad = g.clone()
    with double_scalars():
        theirs = torch.optim.NAdam(
            [parameter], lr=0.1, betas=(0.9, 0.0), eps=0.0, weight_decay=0.2, decoupled_weight_decay=True
        )
        theirs.state[parameter] = {
            "step": torch.tensor(at_step - 1.0),
            "mu_product": torch.tensor(0.0),
            "exp_avg": m.clone(),
            "exp_avg_sq": torch.zeros_like(w),
        }
        theirs.step()

    def ours(step):
        update = update_for("nadamw", {"lr": 0.1, "wd": 0.2, "at_step": step})
        return update.step(w, Gradient(g, torch.full((1,), 0.09, dtype=torch.float64)), State(buffer=m))[0]

    assert distance(ours(at_step)[None, None], parameter.detach()[None, None]) < 1e-14
    late = distance(ours(None)[None, None], parameter.detach()[None, None])
    assert late < 1e-13 if at_step == 200_000 else late > 1e-4


def test_a_normalised_zero_gradient_does_not_move():
    """Vector-normalised SGD only decays where there is no gradient."""
    w = torch.ones(2, 3, dtype=torch.float64)
    update = update_for("ngd", {"lr": 0.1, "wd": 0.5})
    after, _ = update.step(w, Gradient(torch.zeros_like(w), torch.zeros(2, 1)), update.start(w))
    assert torch.equal(after, 0.95 * w)


def test_layers_do_not_see_each_other():
    """Each weight vector is a layer of its own: a batch walks as its rows do one by one."""
    w, gradients, mean_squares = walk_data(5, replicas=3)
    for optimizer in UPDATES:
        update = update_for(optimizer, {"lr": 0.1, "wd": 0.2})
        whole, *_ = walk(update, w, gradients, mean_squares)
        for i in range(3):
            row, *_ = walk(update, w[i : i + 1], gradients[:, i : i + 1], mean_squares[:, i : i + 1])
            assert distance(row, whole[:, i : i + 1]) < 1e-14, optimizer


def test_defaults_are_those_of_torch():
    """Where torch has a default for a field that is no choice of the rule's, it is ours."""
    ours = {
        name: {f.name: f.default for f in dataclasses.fields(UPDATES[name])} for name in ("adamw", "nadamw", "rmspropw")
    }
    nadam = inspect.signature(torch.optim.NAdam).parameters
    assert ours["adamw"]["beta1"] == inspect.signature(torch.optim.AdamW).parameters["betas"].default[0]
    assert ours["adamw"]["eps"] == inspect.signature(torch.optim.AdamW).parameters["eps"].default
    assert ours["nadamw"]["momentum_decay"] == nadam["momentum_decay"].default
    assert ours["nadamw"]["eps"] == nadam["eps"].default
    assert ours["rmspropw"]["eps"] == inspect.signature(torch.optim.RMSprop).parameters["eps"].default


MISTAKES = {
    "wrong field": ("sgd", {"lr": 1, "wd": 1, "beta1": 0.5}, "beta1 = 0.5 is not a field of sgd, which takes lr, wd$"),
    "decay that the name fixes": ("sgdw", {"lr": 1, "wd": 1, "decoupled": False}, "decoupled = False is not a field"),
    "missing field": ("lars", {"lr": 1}, "wd of lars is missing; it has no default"),
    "schedule that runs and stands": (
        "nadamw",
        {"lr": 1, "wd": 1, "beta2": 0.9, "at_step": 3},
        "nadamw: at_step = 3 holds the schedule still, which with beta2 runs; give one of them",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_fields_that_do_not_fit_are_named(case):
    """A field that a rule has not, or lacks, or that contradicts another is refused by name."""
    optimizer, hyper, says = MISTAKES[case]
    with pytest.raises(BadSimulation, match=says):
        update_for(optimizer, hyper)


def test_a_state_without_second_moment_is_refused():
    """An update that averages squares does not fall back on another denominator."""
    w = torch.ones(1, 2, dtype=torch.float64)
    update = update_for("adamw", {"lr": 0.1, "wd": 0.1, "beta2": 0.9})
    with pytest.raises(ValueError, match="the state has no second moment"):
        update.step(w, Gradient(w, w[:, :1]), State(buffer=w))
