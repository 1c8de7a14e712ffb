"""How sharp the design for Lion and Signum is, and that its controls take out noise and nothing else."""

import numpy as np
import pytest
import torch

from numerics.errors import BadSimulation
from numerics.seeding import generator
from numerics.statistics import Estimate
from proofs.confrontation import Bench, Predicted, sign_stationarity
from proofs.confrontation.controls import adjusted, products, sums_of_white

pytestmark = pytest.mark.chance(20)

RECIPES = {
    "lion, betas 0.9 and 0.99": ("lion", {"lr": 1e-4, "wd": 0.1, "beta1": 0.9, "beta2": 0.99}, 128),
    "lion, betas 0.95 and 0.98": ("lion", {"lr": 1e-4, "wd": 1.0, "beta1": 0.95, "beta2": 0.98}, 512),
    "signum, beta1 0.9": ("signum", {"lr": 1e-4, "wd": 0.1, "beta1": 0.9}, 768),
}
"""Optimizer, hyper-parameters and the coordinates that a per cent of the norm takes."""


def error_bars(c):
    """Relative standard errors of squared norm and 1 - cos."""
    norm, cosine = c.statistics
    return norm.error, cosine.error / cosine.predicted


@pytest.mark.parametrize("case", RECIPES)
def test_a_per_cent_is_seen_at_standard_recipes(case):
    """At lr*wd of 1e-5 and 1e-4 a norm off by a per cent is rejected with probability 0.99, a cosine by 0.2 % too.

    A false alarm of 1e-9 takes 6.3 error bars and the power 2.4 more: a squared norm 2 % off is to be 8.7 of them away.
    """
    optimizer, chosen, dim = RECIPES[case]
    chosen = {**chosen, "dim": dim}
    bench = Bench("iid", dim=dim, replicas=512, seed=41)
    c = sign_stationarity(optimizer, chosen, bench)
    assert c.agrees, c.report()
    norm, cosine = error_bars(c)
    assert 8.7 * norm < 0.02
    assert 8.7 * cosine < 0.002


@pytest.mark.parametrize("factor", [0.99, 1.01])
@pytest.mark.parametrize("decay", [1e-5, 1e-2, 1.0])
def test_controls_of_either_sign_are_rejected(decay, factor):
    """A norm or a cosine a per cent too small or too large is rejected from the slowest decay to the fastest."""
    chosen = {"lr": 0.1, "wd": decay / 0.1, "beta1": 0.5, "beta2": 0.5, "dim": 4096}
    bench, right = Bench("iid", dim=4096, seed=42), Predicted.of("lion", chosen)
    norm = right.replaced(squared_norm=factor**2 * right.moments[0, 0])
    cosine = right.replaced(one_minus_cosine=factor * right.one_minus_cosine)
    assert sign_stationarity("lion", chosen, bench, right).agrees
    assert not sign_stationarity("lion", chosen, bench, norm).agrees
    assert not sign_stationarity("lion", chosen, bench, cosine).agrees


def test_moments_of_sums_of_white_numbers():
    """After two steps of x <- a x + b g the moments are those written out by hand."""
    found = sums_of_white((0.5, 0.9), (-1.0, 0.1), steps=2, dim=3)
    assert np.allclose(found, 3 * np.array([[1.25, -0.1 * 1.45], [-0.1 * 1.45, 0.01 * 1.81]]), rtol=1e-14)


def test_products_are_those_of_each_pair():
    """<x_i, y_j> of each replica, in the order of the pairs."""
    x, y = (torch.randn(5, 3, generator=generator(1, k), dtype=torch.float64) for k in (0, 1))
    found = products((x, y), (y,))
    assert found.shape == (5, 2, 1)
    assert np.allclose(found[:, 0, 0], (x * y).sum(-1).numpy())
    assert np.allclose(found[:, 1, 0], y.square().sum(-1).numpy())


def spread_samples(seed, replicas=64):
    """Samples of mean 1 made of two controls of mean 0, one of them given twice, and a rest a tenth their size."""
    raw = torch.randn(3, replicas, generator=generator(seed), dtype=torch.float64).numpy()
    return 1 + raw[0] - 2 * raw[1] + 0.1 * raw[2], np.stack([raw[0], raw[1], raw[1]], axis=1)


def test_controls_take_out_noise_but_no_mean():
    """Over 400 seeds the adjusted mean has the error bar that it states, a twentieth of the plain one, about 1."""
    found = [adjusted(*spread_samples(seed)) for seed in range(400)]
    deviations = np.array([f.deviations(1.0) for f in found])
    assert np.mean([f.standard_error for f in found]) < 0.1 * np.sqrt(5 / 64)
    # The mean of 400 deviations has an error of 0.05, their mean square one of 0.07: false alarms below 1e-9 in both.
    assert abs(deviations.mean()) < 0.31
    assert 0.6 < np.mean(deviations**2) < 1.7
    assert isinstance(found[0], Estimate)


def test_the_error_bar_holds_what_many_controls_cost():
    """With ten controls of 64 replicas the mean square deviation of 2000 experiments is near 1.

    In halves the fit adds ten twentieths to the variance; of error bars without it the square would be above 1.3.
    """
    draws = np.random.default_rng(7).standard_normal((2000, 64, 11))
    found = [adjusted(one[:, 0] + one[:, 1:] @ np.arange(10.0), one[:, 1:]) for one in draws]
    square = np.mean([f.deviations(0.0) ** 2 for f in found])
    assert 0.85 < square < 1.2
    plain = [one[:, 0].std(ddof=1) / 8 for one in draws]
    assert np.mean([(f.value / error) ** 2 for f, error in zip(found, plain, strict=True)]) > 1.3


def test_too_few_replicas_for_the_controls_are_refused():
    """Ten controls want 26 replicas."""
    draws = np.random.default_rng(8).standard_normal((26, 11))
    assert adjusted(draws[:, 0], draws[:, 1:]).replicas == 26
    with pytest.raises(BadSimulation, match="replicas = 25 must be at least 26 to fit 10 controls"):
        adjusted(draws[:25, 0], draws[:25, 1:])


def test_a_control_of_another_mean_is_seen():
    """A control whose mean is not the stated one carries its error into the estimate: it cannot hide."""
    samples, controls = spread_samples(3)
    assert abs(adjusted(samples, controls + 0.5).deviations(1.0)) > 6.5
