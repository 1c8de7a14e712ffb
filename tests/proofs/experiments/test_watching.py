"""What is watched at every step is what the optimizer does."""

import numpy as np
import pytest
import torch

from numerics.seeding import generator
from proofs.experiments.cells import watching
from proofs.experiments.cells.watching import TOGETHER, Watch, change_between, rms

pytestmark = pytest.mark.chance(0)
SHAPES = (("matrix", (7, 33)), ("wide", (32, 64)), ("kernel", (5, 3, 3, 3)))


def test_angle_norm_and_energy_of_one_step():
    """The energy of the unit gradient is |g|^2 |w|^2 row by row; what is done after leaving is not seen."""
    weight = torch.nn.Parameter(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    with Watch(optimizer, {"w": weight}) as watch:
        weight.grad = torch.tensor([[3.0, -3.0], [1.0, 1.0]])
        optimizer.step()
    optimizer.step()
    rows = watch.of("w")
    assert rows.squares.tolist() == [[9.0, 1.0]]
    assert rows.energy.tolist() == [[162.0, 2.0]]
    assert rows.whole.energy.tolist() == [[200.0]]
    after = np.array([0.0, 3.0, -1.0, 0.0])
    assert rows.whole.angles[0, 0] == pytest.approx(np.arccos(after @ [3.0, 0.0, 0.0, 1.0] / 10), abs=1e-12)


def test_norms_changes_and_angles_of_rows_blocks_and_the_whole():
    """By the definitions; small angles keep their digits."""
    chosen = generator(0)
    before = torch.randn(4, 2, 5, generator=chosen, dtype=torch.float64)
    apart = torch.tensor([1e-6, 0.1, 3.0, 1e-3])[:, None, None]
    after = before + apart * torch.randn(4, 2, 5, generator=chosen, dtype=torch.float64)
    weight = torch.nn.Parameter(before.clone())
    optimizer = torch.optim.SGD([weight], lr=1.0)
    with Watch(optimizer, {"w": weight}) as by_row, Watch(optimizer, {"w": weight}, {"w": 2}) as by_pair:
        weight.grad = before - after
        optimizer.step()
    for seen, blocks in ((by_row.of("w"), 4), (by_pair.of("w"), 2), (by_row.of("w").whole, 1)):
        p, q = before.reshape(blocks, -1), after.reshape(blocks, -1)
        cosine = (p * q).sum(1) / (p.norm(dim=1) * q.norm(dim=1))
        sine = (q - (p * q).sum(1, keepdim=True) / p.square().sum(1, keepdim=True) * p).norm(dim=1) / q.norm(dim=1)
        np.testing.assert_allclose(seen.angles[0], torch.atan2(sine, cosine), rtol=1e-8)
        np.testing.assert_allclose(seen.norms[1], q.norm(dim=1), rtol=1e-12)
        np.testing.assert_allclose(seen.changes[0], (q - p).norm(dim=1), rtol=1e-9)


@pytest.mark.parametrize("entries", [watching.ENTRIES, 1], ids=["together", "one by one"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_summed_together_are_each_summed(monkeypatch, dtype, entries):
    """Bit for bit the sums of one step, also of those left over, and of what a tensor held at that step."""
    monkeypatch.setattr(watching, "ENTRIES", entries)
    chosen = generator(1)
    weights = {name: torch.nn.Parameter(torch.randn(shape, generator=chosen, dtype=dtype)) for name, shape in SHAPES}
    optimizer = torch.optim.SGD(weights.values(), lr=0.3, momentum=0.5)
    expected: dict[str, list[torch.Tensor]] = {name: [] for name in weights}
    with Watch(optimizer, weights, {"kernel": 1}) as watch:
        for _ in range(2 * TOGETHER + 3):
            for weight in weights.values():
                weight.grad = torch.randn(weight.shape, generator=chosen, dtype=dtype)
            before = {name: weight.detach().to(torch.float64, copy=True) for name, weight in weights.items()}
            optimizer.step()
            for name, weight in weights.items():
                rows = watch.blocks[name]
                w, g = before[name].reshape(rows, -1), weight.grad.double().reshape(rows, -1)
                step = weight.detach().double().reshape(rows, -1) - w
                pairs = ((w, w), (w, step), (step, step), (g, g))
                expected[name].append(torch.stack([(x * y).sum(1) for x, y in pairs], 1))
                weight.grad.zero_()
    for name in weights:
        assert np.array_equal(watch.of(name).sums, torch.stack(expected[name]).numpy())


def test_change_between_obeys_the_law_of_cosines():
    """Sides 2 and 3."""
    change = change_between(np.array([2.0]), np.array([3.0]), np.array([0.7]))
    np.testing.assert_allclose(change**2, 4 + 9 - 12 * np.cos(0.7), rtol=1e-12)


def test_root_of_the_mean_square():
    """Not the mean."""
    assert rms([3.0, 4.0]) == pytest.approx(np.sqrt(12.5))
