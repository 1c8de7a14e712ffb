"""What a monitor records against the same quantities taken from all weights and gradients of the run."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR

from numerics import geometry
from numerics.monitor import BadMonitor, Monitor, MonitorWarning, read
from numerics.monitor.chunks import chunks
from numerics.monitor.pattern import Pattern
from numerics.optimizers import LionAR, RepresentationCompensated, Rotational
from tests.compare import close
from tests.numerics.monitor.runs import batch_loss, network, recorded, train

pytestmark = pytest.mark.chance(0)


def two_groups(model):
    """Weights with decay, the rest without and at another learning rate, on the foreach path."""
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": weights, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0, "lr": 3e-3}]
    return AdamW(groups, lr=1e-2, foreach=True)


class Unknown(Optimizer):
    """Sign descent with decoupled decay, of which the monitor knows nothing."""

    def __init__(self, params, lr=1e-2, weight_decay=0.1):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def step(self, closure=None):
        """One step."""
        for group in self.param_groups:
            for p in group["params"]:
                p.data.mul_(1 - group["lr"] * group["weight_decay"]).sub_(p.grad.sign(), alpha=group["lr"])


class Declared(Unknown):
    """The same, saying what its decay is."""

    decay_convention = "decoupled"


STEPS = 25
MAKERS = {
    "sgd": lambda m: SGD(m.parameters(), lr=0.1, weight_decay=0.01),
    "nesterov": lambda m: SGD(m.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam_l2": lambda m: Adam(m.parameters(), lr=1e-2, weight_decay=0.1),
    "adam_decoupled": lambda m: Adam(m.parameters(), lr=1e-2, weight_decay=0.1, decoupled_weight_decay=True),
    "adamw_groups": two_groups,
    "rmsprop": lambda m: RMSprop(m.parameters(), lr=1e-3, weight_decay=0.1),
    "declared": lambda m: Declared(m.parameters()),
}
DECAY = {
    "sgd": ("coupled", 1.0), "nesterov": ("coupled", 10.0), "adam_l2": ("coupled", 0.0), "rmsprop": ("coupled", 0.0),
    "adam_decoupled": ("decoupled", 1.0), "adamw_groups": ("decoupled", 1.0), "declared": ("decoupled", 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "closure"), [*((name, False) for name in MAKERS), ("nesterov", True)])
def test_every_series(tmp_path, name, closure):
    record, seen = recorded(
        tmp_path / "run.smd", MAKERS[name], STEPS, closure=closure, schedule=lambda o: CosineAnnealingLR(o, 100)
    )
    assert record.finished
    assert record.steps == STEPS
    for tensor, (before, gradient, after) in ((n, x.swapaxes(0, 1)) for n, x in seen.items()):
        found = record.tensors[tensor]
        w, g, new = (torch.from_numpy(x) for x in (before, gradient, after))
        assert found.steps.tolist() == list(range(STEPS))
        assert found.norm == close(w.norm(dim=1).numpy(), 1e-12)
        # What a purely radial step seems to turn: the root of the rounding, times the step's relative length.
        floor = 1e-7 * found.update_ratio.max()
        assert found.angle == pytest.approx(geometry.angle(w, new).numpy(), rel=1e-9, abs=floor)
        assert found.chord == pytest.approx(geometry.chord(w, new).numpy(), rel=1e-9, abs=floor)
        assert found.update_ratio == close(((new - w).norm(dim=1) / w.norm(dim=1)).numpy(), 1e-9)
        assert found.gradient_norm == close(g.norm(dim=1).numpy(), 1e-12)
        cosine = ((g * w).sum(1) / (g.norm(dim=1) * w.norm(dim=1))).numpy()
        assert found.radial_gradient == pytest.approx(cosine, abs=1e-12)
        assert (found.decay, found.decay_gain) == (DECAY[name][0], close(DECAY[name][1], 1e-12))
        lr, wd = record.lr[:, found.group, None], record.wd[:, found.group, None]
        update = ((1 - found.decay_gain * lr * wd) * before - after) / lr
        assert found.updates.followed.values == pytest.approx(update, rel=1e-5, abs=1e-5 * np.abs(update).max())
        assert found.update_norm == close(np.linalg.norm(update, axis=1), 1e-9)
        assert found.radial_update == pytest.approx((update * before).sum(1) / (before**2).sum(1), rel=1e-6, abs=1e-9)
        assert found.gradients.followed.values == pytest.approx(gradient, rel=1e-6)
        assert found.zeros == close((gradient == 0).mean(axis=1), 1e-12)
        assert found.fourth == close((gradient**4).mean(axis=1), 1e-12)
        _same_correlations(found.updates, update)
        _same_correlations(found.gradients, gradient)
        _same_by_coordinate(found.gradients, gradient)
        if found.neurons is not None:
            rows = w.view(STEPS, found.shape[0], -1)
            assert found.neurons.norm == close(rows.norm(dim=2).numpy(), 1e-6)
            turned = geometry.angle(rows, new.view_as(rows)).numpy()
            assert found.neurons.angle == pytest.approx(turned, rel=1e-6, abs=1e-7)


def _same_correlations(found, x):
    """All pairs at all lags below a block."""
    assert found.lags.tolist() == list(range(1, STEPS))
    assert found.pairs.tolist() == list(range(STEPS - 1, 0, -1))
    for place, lag in enumerate(found.lags.tolist()):
        y, z = x[:-lag], x[lag:]
        assert found.values[place] == pytest.approx(2 * np.sum(y * z) / np.sum(y * y + z * z), abs=1e-5)


def _same_by_coordinate(found, x):
    for place, lag in ((0, 1), (4, 5)):
        y, z = x[:-lag], x[lag:]
        energy = np.sum(y * y + z * z, axis=0)
        each = 2 * np.sum(y * z, axis=0)[energy > 0] / energy[energy > 0]
        assert found.by_coordinate[place] == pytest.approx(each.mean(), abs=1e-5)
        assert found.spread[place] == pytest.approx(each.std(), abs=1e-5)


@pytest.mark.parametrize("every", [1, 2, 3, 10, 37])
def test_pattern(every):
    """One step in ``every``, the short lags, and lags up to thousands of steps; pairs as counted by hand."""
    pattern = Pattern(every)
    steps = np.array([t for t in range(40 * pattern.block) if pattern.samples(t)])
    assert len(steps) / (40 * pattern.block) == pytest.approx(1 / every, rel=0.02)
    assert {1, 2, 3, 5} <= set(pattern.lags.tolist())
    assert pattern.lags[-1] >= 3000
    assert every > 1 or set(range(1, 100)) <= set(pattern.lags.tolist())
    new, old = steps[-15:], steps[:-15][pattern.kept(steps[:-15], int(steps[-15]))]
    everything = np.concatenate([old, new])
    later, earlier, lag = pattern.pairs(new, everything)
    assert (new[later] - everything[earlier] == pattern.lags[lag]).all()
    wanted = sum(
        t - s in pattern.lags and (t - s < pattern.block or s % pattern.block == 0) for t in new for s in steps if s < t
    )
    assert len(lag) == wanted


def test_sparse_samples_are_those_of_all(tmp_path):
    """At one step in ten the series are those of every step at these steps, and all pairs sampled are used."""
    full, _ = recorded(tmp_path / "full.smd", MAKERS["sgd"], steps=230)
    part, seen = recorded(tmp_path / "part.smd", MAKERS["sgd"], steps=230, every=10)
    found = part.tensors["0.weight"]
    assert found.norm == close(full.tensors["0.weight"].norm[found.steps], 1e-15)
    assert found.angle == close(full.tensors["0.weight"].angle[found.steps], 1e-15)
    gradient = seen["0.weight"][:, 1]
    pattern = Pattern(10)
    for lag, value, pairs in zip(found.gradients.lags, found.gradients.values, found.gradients.pairs, strict=True):
        first = [
            t for t in found.steps
            if t + lag in found.steps and (lag < 100 or t % pattern.block == 0)
        ]  # fmt: skip
        x, y = gradient[first], gradient[np.array(first) + lag]
        assert pairs == len(first)
        assert value == pytest.approx(2 * np.sum(x * y) / np.sum(x * x + y * y), abs=1e-5)


def test_the_run_is_not_changed(tmp_path):
    """Bit for bit the same weights, running statistics and random numbers with everything switched on."""
    found = []
    for watched in (False, True):
        model = nn.Sequential(network(dtype=torch.float32), nn.Dropout(0.3))
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
        torch.manual_seed(5)
        if watched:
            monitor = Monitor(
                model, optimizer, tmp_path / "run.smd", loss=lambda m=model: batch_loss(m, -1), probe=torch.ones(4, 6),
                microbatches=lambda m=model: (batch_loss(m, -2 - i) for i in range(3)), rare=100,
            )  # fmt: skip
        train(model, optimizer, 220)
        if watched:
            monitor.close()
        found.append([*model.state_dict().values(), torch.get_rng_state()])
    assert all(torch.equal(x, y) for x, y in zip(*found, strict=True))


def test_unknown_optimizer_is_named_and_recorded(tmp_path):
    model = network()
    with pytest.warns(MonitorWarning, match="Unknown is not known") as told:
        record, _ = recorded(tmp_path / "run.smd", lambda m: Unknown(m.parameters()))
    assert len([w for w in told if "not known" in str(w.message)]) == 1
    found = record.tensors["0.weight"]
    assert (found.decay, found.decay_gain) == ("unknown", 0.0)
    assert np.isfinite(found.angle).all()
    assert "Unknown" in record.events[0]["what"]
    record, _ = recorded(tmp_path / "told.smd", lambda m: Unknown(m.parameters()), decay="decoupled")
    assert record.tensors["0.weight"].decay_gain == 1
    assert np.abs(record.tensors["0.weight"].updates.followed.values) == pytest.approx(1, abs=1e-4)
    with pytest.raises(BadMonitor, match="decay = sideways"):
        Monitor(model, Unknown(model.parameters()), tmp_path / "bad.smd", decay="sideways")


def test_decay_is_told_tensor_by_tensor(tmp_path):
    """Where a wrapper or LionAR holds norms nothing decays and u is the whole step; elsewhere it is their base's."""
    makers = {
        "rotational": lambda m: Rotational(SGD(m.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)),
        "lion_ar": lambda m: LionAR(m.parameters(), lr=1e-2, weight_decay=0.1),
    }
    base = {"rotational": ("coupled", 10.0), "lion_ar": ("decoupled", 1.0)}
    for name, make in makers.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error", MonitorWarning)
            record, seen = recorded(tmp_path / name, make, steps=4)
        turned, vector = record.tensors["0.weight"], record.tensors["1.bias"]
        assert (turned.decay, turned.decay_gain) == ("none", 0.0)
        assert (vector.decay, vector.decay_gain) == (base[name][0], close(base[name][1], 1e-12))
        before, _, after = seen["0.weight"].swapaxes(0, 1)
        lr = {"rotational": 0.1, "lion_ar": 1e-2}[name]
        assert turned.update_norm == close(np.linalg.norm(after - before, axis=1) / lr, 1e-6)
    model = network()
    compensated = RepresentationCompensated(AdamW(model.parameters(), weight_decay=0.1))
    with Monitor(model, compensated, tmp_path / "compensated"):
        pass
    header = next(chunks(tmp_path / "compensated")).meta["tensors"][0]
    assert (header["decay"], header["decay_gain"]) == ("decoupled", 0.0)


def test_wrong_decay_convention_shows_in_the_updates(tmp_path):
    """White gradients: the updates are white with the right convention, and persist with decay left in them."""
    found = {}
    for told in ("decoupled", "coupled"):
        weight = nn.Module()
        weight.w = nn.Parameter(torch.ones(40, 50))
        optimizer = Unknown(weight.parameters(), lr=0.01, weight_decay=1.0)
        noise = torch.Generator().manual_seed(3)
        with Monitor(weight, optimizer, tmp_path / f"{told}.smd", decay=told):
            for _ in range(600):
                weight.w.grad = torch.randn(40, 50, generator=noise)
                optimizer.step()
        found[told] = read(tmp_path / f"{told}.smd").tensors["w"].updates
    # A mean over n independent entries and p pairs is off by 1/sqrt(n p); 8 of these are beyond 1e-14.
    white = 8 / np.sqrt(2000 * found["decoupled"].pairs)
    assert (np.abs(found["decoupled"].values) < white).all()
    assert (found["coupled"].values > white).sum() > 0.8 * len(white)


def test_mixed_precision_skips_and_scales(tmp_path):
    """A step that the scaler skips does not count, and gradients are recorded without its factor."""
    model = network(dtype=torch.float32)
    optimizer = SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    norms = []
    with Monitor(model, optimizer, tmp_path / "run.smd", every=1):
        for step in range(6):
            optimizer.zero_grad()
            scaler.scale(batch_loss(model, step)).backward()
            if step == 3:
                model[0].weight.grad[0, 0] = float("inf")
            else:
                norms.append(float(model[0].weight.grad.norm()) / scaler.get_scale())
            scaler.step(optimizer)
            scaler.update()
    record = read(tmp_path / "run.smd")
    assert record.steps == 5
    assert record.tensors["0.weight"].gradient_norm == close(norms, 1e-5)


def test_fused_optimizers_own_scale(tmp_path):
    """What a scaler hands to an optimizer that unscales by itself: grad_scale divides, found_inf skips."""
    model = network(dtype=torch.float32)
    optimizer = Unknown(model.parameters(), lr=0.0)
    with Monitor(model, optimizer, tmp_path / "run.smd", every=1, decay="decoupled"):
        for infinite in (0.0, 1.0, 0.0):
            batch_loss(model, 0).backward()
            plain = float(model[0].weight.grad.norm())
            optimizer.grad_scale, optimizer.found_inf = torch.tensor(4.0), torch.tensor(infinite)
            optimizer.step()
            optimizer.zero_grad()
    record = read(tmp_path / "run.smd")
    assert record.steps == 2
    assert record.tensors["0.weight"].gradient_norm == close([plain / 4] * 2, 1e-6)
    assert np.isnan(record.tensors["0.weight"].update_norm).all()


def test_half_precision_and_strided_weights(tmp_path):
    """bfloat16 weights, channels last, an embedding with sparse gradients, a scalar."""
    model = nn.Module()
    model.kernel = nn.Parameter(torch.randn(8, 3, 2, 2).to(torch.bfloat16, memory_format=torch.channels_last))
    model.table = nn.Embedding(5, 4, sparse=True)
    model.scalar = nn.Parameter(torch.tensor(2.0))
    optimizer = SGD(model.parameters(), lr=0.5)
    with Monitor(model, optimizer, tmp_path / "run.smd", every=1):
        loss = model.kernel.float().square().sum() + model.table(torch.tensor([1])).sum() + model.scalar**2
        loss.backward()
        before = model.kernel.detach().float().clone()
        optimizer.step()
    record = read(tmp_path / "run.smd")
    step = float((model.kernel.detach().float() - before).norm())
    assert record.tensors["kernel"].update_ratio[0] == close(step / float(before.norm()), 1e-6)
    assert record.tensors["table.weight"].zeros[0] == close(16 / 20, 1e-12)
    assert record.tensors["scalar"].norm[0] == 2


def test_what_is_wrong_with_the_tensors_is_named(tmp_path):
    """Zero norm and a gradient that is not a number: named once, recorded, nothing stops."""
    model = network(dtype=torch.float32)
    nn.init.zeros_(model[3].weight)
    optimizer = SGD(model.parameters(), lr=1e-3)
    with warnings.catch_warnings(record=True) as told, Monitor(model, optimizer, tmp_path / "run.smd", every=1):
        warnings.simplefilter("always")
        for step in range(4):
            optimizer.zero_grad()
            batch_loss(model, step).backward()
            if step == 2:
                model[6].bias.grad[0] = float("nan")
            optimizer.step()
    named = [str(w.message) for w in told]
    assert "step 0: 3.weight: norm 0: it has no angle" in named
    assert sum("6.bias: gradient that is not finite" in one for one in named) == 1
    assert sum("6.bias: weights that are not finite" in one for one in named) == 1
    record = read(tmp_path / "run.smd")
    assert np.isnan(record.tensors["3.weight"].angle[0])
    assert np.isnan(record.tensors["6.bias"].gradient_norm).tolist() == [False, False, True, True]
    assert {"step": 2, "tensor": "6.bias", "what": "gradient that is not finite"} in record.events
    assert np.isfinite(record.tensors["6.weight"].updates.values).all()


def test_a_loss_that_is_not_finite_warns_once_of_gradients_and_once_of_weights(tmp_path):
    """Not tensor by tensor, each of which is recorded."""
    model = network()
    optimizer = SGD(model.parameters(), lr=1e-3)
    with warnings.catch_warnings(record=True) as told, Monitor(model, optimizer, tmp_path / "run.smd", every=1):
        warnings.simplefilter("always")
        for _ in range(3):
            optimizer.zero_grad()
            (batch_loss(model, 0) * float("nan")).backward()
            optimizer.step()
    others = len(list(model.parameters())) - 1
    wrong = ("gradient that is not finite", "weights that are not finite")
    assert [str(w.message).partition(": ")[2] for w in told] == [f"0.weight and {others} more: {one}" for one in wrong]
    recorded = [event["what"] for event in read(tmp_path / "run.smd").events]
    assert [recorded.count(one) for one in wrong] == [others + 1] * 2


def test_sums_of_rows_are_not_held_until_the_window_ends(tmp_path):
    """Nor by a view of none of them: for many neurons they are larger than the model."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    with Monitor(model, optimizer, tmp_path / "run.smd", every=1) as monitor:
        train(model, optimizer, 3)
        held = [sample.rows for sample in monitor._window._samples]
    assert len(held) == 3
    assert all(rows.size == 0 and rows.base is None for rows in held)


def test_bad_arguments(tmp_path):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    for folder, other, what in (
        (tmp_path, optimizer, "is no file that can be written"),
        (tmp_path / "run.smd", SGD(network().parameters(), lr=0.1), "none of the model's parameters"),
    ):
        with pytest.raises(BadMonitor, match=what):
            Monitor(model, other, folder)
    with pytest.raises(BadMonitor, match="int is no torch"):
        Monitor(1, optimizer, tmp_path / "run.smd")
    for wrong, what in (
        ({"every": 0}, "every = 0"),
        ({"groups": {"0.weight": 3}}, "3 does not divide"),
        ({"groups": {"none": 1}}, "no parameter none"),
    ):
        with pytest.raises(BadMonitor, match=what):
            Monitor(model, optimizer, tmp_path / "run.smd", **wrong)
        assert not (tmp_path / "run.smd").exists()
    with pytest.raises(BadMonitor, match="int is no torch"):
        Monitor(model, 3, tmp_path / "run.smd")
    with pytest.raises(BadMonitor, match="cannot be written"):
        Monitor(model, optimizer, tmp_path / "missing" / "run.smd")
    assert not optimizer._optimizer_step_pre_hooks


class Accelerated(Optimizer):
    """A trainer's wrapper: an optimizer by its class, but never initialised as one."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    @property
    def param_groups(self):
        """Those of the optimizer inside."""
        return self.optimizer.param_groups

    def step(self, closure=None):
        """A step of the optimizer inside."""
        return self.optimizer.step(closure)


def test_a_trainers_wrapper(tmp_path):
    """Hooks go to the optimizer that steps, and its class is the one recorded."""
    model = network()
    wrapped = Accelerated(AdamW(model.parameters(), lr=1e-3))
    with warnings.catch_warnings(), Monitor(model, wrapped, tmp_path / "run.smd", every=1):
        for step in range(3):
            batch_loss(model, step).backward()
            wrapped.step()
    record = read(tmp_path / "run.smd")
    assert record.steps == 3
    assert record.header["optimizer"] == "AdamW"


def test_dead_neurons(tmp_path):
    """A neuron without gradient decays and does not turn; it alone is called dead."""
    model = network(normalised=False)
    with torch.no_grad():
        model[0].bias[2] = -100.0
    optimizer = SGD(model.parameters(), lr=0.1, weight_decay=0.01)
    with Monitor(model, optimizer, tmp_path / "run.smd", every=1, neurons=1):
        train(model, optimizer, 30)
    found = read(tmp_path / "run.smd").tensors["0.weight"]
    assert np.flatnonzero(found.gradient_moments.dead).tolist() == [2]
    assert found.neurons.angle[:, 2].max() < 1e-7
    assert (np.delete(found.neurons.angle, 2, axis=1).max(axis=0) > 1e-5).all()
    assert found.gradient_moments.zeros >= 1 / 8
