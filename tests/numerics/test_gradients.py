"""Gradient laws: orthogonal to the weights where they should be, of the promised size and isotropic.

Averages are compared within six of their own standard errors, about 2e-9 a comparison.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from numerics import LAWS, random_weights
from numerics.geometry import squared_norm, unit
from tests import strategies
from tests.compare import close

SCALE_INVARIANT = [name for name, law in LAWS.items() if law.scale_invariant]


def draw(law, dim=16, replicas=2000, grad_norm=1.7, norm=0.3, seed=0):
    """Weights of one norm and a gradient of the law at them."""
    generator = torch.Generator().manual_seed(seed)
    w = random_weights(replicas, dim, norm, generator)
    return w, LAWS[law].draw(w, grad_norm, generator)


def within(samples, expected):
    """Whether the mean of independent samples is the expected one to six standard errors."""
    samples = np.asarray(samples)
    return abs(samples.mean() - expected) < 6 * samples.std(ddof=1) / math.sqrt(len(samples))


@pytest.mark.parametrize("law", SCALE_INVARIANT)
@strategies.examples(0.3)
@given(
    dim=strategies.dims(2, 256),
    norm=strategies.log_uniform(1e-3, 1e3),
    size=strategies.log_uniform(1e-3, 1e3),
    seed=strategies.seeds(),
)
def test_gradients_of_a_scale_invariant_loss_are_orthogonal(law, dim, norm, size, seed):
    """<g, w> = 0 to rounding, at every norm and dimension."""
    w, gradient = draw(law, dim, 8, size, norm, seed)
    cosines = (unit(w) * unit(gradient.value)).sum(-1)
    # In two dimensions most of the noise is projected away, and what is left carries its rounding.
    rounding = 1e-15 * float((torch.linalg.vector_norm(w, dim=-1) / w.abs().amin(-1)).max()) if dim == 2 else 1e-12
    assert float(cosines.abs().max()) < max(rounding, 1e-12)


@strategies.examples(0.3)
@given(
    dim=strategies.dims(2, 256),
    norm=strategies.log_uniform(1e-3, 1e3),
    size=strategies.log_uniform(1e-3, 1e3),
    seed=strategies.seeds(),
)
def test_fixed_gradients_have_one_norm(dim, norm, size, seed):
    """Under ``fixed`` |g| |w| is the given gradient norm for every replica."""
    w, gradient = draw("fixed", dim, 8, size, norm, seed)
    products = (squared_norm(gradient.value) * squared_norm(w)).sqrt()
    assert products.tolist() == close([size] * 8, 1e-13)


@pytest.mark.parametrize("law", LAWS)
def test_mean_square_of_the_norm(law):
    """E|g|^2 |w|^2 = grad_norm^2, or E|g|^2 = grad_norm^2 where the law does not see w."""
    w, gradient = draw(law, replicas=20_000)
    scale = squared_norm(w) if LAWS[law].scale_invariant else 1.0
    samples = (squared_norm(gradient.value) * scale).numpy()
    if law == "fixed":
        assert samples == close(1.7**2, 1e-13)
    else:
        assert within(samples, 1.7**2)
        assert not within(samples, 1.8**2)


@pytest.mark.parametrize("law", ["sphere", "iid"])
def test_random_norms_have_the_spread_of_a_gaussian(law):
    """|g|^2 is a scaled chi square: its relative variance is 2/(d - 1) under ``sphere``, 2/d under ``iid``."""
    _, gradient = draw(law, dim=16, replicas=20_000)
    relative = squared_norm(gradient.value).numpy()
    relative = relative / relative.mean()
    assert within((relative - 1) ** 2, 2 / (15 if law == "sphere" else 16))


@pytest.mark.parametrize("law", LAWS)
def test_promised_mean_square_is_the_measured_one(law):
    """``mean_square`` is E g_i^2 averaged over coordinates, one number a replica."""
    w, gradient = draw(law)
    assert gradient.mean_square.shape == (len(w), 1)
    ratios = (gradient.value.square().mean(-1) / gradient.mean_square[:, 0]).numpy()
    if law == "fixed":
        assert ratios == close(1, 1e-13)
    else:
        assert within(ratios, 1)


@pytest.mark.parametrize("law", LAWS)
def test_directions_are_isotropic(law):
    """E <g, u>^2/E|g|^2 is 1/(d - 1) for u orthogonal to w, and 1/d for the law that does not see w."""
    w, gradient = draw(law, dim=8, replicas=20_000)
    u = torch.zeros_like(w)
    u[:, 0] = 1
    along = unit(w)
    u = unit(u - along * (u * along).sum(-1, keepdim=True))
    moving = squared_norm(gradient.value) > 0  # a sparse gradient may be zero and has no direction then
    shares = ((unit(gradient.value[moving]) * u[moving]).sum(-1) ** 2).numpy()
    assert within(shares, 1 / 7 if LAWS[law].scale_invariant else 1 / 8)


@pytest.mark.parametrize("law", LAWS)
def test_gradients_have_mean_zero(law):
    """Every coordinate of the gradient has mean zero given w."""
    _, gradient = draw(law, dim=8, replicas=20_000)
    assert all(within(gradient.value[:, i].numpy(), 0) for i in range(8))


@pytest.mark.parametrize("law", LAWS)
def test_gradients_scale_with_the_inverse_norm(law):
    """Twice the norm halves the gradient of a scale-invariant loss and leaves the other law alone."""
    first, second = draw(law, norm=0.5)[1], draw(law, norm=1.0)[1]
    factor = 0.5 if LAWS[law].scale_invariant else 1.0
    assert torch.allclose(second.value, factor * first.value, rtol=1e-12, atol=1e-15)
    assert torch.allclose(second.mean_square, factor**2 * first.mean_square, rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_least_dimension_is_enough(law):
    """Every law draws finite gradients in the smallest dimension it says it lives in."""
    _, gradient = draw(law, dim=LAWS[law].least_dim, replicas=64)
    assert bool(torch.isfinite(gradient.value).all())
    assert float(gradient.value.abs().max()) > 0
    assert law == "sparse" or float(gradient.value.abs().min()) > 0


@pytest.mark.parametrize(("law", "kurtosis"), [("iid", 3), ("laplace", 6)])
def test_kurtosis_of_independent_coordinates(law, kurtosis):
    """E g_i^4/(E g_i^2)^2 is 3 for the Gaussian law and 6 for the Laplace law, and neither is the other's."""
    _, gradient = draw(law, dim=8, replicas=100_000)
    fourth = ((gradient.value / gradient.mean_square.sqrt()) ** 4).mean(-1).numpy()
    assert within(fourth, kurtosis)
    assert not within(fourth, 9 - kurtosis)


def test_laplace_coordinates_are_exponential_in_size():
    """P(|g_i| > x) = exp(-x sqrt(2)/scale) at a few x, for both signs alike."""
    _, gradient = draw("laplace", dim=8, replicas=50_000)
    relative = gradient.value[:, 0] / gradient.mean_square[:, 0].sqrt()
    for x in (0.1, 1.0, 3.0):
        for side in (relative, -relative):
            assert within((side > x).double().numpy(), math.exp(-x * math.sqrt(2)) / 2)
