"""Descents on the sphere agree with the derived maps, and every spoilt one is rejected."""

import pytest

from proofs import three_regimes as r
from theory import three_regimes as theory

pytestmark = pytest.mark.chance(6)


@pytest.mark.parametrize("seed", range(3))
def test_one_step(seed):
    """h, squared length and secant of every group after one autograd step; c off by 1e-8 is rejected."""
    assert r.one_step(seed).agrees
    assert not r.one_step(seed, error=1e-8).agrees


@pytest.mark.parametrize("of_network", [False, True])
def test_equal_steps(of_network):
    """Sums of log secants differ by the change of lengths; off by 1e-7 they are rejected."""
    assert r.equal_steps(of_network=of_network).agrees
    assert not r.equal_steps(of_network=of_network, error=1e-7).agrees


@pytest.mark.parametrize("ratio", [0.4, 0.99, 1.01, 3.0])
def test_minimum_multiplier(ratio):
    """Beside the minimum h is multiplied by 1 - 2 lr K; off by 1e-5 it is rejected."""
    assert r.minimum_multiplier(ratio).agrees
    assert not r.minimum_multiplier(ratio, error=1e-5).agrees


def test_threshold_from_random_starts():
    """From random starts the loss goes to zero below 1/K and stays away from it above."""
    assert float(r.convergence(0.9, steps=1500).loss.max()) < 1e-12
    assert float(r.convergence(1.05, steps=1500).loss.min()) > 1e-3


@pytest.mark.parametrize("ratio", [1.05, 2.0, 10.0])
def test_second_regime_is_a_cycle(ratio):
    """Two steps lead back and the loss is (K - 1/lr)/2; from a cycle at another lr they do not."""
    assert r.stays_on_cycle(ratio).agrees
    assert not r.stays_on_cycle(ratio, error=1e-6).agrees


@pytest.mark.parametrize("ratio", [1.2, 2.0, 5.0])
def test_neutral_modes(ratio):
    """The measured Jacobian of differences is the derived one; off by 1e-5 it is rejected."""
    assert r.cycle_jacobian(ratio).agrees
    assert not r.cycle_jacobian(ratio, error=1e-5).agrees


@pytest.mark.parametrize("c", [0.5, 1.3, 4.0])
def test_one_group_converges(c):
    """From random points one group ends on its minimum or its cycle."""
    assert r.single_group_limit(c).agrees


def test_one_group_is_not_yet_there():
    """Control: after a few steps it is not."""
    assert not r.single_group_limit(1.3, steps=3).agrees


def test_level_of_the_third_regime():
    """Over two steps the loss is K/2; 3 per cent off is rejected."""
    level = r.value(theory.third_regime_loss(), total=sum(r.CURVATURES))
    assert r.large_steps().agrees
    assert not r.large_steps(level=1.03 * level).agrees


def test_mean_loss_of_several_groups_is_near_that_of_the_cycle():
    """From random points the mean loss is the cycle's to 1e-4 near the threshold, and within 12 per cent beyond."""
    ratios = (1.1, 1.3, 2.0, 3.0, 10.0)
    for curvatures in ((1.0, 2.0), (1.0,) * 8):
        for ratio, found in zip(ratios, r.mean_losses(curvatures, ratios), strict=True):
            over = found.value / r.second_regime_loss(curvatures, ratio * r.threshold(curvatures))
            assert over == pytest.approx(1, abs=1e-3 if ratio < 1.5 and len(curvatures) == 2 else 0.12)
            assert ratio > 1.5 or abs(over - 1) < 0.02
