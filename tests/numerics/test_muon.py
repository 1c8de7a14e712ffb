"""Muon on tensors: the polar factor, Newton-Schulz, and torch.optim.Muon step by step."""

import pytest
import torch

from numerics.gradients import Gradient
from numerics.muon import SCALES, Muon
from numerics.polar import correlated_polar_overlap, newton_schulz, polar

SHAPES = [(4, 4), (8, 16), (16, 8), (1, 5)]


def matrices(rows, columns, count=6, seed=0):
    """Random matrices in double precision."""
    return torch.randn(count, rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_polar_factor_is_orthogonal_and_leaves_a_symmetric_part(rows, columns):
    """U = polar(X) has unit singular values, and the smaller of U^T X, X U^T is symmetric and nonnegative."""
    x = matrices(rows, columns)
    u = polar(x)
    assert torch.allclose(torch.linalg.svdvals(u), torch.ones(6, min(rows, columns), dtype=torch.float64))
    rest = x @ u.mT if rows <= columns else u.mT @ x
    assert torch.allclose(rest, rest.mT)
    assert (torch.linalg.eigvalsh(rest) > 0).all()


def test_newton_schulz_gathers_singular_values_around_one():
    """Five steps bring every singular value of usual size near 1, and none to it."""
    values = torch.linalg.svdvals(newton_schulz(matrices(16, 32), dtype=torch.float64))
    assert ((values > 0.6) & (values < 1.3)).all()
    assert (values - 1).abs().max() > 0.05


@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (8, 16), (16, 8)])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("scale", ["original", "match_rms_adamw"])
def test_steps_as_torch_does(rows, columns, nesterov, scale):
    """Twenty steps on given gradients end where torch.optim.Muon ends, Newton-Schulz in bfloat16 included."""
    generator = torch.Generator().manual_seed(3)
    weights = torch.nn.Parameter(torch.randn(rows, columns, generator=generator))
    ours = weights.detach().clone().reshape(1, -1)
    theirs = torch.optim.Muon([weights], lr=0.1, weight_decay=0.3, momentum=0.9, nesterov=nesterov, adjust_lr_fn=scale)
    update = Muon(0.1, 0.3, rows, columns, 0.9, nesterov, scale, "newton_schulz")
    state = update.start(ours)
    for _ in range(20):
        gradient = torch.randn(rows, columns, generator=generator)
        weights.grad = gradient.clone()
        theirs.step()
        ours, state = update.step(ours, Gradient(gradient.reshape(1, -1), torch.ones(1, 1)), state)
    # One bfloat16 rounding of a singular vector is 1/256; equal programs differ by float32 rounding.
    assert torch.allclose(ours.reshape(rows, columns), weights.detach(), atol=1e-5)


def test_step_control_notices_the_other_form():
    """Heavy ball and Nesterov's form part ways."""
    x = matrices(4, 4).reshape(6, -1)
    ends = []
    for nesterov in (True, False):
        update = Muon(0.1, 0.3, 4, 4, 0.9, nesterov)
        w, state = x, update.start(x)
        for seed in (1, 2):
            w, state = update.step(w, Gradient(matrices(4, 4, seed=seed).reshape(6, -1), torch.ones(6, 1)), state)
        ends.append(w)
    assert (ends[0] - ends[1]).abs().max() > 1e-3


def test_scales_are_those_of_the_shape():
    """Keller Jordan's factor counts outputs over inputs, Moonlight's the larger side."""
    assert SCALES["original"](8, 2) == 2
    assert SCALES["original"](2, 8) == 1
    assert SCALES["match_rms_adamw"](4, 25) == 1
    assert SCALES["spectral"](2, 8) == 0.5


def test_correlated_pairs_at_the_ends():
    """Equal matrices overlap wholly, opposite ones wholly in reverse."""
    generator = torch.Generator().manual_seed(1)
    assert torch.allclose(correlated_polar_overlap(3, 5, 1.0, 10, generator), torch.ones(10, dtype=torch.float64))
    assert torch.allclose(correlated_polar_overlap(3, 5, -1.0, 10, generator), -torch.ones(10, dtype=torch.float64))
