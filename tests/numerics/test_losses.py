"""The real loss is scale-invariant, which is all that the laws assume of one."""

import pytest
import torch

from numerics.losses import NormalisedRegression
from tests.compare import close

LOSS = NormalisedRegression.random(50, 12, torch.Generator().manual_seed(0))


def gradient(w, chosen=None):
    """Gradient of the loss at w."""
    w = w.clone().requires_grad_()
    LOSS(w, chosen).backward()
    return w.grad


def weights(seed=1):
    """A batch of three weights."""
    return torch.randn(3, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("scale", [1e-3, 0.5, 2.0, 1e3])
def test_loss_does_not_see_the_norm(scale):
    """Scaling the weights leaves the loss and turns the gradient into its multiple by 1/scale."""
    w = weights()
    assert float(LOSS(scale * w)) == close(float(LOSS(w)), 1e-14)
    assert torch.allclose(gradient(scale * w), gradient(w) / scale, rtol=1e-12)


def test_gradient_is_orthogonal_to_the_weights():
    """Euler: <g, w> = 0, on all samples and on a minibatch."""
    w, chosen = weights(), torch.tensor([4, 9, 31])
    for found in (gradient(w), gradient(w, chosen)):
        assert float((found * w).sum(-1).abs().max()) < 1e-15 * 12
        assert float(found.abs().max()) > 1e-3


def test_replicas_do_not_see_each_other():
    """The loss is a sum over replicas: each one's gradient is the gradient of it alone."""
    w = weights()
    together = gradient(w)
    for i in range(3):
        assert torch.allclose(together[i : i + 1], gradient(w[i : i + 1]), rtol=1e-13, atol=1e-16)


def test_a_minibatch_is_those_samples():
    """The loss on chosen samples is that of a smaller data set."""
    chosen = torch.tensor([0, 7, 7, 20])
    smaller = NormalisedRegression(LOSS.features[chosen], LOSS.labels[chosen])
    assert float(LOSS(weights(), chosen)) == float(smaller(weights()))
    assert set(LOSS.labels.tolist()) == {-1.0, 1.0}
