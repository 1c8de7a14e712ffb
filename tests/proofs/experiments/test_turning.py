"""What is watched at every step is what the optimizer does."""

import numpy as np
import pytest
import torch

from proofs.experiments.cells.turning import Turning, rms

pytestmark = pytest.mark.chance(0)


def test_angle_norm_and_energy_of_one_step():
    """The angle of the whole tensor; the energy of the unit gradient is |g|^2 |w|^2 row by row."""
    weight = torch.nn.Parameter(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    with Turning(optimizer, {"w": weight}, {"w": 2}) as turning:
        weight.grad = torch.tensor([[3.0, -3.0], [1.0, 1.0]])
        optimizer.step()
    optimizer.step()
    assert turning.squares("w").tolist() == [[9.0, 1.0]]
    assert turning.energy("w").tolist() == [[162.0, 2.0]]
    assert turning.angle("w").shape == (1,)
    after = np.array([0.0, 3.0, -1.0, 0.0])
    assert turning.angle("w")[0] == pytest.approx(np.arccos(after @ [3.0, 0.0, 0.0, 1.0] / 10), abs=1e-12)


def test_root_of_the_mean_square():
    """Not the mean."""
    assert rms([3.0, 4.0]) == pytest.approx(np.sqrt(12.5))
