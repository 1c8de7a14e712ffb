"""The loop: the same bits again, continued or not; it learns; schedules, parts of a batch, and clear ends."""

import math
import os
import signal

import numpy as np
import pytest
import torch

from numerics import data, networks
from numerics.errors import BadSimulation, BadTraining, NotFinite
from numerics.networks import decay_groups
from numerics.training import cross_entropy, evaluate, steps_done, train

pytestmark = pytest.mark.chance(0)
DIGITS = data.digits()
STEPS, BATCH, SEED = 12, 16, 3
OPTIMIZERS = {
    "sgdm": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=1e-3),
}


def network(name="mlp", **options):
    """A small network for the digits."""
    size = {"mlp": 16, "resnet20": 2}[name]
    return networks.build(name, inputs=DIGITS.inputs, classes=10, seed=1, **{"width": size, **options})


def trained(optimizer="sgdm", model=None, steps=STEPS, **options):
    """A training with what is the same in most tests."""
    model = network() if model is None else model
    made = OPTIMIZERS[optimizer](decay_groups(model, 0.01))
    return train(model, options.pop("data", DIGITS), made, **{"steps": steps, "batch": BATCH, "seed": SEED, **options})


def same(one, other):
    """Whether two outcomes are equal bit for bit."""
    return (
        np.array_equal(one.losses, other.losses)
        and one.validation == other.validation
        and all(torch.equal(one.state[name], other.state[name]) for name in one.state)
    )


class Dropping(torch.nn.Module):
    """A model that draws from torch's own generator."""

    def __init__(self):
        super().__init__()
        self.inner = network()

    def forward(self, x):
        """With a third of the inputs dropped."""
        return self.inner(torch.nn.functional.dropout(x, 1 / 3, self.training))


@pytest.mark.parametrize("make", [network, Dropping, lambda: network("resnet20")])
def test_the_same_seed_gives_the_same_bits(make):
    """Whatever torch's own generator did before; it is left as it was. Another seed gives others."""
    outcomes = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        outcomes.append(trained(model=make(), steps=4))
        assert torch.equal(before, torch.get_rng_state())
    assert same(*outcomes)
    assert not same(outcomes[0], trained(model=make(), steps=4, seed=SEED + 1))


class Interrupting:
    """Sends an interrupt when so many steps are done."""

    def __init__(self, at):
        self.at, self.seen = at, []

    def __call__(self, done):
        """What ``on_step`` is told."""
        self.seen.append(done)
        if done == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("replacement", [True, False])
def test_an_interrupted_training_continues_bit_for_bit(tmp_path, optimizer, replacement):
    """With dropout, momentum and running averages; the file is gone at the end."""
    path = tmp_path / "run.checkpoint"
    schedule = {"lr": np.linspace(0.1, 0.001, STEPS)}
    rest = {"schedule": schedule, "data": DIGITS if replacement else DIGITS.without_replacement()}
    whole = trained(optimizer, Dropping(), **rest)
    with pytest.raises(KeyboardInterrupt):
        trained(optimizer, Dropping(), **rest, checkpoint=path, on_step=Interrupting(5))
    assert path.exists()
    torch.manual_seed(77)
    seen = Interrupting(None)
    again = trained(optimizer, Dropping(), **rest, checkpoint=path, on_step=seen)
    assert seen.seen == list(range(6, STEPS + 1))
    assert again.continued == 5
    assert same(whole, again)
    assert not path.exists()


def test_a_checkpoint_is_of_one_training(tmp_path):
    """Another seed, batch, schedule, data or optimizer is refused by name, and the file stays."""
    path = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=path, on_step=Interrupting(5))
    for says, change in {
        "seed = 3 there, 4 here": {"seed": 4},
        "batch = 16 there, 8 here": {"batch": 8},
        "replacement = true there, false here": {"data": DIGITS.without_replacement()},
        'data = "digits ': {"data": DIGITS.label_noise(0.5)},
        "schedule = {} there": {"schedule": {"wd": np.ones(STEPS)}},
        'optimizer = "SGD" there, "AdamW" here': {"optimizer": "adamw"},
        "tensors = ": {"model": network(width=8)},
    }.items():
        with pytest.raises(BadSimulation, match=says):
            trained(checkpoint=path, **change)
    with pytest.raises(BadTraining, match="has 5 steps, more than steps = 4"):
        trained(checkpoint=path, steps=4)
    assert trained(checkpoint=path).continued == 5


def test_without_the_optimizers_state_a_training_does_not_continue(tmp_path, monkeypatch):
    """The control of the test above: forgetting momentum alone alters the bits."""
    path = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=path, on_step=Interrupting(5))
    monkeypatch.setattr(torch.optim.SGD, "load_state_dict", lambda optimizer, state: None)
    again = trained(checkpoint=path)
    assert np.array_equal(again.losses[:6], trained().losses[:6])
    assert not same(again, trained())


def test_a_monitor_continues_where_the_checkpoint_is(tmp_path):
    """It is told the step beforehand, left at an interrupt, and refused at another step; one step is not two."""
    path, monitor = tmp_path / "run.checkpoint", Listening()
    assert steps_done(path) == 0
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=path, on_step=Interrupting(5), monitor=monitor)
    assert monitor.left == [KeyboardInterrupt]
    assert steps_done(path) == 5
    with pytest.raises(BadTraining, match=r"the monitor stands at step 4 and .*run.checkpoint at 5"):
        trained(checkpoint=path, monitor=Listening(4))
    monitor = Listening(steps_done(path))
    assert same(trained(checkpoint=path, monitor=monitor), trained())
    assert monitor.left == [None]


def test_a_checkpoint_needs_an_optimizer_with_state(tmp_path):
    """Named before a step is taken."""
    with pytest.raises(BadTraining, match="Recording has no state_dict, which a checkpoint needs"):
        train(network(), DIGITS, Recording([]), steps=1, batch=2, seed=0, checkpoint=tmp_path / "run")


def test_checkpoints_are_written_from_time_to_time(tmp_path):
    """Here after every step, so that a crash loses one at most; a nan is never written over a good one."""
    path = tmp_path / "run.checkpoint"

    def crash(done):
        if done == 7:
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        trained(checkpoint=path, pause=0.0, on_step=crash)
    outcome = trained(checkpoint=path)
    assert outcome.continued == 6
    assert same(outcome, trained())


class Poisoned(torch.nn.Module):
    """One call's outputs are nan, or from one call on one weight's gradient is."""

    def __init__(self, at, where):
        super().__init__()
        self.inner, self.calls, self.at, self.where = network(), 0, at, where

    def forward(self, x):
        """As the inner network, until then."""
        self.calls += 1
        if self.calls > self.at and self.where == "output":
            self.inner.layers[1].register_forward_hook(lambda module, given, output: output * math.nan)
        if self.calls > self.at and self.where == "gradient":
            self.inner.layers[1].weight.register_hook(lambda g: g * math.nan)
        return self.inner(x)


class Listening:
    """A monitor at a step, that notes why it was left."""

    def __init__(self, step=0):
        self.step, self.left = step, []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.left.append(kind)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("output", "the loss is nan at step 4: the output of inner.layers.1 is not finite"),
        ("gradient", "the loss is nan at step 5: the weight inner.layers.1.weight is not finite"),
    ],
)
def test_a_loss_that_is_nan_ends_the_training(tmp_path, where, says):
    """Step and first tensor are named, losses and the last good checkpoint are kept, the monitor is closed."""
    path, monitor = tmp_path / "run.checkpoint", Listening()
    with pytest.raises(NotFinite, match=says) as raised:
        trained(model=Poisoned(4, where), monitor=monitor, checkpoint=path)
    assert np.array_equal(raised.value.losses, trained().losses[: len(raised.value.losses)])
    assert monitor.left == [NotFinite]
    with pytest.raises(NotFinite):
        trained(model=Poisoned(4, where), checkpoint=path, pause=0.0)
    outcome = trained(model=Poisoned(99, where), checkpoint=path)
    assert outcome.continued == 4
    assert np.array_equal(outcome.losses, trained().losses)


def test_weights_that_are_nan_after_the_last_step_are_no_outcome():
    """Also where no loss saw them."""
    with pytest.raises(NotFinite, match=r"step went wrong at step 4: the weight inner.layers.1.weight is not finite"):
        trained(model=Poisoned(4, "gradient"), steps=5)


def test_infinite_inputs_are_named():
    """Before any layer is."""
    pixels = DIGITS.training.pixels.clone()
    pixels[:] = math.inf
    images = type(DIGITS.training)(pixels, DIGITS.training.targets, DIGITS.training.mean, DIGITS.training.deviation)
    bad = type(DIGITS)("bad", DIGITS.inputs, 10, images, images, "0")
    with pytest.raises(NotFinite, match="at step 0: the inputs are not finite"):
        trained(data=bad)


class Recording:
    """An object with an optimizer's three names alone, that notes what it is told."""

    def __init__(self, groups):
        self.param_groups, self.told = groups, []

    def zero_grad(self):
        """As an optimizer's."""

    def step(self):
        """Note the groups."""
        self.told.append([(group["lr"], group.get("weight_decay")) for group in self.param_groups])


def test_a_schedule_keeps_the_groups_ratios():
    """lr is the first group's, the second has half; a group without decay stays without, one without option too."""
    model = network()
    groups = [
        {"params": [], "lr": 0.2, "weight_decay": 0.0},
        {"params": [], "lr": 0.1, "weight_decay": 0.5},
        {"params": [], "lr": 0.0, "weight_decay": 1.0},
        {"params": [], "lr": 0.2},
    ]
    optimizer = Recording(groups)
    schedule = {"lr": [1.0, 0.0, 4.0], "wd": [0.25, 0.5, 1.0]}
    for _ in range(2):  # the second training begins from groups that the first has left at its end
        train(model, DIGITS, optimizer, steps=3, batch=4, seed=0, schedule=schedule, validate=0)
    expected = [[(lr, 0.0), (lr / 2, wd), (0.0, 2 * wd), (lr, None)] for lr, wd in zip(*schedule.values(), strict=True)]
    assert optimizer.told == 2 * expected


def test_a_schedule_does_what_torchs_schedulers_do():
    """The same bits as LambdaLR on the same training."""
    scheduled = trained(schedule={"lr": 0.1 * 0.9 ** np.arange(STEPS)})
    model = network()
    optimizer = OPTIMIZERS["sgdm"](decay_groups(model, 0.01))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step)
    assert same(
        scheduled,
        train(model, DIGITS, optimizer, steps=STEPS, batch=BATCH, seed=SEED, on_step=lambda _: scheduler.step()),
    )


def test_a_batch_is_computed_in_as_many_parts_as_asked():
    """Five examples in four parts, which cannot be equal."""
    sizes = []

    def loss(outputs, targets):
        sizes.append(len(targets))
        return cross_entropy(outputs, targets)

    trained(model=network(normalisation="layer"), microbatches=4, batch=5, steps=1, loss=loss)
    assert sizes == [2, 1, 1, 1]


def test_parts_of_a_batch_add_up_to_it():
    """In float64 and without batch statistics, for parts of unequal size."""
    outcomes = [
        trained(model=network(normalisation="layer").double(), microbatches=parts, batch=10) for parts in (1, 4)
    ]
    assert np.allclose(outcomes[0].losses, outcomes[1].losses, rtol=1e-9)
    for name, value in outcomes[0].state.items():
        assert torch.allclose(value, outcomes[1].state[name], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"steps": 0}, r"steps = 0 is not a whole number in \[1, inf\)"),
        ({"batch": 2.5}, "batch = 2.5 is not a whole number"),
        ({"microbatches": 17}, r"microbatches = 17 is not a whole number in \[1, 16\]"),
        ({"seed": -1}, "seed = -1 is outside its range"),
        ({"device": "tpu"}, "device = tpu is unknown; known are cpu, cuda"),
        ({"schedule": {"lr": [0.1]}}, "schedule of lr has shape"),
        ({"schedule": {"beta": [0.1]}}, "schedule of beta is unknown"),
        ({"checkpoint": "/nowhere/run"}, "/nowhere/run cannot be written"),
    ],
)
def test_what_has_no_meaning_is_named(change, says):
    """In one line, before a step is taken."""
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(BadSimulation, match=says):
        trained(model=model, **change)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_schedule_that_no_group_takes_is_named():
    """Weight decay for an optimizer that has none."""
    with pytest.raises(BadTraining, match="the schedule has weight_decay, which no param group of the optimizer has"):
        train(network(), DIGITS, Recording([{"lr": 0.1}]), steps=1, batch=2, seed=0, schedule={"wd": [0.1]})


@pytest.mark.parametrize("options", [{}, {"frozen_head": True, "normalisation": "standardised layer"}])
def test_the_digits_are_learned(options):
    """Above nine in ten of those held out, in a second; with wrong labels alone fewer are right than by chance."""
    rest = {"steps": 200, "batch": 64, "schedule": {"lr": np.linspace(0.1, 0, 200)}}
    assert trained(model=network(width=64, **options), **rest).validation.accuracy > 0.9
    assert trained(model=network(width=64, **options), data=DIGITS.label_noise(1.0), **rest).validation.accuracy < 0.1


def test_a_gpt_learns_more_than_how_often_bytes_come():
    """The loss on sources not trained on falls below the entropy of single bytes, which it cannot by counting them."""
    text = data.python_bytes(context=32)
    model = networks.build("gpt", inputs=text.inputs, classes=256, seed=1, width=32, heads=2)
    optimizer = torch.optim.AdamW(decay_groups(model, 0.01), lr=1e-2)
    outcome = train(model, text, optimizer, steps=80, batch=16, seed=1, validate=256)
    shares = torch.bincount(text.validation.text.long(), minlength=256).double() / len(text.validation.text)
    entropy = float(-torch.special.xlogy(shares, shares).sum())
    assert 2.5 < entropy < 4
    assert outcome.losses[0] > entropy
    assert outcome.validation.loss < entropy - 0.3


def test_an_evaluation_is_the_mean_over_examples():
    """Against one batch of all, in evaluation mode, which is put back."""
    model = network()
    found = evaluate(model, DIGITS, size=50, most=None)
    assert model.training
    inputs, targets = next(DIGITS.held_out(1000))
    with torch.no_grad():
        outputs = model.eval()(inputs)
    assert found.targets == len(targets) == 359
    assert found.loss == pytest.approx(float(cross_entropy(outputs, targets)), rel=1e-5)
    assert found.accuracy == float((outputs.argmax(1) == targets).double().mean())
