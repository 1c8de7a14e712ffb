"""Paths follow torch's optimizers step by step."""

import torch

from numerics.paths import adamw, alignment_loss, follow, minibatches, noise_across, sgd, updates_of


def setting(steps=5):
    """A loss and three weights."""
    generator = torch.Generator().manual_seed(3)
    return minibatches(20, 6, steps, 4, generator), torch.randn(3, 6, generator=generator, dtype=torch.float64)


def test_path_is_the_update_by_hand():
    """SGD with momentum, decay and a schedule, written out."""
    loss, start = setting()
    lrs = [0.5, 0.4, 0.3, 0.2, 0.1]
    path = follow(loss, start, lrs, sgd(0.1, 0.9))
    w, buffer = start, torch.zeros_like(start)
    for t, lr in enumerate(lrs):
        variable = w.clone().requires_grad_()
        loss(variable, t).backward()
        assert torch.allclose(path.gradients[t], variable.grad, rtol=1e-14)
        buffer = 0.9 * buffer + variable.grad + 0.1 * w
        w = w - lr * buffer
        assert torch.allclose(path.weights[t + 1], w, rtol=1e-13)
    assert torch.allclose(path.directions.norm(dim=-1), torch.ones(6, 3, dtype=torch.float64), rtol=1e-14)


def test_buffer_and_shrinking():
    """An initial buffer moves the first step by lr momentum buffer, and shrinking multiplies by 1 - lr shrink."""
    loss, start = setting()
    plain = follow(loss, start, [0.5], sgd(0.0, 0.9)).weights[1]
    filled = follow(loss, start, [0.5], sgd(0.0, 0.9, buffer=2 * start)).weights[1]
    assert torch.allclose(plain - filled, 0.5 * 0.9 * 2 * start, rtol=1e-13)
    shrunk = follow(loss, start, [0.5], sgd(0.0, 0.9), shrink=0.2).weights[1]
    assert torch.allclose(plain - shrunk, 0.1 * start, rtol=1e-13)


def test_every_step_has_its_own_minibatch():
    """Two steps differ in their loss, and a step repeats its own."""
    loss, start = setting()
    assert float(loss(start, 0)) == float(loss(start, 0)) != float(loss(start, 1))


def test_updates_are_those_of_the_optimizer():
    """Replaying a path's gradients through the same optimizer without decay gives its own steps."""
    loss, start = setting()
    path = follow(loss, start, [1.0] * 5, adamw(0.0))
    assert torch.allclose(updates_of(path, adamw(0.0)), path.weights[:-1] - path.weights[1:], atol=1e-14)
    assert not torch.allclose(updates_of(path, adamw(0.0, (0.5, 0.9))), path.weights[:-1] - path.weights[1:], atol=1e-3)


def test_alignment_loss_and_its_noise():
    """1 - q, with a gradient across w; noise of the given length is orthogonal to w and to the target."""
    _, start = setting()
    target = torch.eye(6, dtype=torch.float64)[0]
    w = start.clone().requires_grad_()
    alignment_loss(target)(w, 0).backward()
    q = start[:, 0] / start.norm(dim=-1)
    assert torch.allclose((w.grad * start.norm(dim=-1, keepdim=True)).square().sum(-1), 1 - q**2, rtol=1e-12)
    noise = noise_across(target, 0.3, torch.Generator().manual_seed(0))(start, 0)
    assert torch.allclose(noise.norm(dim=-1), torch.full((3,), 0.3, dtype=torch.float64), rtol=1e-14)
    assert float((noise @ target).abs().max()) < 1e-15
    assert float((noise * start).sum(-1).abs().max()) < 1e-15
