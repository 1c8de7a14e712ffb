"""Descent on the sphere stays on it and measures what happens to each group."""

import torch

from numerics.three_regimes import descend, on_sphere, random_sphere, toy

LOSS = toy([1.0, 3.0])
START = random_sphere(5, 2, 2, torch.Generator().manual_seed(2))


def test_toy_function():
    """sum kappa_i sin^2 of the group's angle, blind to the lengths of the groups."""
    angle = torch.atan2(START[..., 0], START[..., 1])
    expected = torch.sin(angle[:, 0]) ** 2 + 3 * torch.sin(angle[:, 1]) ** 2
    assert torch.allclose(LOSS(START), expected, rtol=1e-13)
    longer = START * torch.tensor([2.0, 0.1])[None, :, None]
    assert torch.allclose(LOSS(longer), expected, rtol=1e-13)


def test_descent_by_hand():
    """Two steps with the gradient written out."""
    run = descend(LOSS, START, 0.3, 2)
    theta = START
    for _ in range(2):
        x, y = theta[..., 0], theta[..., 1]
        square = x**2 + y**2
        pull = 2 * torch.tensor([1.0, 3.0]) * x * y / square**2
        theta = on_sphere(theta - 0.3 * torch.stack([pull * y, -pull * x], -1))
    assert torch.allclose(run.end, theta, rtol=1e-13)
    assert torch.allclose(run.squared_length.sum(-1), torch.ones(3, 5, dtype=torch.float64), rtol=1e-14)
    assert torch.allclose(run.loss[0], LOSS(START))


def test_angles_are_those_of_the_groups():
    """The recorded angle is that between a group's directions before and after; the secant belongs to it."""
    run = descend(LOSS, START, 0.3, 1)
    turned = torch.atan2(START[..., 0], START[..., 1]) - torch.atan2(run.end[..., 0], run.end[..., 1])
    assert torch.allclose(torch.cos(run.angle[0]), torch.cos(turned), rtol=1e-13)
    assert torch.allclose(torch.exp(run.log_secant[0]) * torch.cos(turned) ** 2, torch.ones(5, 2, dtype=torch.float64))


def test_burn_in_is_not_recorded():
    """Steps after the burn-in are those of the longer run; angles may be left out."""
    whole, rest = descend(LOSS, START, 0.3, 6), descend(LOSS, START, 0.3, 4, burn_in=2, angles=False)
    assert torch.equal(whole.loss[2:], rest.loss)
    assert torch.equal(whole.end, rest.end)
    assert rest.angle.numel() == 0
