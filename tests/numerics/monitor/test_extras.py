"""Labels, scale checks, probes, microbatches, the projection, and what the monitor costs."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD

from numerics.monitor import BadMonitor, Monitor, read
from numerics.monitor.extras import Extras
from numerics.monitor.look import Look
from numerics.monitor.overhead import overhead
from numerics.monitor.record import GradientNoise
from numerics.monitor.sketch import DIMENSION, Sketch
from numerics.monitor.tensors import Bucket, Tracked, tracked
from numerics.statistics import Estimate
from tests.compare import agrees, close
from tests.numerics.monitor.runs import batch_loss, network, train


def labelled(path, dtype, checked, normalised=True):
    """The record of a run with an insensitive bias, and a tensor that the optimizer does not move."""
    model = network(dtype=dtype, normalised=normalised)
    model[3] = nn.Linear(8, 5, dtype=dtype)
    model[6].bias.requires_grad_(False)
    optimizer = SGD(model.parameters(), lr=0.05)
    loss = (lambda: batch_loss(model, -1, 64)) if checked else None
    with Monitor(model, optimizer, path, loss=loss, neurons=1):
        train(model, optimizer, 130)
    return read(path)


@pytest.mark.chance(0)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("checked", [False, True])
def test_labels(tmp_path, dtype, checked):
    """Before a batch normalisation weights are invariant by neuron and a bias does nothing; the twin is sensitive."""
    record = labelled(tmp_path / "run.smd", dtype, checked)
    labels = {name: (one.label, one.grouping) for name, one in record.tensors.items()}
    assert labels["0.weight"] == labels["3.weight"] == ("scale-invariant", "neuron")
    assert labels["3.bias"] == ("insensitive", "")
    assert labels["6.bias"] == ("frozen", "")
    assert labels["1.weight"] == labels["6.weight"] == ("sensitive", "")
    by = "loss" if checked else "radial gradient"
    assert record.tensors["0.weight"].labelled_by == by
    assert abs(record.tensors["0.weight"].effective_decay) < 1e-6 < abs(record.tensors["6.weight"].effective_decay)
    twin = labelled(tmp_path / "twin.smd", dtype, checked, normalised=False)
    assert {twin.tensors[name].label for name in ("0.weight", "3.weight", "3.bias")} == {"sensitive"}
    if checked:
        assert record.tensors["0.weight"].scale.steps.tolist() == [0, 100]
        assert record.tensors["0.weight"].scale.scaled.max() < 1e-4 < twin.tensors["0.weight"].scale.scaled.max()


@pytest.mark.chance(0)
def test_invariance_of_a_tensor_as_a_whole(tmp_path):
    """Divided by the norm of all of it, a weight is invariant as a tensor and not by neuron."""

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 6, generator=torch.Generator().manual_seed(0)))

        def forward(self, x):
            return x @ (self.weight / self.weight.norm()).T

    for checked in (False, True):
        model = Whole()
        optimizer = SGD(model.parameters(), lr=0.05)
        loss = (lambda model=model: batch_loss(model, -1)) if checked else None
        with Monitor(model, optimizer, tmp_path / f"{checked}.smd", loss=loss, neurons=1):
            train(model, optimizer, 100)
        found = read(tmp_path / f"{checked}.smd").tensors["weight"]
        assert (found.label, found.grouping) == ("scale-invariant", "tensor")


@pytest.mark.chance(0)
def test_probe(tmp_path):
    """Against the definitions, on the inputs of each layer, biases left out."""
    model = network(normalised=False)
    optimizer = SGD(model.parameters(), lr=0.1)
    probe = torch.randn(9, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        x = model[:3](probe)
    old = model[3].weight.detach().clone()
    with Monitor(model, optimizer, tmp_path / "run.smd", probe=probe):
        train(model, optimizer, 1)
        step = model[3].weight.detach() - old
    found = read(tmp_path / "run.smd").tensors["3.weight"].representation
    y, change, size = (x @ old.T).norm(), (x @ step.T).norm(), x.norm()
    assert found.change[0] == close(float(change / y), 1e-9)
    assert found.alignment[0] == close(float(y / (old.norm() * size)), 1e-9)
    assert found.update_alignment[0] == close(float(change / (step.norm() * size)), 1e-9)
    assert found.change[0] == close(
        found.update_alignment[0] / found.alignment[0] * float(step.norm() / old.norm()), 1e-9
    )


@pytest.mark.chance(0)
def test_gradient_noise_is_unbiased():
    """Over all ordered pairs of three equally likely examples the estimates average to |G|^2 and tr Sigma exactly."""
    model = nn.Module()
    model.w = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    examples = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]], dtype=torch.float64)
    found, chosen = [], []
    tensors, _ = tracked(model, SGD(model.parameters(), lr=0.1), {})
    extras = Extras(model, tensors, None, None, lambda: ((model.w @ examples[i], 1) for i in chosen), 0, None)
    for i in range(3):
        for j in range(3):
            chosen[:] = [i, j]
            found.append(extras._noise(extras.microbatches)[0])
    mean = examples.mean(0)
    assert np.mean(found, axis=0) == close([float(mean @ mean), float((examples - mean).square().sum() / 3)], 1e-12)
    chosen[:] = [0]
    with pytest.raises(BadMonitor, match="at least two"):
        extras._noise(extras.microbatches)


@pytest.mark.chance(0)
def test_critical_batch(tmp_path):
    """The sum over tensors, in examples: microbatches of b examples give b times the noise of their own mean."""
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    batches = lambda: ((batch_loss(model, -i, 8), 8) for i in range(1, 6))  # noqa: E731
    gradients = []
    for loss, _ in batches():
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))]))
    g = torch.stack(gradients)
    with Monitor(model, optimizer, tmp_path / "run.smd", microbatches=batches):
        train(model, optimizer, 1)
    found = read(tmp_path / "run.smd").gradient_noise
    noise = float(8 * g.var(0, unbiased=True).sum())
    assert found.noise[0] == close(noise, 1e-9)
    assert found.signal[0] == pytest.approx(float(g.mean(0).square().sum()) - noise / 40, rel=1e-9)
    steps = np.arange(2)
    assert GradientNoise(steps, np.array([1.0, 3.0]), np.array([10.0, 30.0])).critical_batch == 10
    assert GradientNoise(steps, np.array([-1.0, 0.5]), np.array([1.0, 1.0])).critical_batch == np.inf


@pytest.mark.chance(2)
def test_projection():
    """Unbiased over its signs, with the variance that it states."""
    x, y = torch.randn(2, 5000, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y = y + 0.5 * x
    found = []
    for stream in range(400):
        sketch = Sketch(5000, 0, stream)
        found.append(float(sketch(x) @ sketch(y)))
    found, exact = np.array(found), float(x @ y)
    assert agrees(exact, Estimate(found.mean(), found.std(ddof=1) / 20, 400))
    a, b = (torch.cat([v, v.new_zeros(-5000 % DIMENSION)]).view(-1, DIMENSION) for v in (x, y))
    variance = float((a.square().sum(0) * b.square().sum(0) + (a * b).sum(0) ** 2 - 2 * (a * b).square().sum(0)).sum())
    squares = (found - exact) ** 2
    assert agrees(variance, Estimate(squares.mean(), squares.std(ddof=1) / 20, 400))
    assert variance == pytest.approx(float(x @ x * (y @ y) + (x @ y) ** 2) / DIMENSION, rel=0.3)


@pytest.mark.chance(0)
def test_projected_correlations(tmp_path):
    """A tensor that is projected shows the correlations of the same one kept exactly, within its own errors."""
    found = {}
    for exact in (0, 10_000):
        weight = nn.Module()
        weight.w = nn.Parameter(torch.ones(60, 100))
        optimizer = SGD(weight.parameters(), lr=0.01, momentum=0.9)
        noise = torch.Generator().manual_seed(3)
        with Monitor(weight, optimizer, tmp_path / f"{exact}.smd", every=1, exact=exact):
            for _ in range(600):
                weight.w.grad = torch.randn(60, 100, generator=noise)
                optimizer.step()
        found[exact] = read(tmp_path / f"{exact}.smd").tensors["w"].updates
    projected, kept = found[0], found[10_000]
    assert (projected.exact, kept.exact) == (False, True)
    inside = slice(0, 60)
    assert np.abs(projected.values - kept.values)[inside].max() < 0.02
    assert (np.abs(projected.values - kept.values) < 6 * projected.standard_error)[inside].mean() > 0.95
    # The first steps fill the momentum; after them the correlation is 0.9^lag.
    assert kept.between(200, 600).values[:10] == pytest.approx(0.9 ** np.arange(1, 11), abs=0.01)
    assert kept.between(200, 600).values[:10] != pytest.approx(0.88 ** np.arange(1, 11), abs=0.01)


@pytest.mark.chance(0)
@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float32, 3e-6), (torch.float64, 1e-13)])
def test_compiled_look_is_torchs(dtype, rounding):
    """Of rows of many lengths, of tensors that are sketched and not, with zeros and a NaN."""
    pytest.importorskip("numba")
    shapes, exact = [(3, 400), (1,), (7, 11), (1, 3 * DIMENSION + 5)], [False, True, True, False]
    tensors = [
        Tracked(str(i), nn.Parameter(torch.empty(shape, dtype=dtype)), 0, shape[0], "neuron")
        for i, shape in enumerate(shapes)
    ]
    followed = [np.array([0, 399]), np.array([0]), np.array([8]), np.array([1, DIMENSION])]
    look = Look(Bucket([4, 5, 6, 7], tensors), exact, followed, seed=1)
    w, new, g = torch.randn(3, sum(map(math.prod, shapes)), generator=torch.Generator().manual_seed(4)).to(dtype)
    g[3:7] = 0
    g[500] = float("nan")

    def seen(by, decay=(0.1, 0.0, 0.2, 0.0)):
        return [np.asarray(part) for part in by(w, new.clone(), g, decay)]

    def close(to):
        # What is correlated is held in single precision.
        pairs = zip(to, (rounding, 3e-6, 3e-6), strict=True)
        return [pytest.approx(part, rel=r, abs=1e3 * r, nan_ok=True) for part, r in pairs]

    assert seen(look.by_numba) == close(seen(look.by_torch))
    assert seen(look.by_numba, (0.1, 0.0, 0.2, 0.1)) != close(seen(look.by_torch))


@pytest.mark.chance(0)
def test_overhead_is_measured():
    """The cost of a monitor that looks at each step is seen, and bytes are counted."""

    def make():
        model = network()
        optimizer = SGD(model.parameters(), lr=0.1)
        return model, optimizer, lambda: (batch_loss(model, 0).backward(), optimizer.step())

    found = overhead(make, every=1, windows=1)
    assert found.ratio.median > 1.1
    assert found.bytes_per_step > 100
    assert found.step > 0
