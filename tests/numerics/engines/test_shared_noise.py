"""Configurations on the same noise are compared more sharply, with error bars that hold what they say."""

import numpy as np
import pytest

from numerics import simulate

pytestmark = pytest.mark.chance(6, 2e-9)

PAIR = [{"lr": 0.1, "wd": 0.5}, {"lr": 0.11, "wd": 0.5}]
SETTINGS = {"dim": 8, "steps": 400, "burn_in": 100, "record": 0, "replicas": 16, "law": "sphere", "engine": "reduction"}
SEEDS = 120


def differences(*, share, ratio=False):
    """Difference of the two norms and its standard error on many seeds [seeds, 2]."""
    found = [
        simulate("sgdm", PAIR, **SETTINGS, seed=seed, share_noise=share).difference(
            1, 0, "equilibrium_norm", ratio=ratio
        )
        for seed in range(SEEDS)
    ]
    return np.array([(one.value, one.standard_error) for one in found])


def test_paired_error_bars_cover_and_are_smaller():
    """The spread over seeds is what the standard error says, and a fraction of that without shared noise.

    A spread over 120 seeds is known to 6.5 % (one sigma), the mean error of 16 replicas to 1 %; the bounds are six
    sigma. The share of differences within two errors of their mean is 0.94 for t with 15 degrees of freedom.
    """
    paired, apart = differences(share=True), differences(share=False)
    for found in (paired, apart):
        truth, spread = found[:, 0].mean(), found[:, 0].std()
        stated = np.sqrt((found[:, 1] ** 2).mean())
        assert abs(stated / spread - 1) < 0.4
        covered = np.mean(abs(found[:, 0] - truth) < 2 * found[:, 1])
        assert covered > 0.8
    assert paired[:, 0].std() < 0.3 * apart[:, 0].std()
    errors = np.hypot(paired[:, 0].std(), apart[:, 0].std()) / np.sqrt(SEEDS)
    assert abs(paired[:, 0].mean() - apart[:, 0].mean()) < 6 * errors


def test_control_an_unpaired_error_does_not_hold_under_shared_noise():
    """The two configurations' own errors, added as if independent, are far too large for their difference."""
    run = simulate("sgdm", PAIR, **SETTINGS, share_noise=True)
    own = np.hypot(*(one.equilibrium_norm.standard_error for one in run))
    assert run.difference(1, 0, "equilibrium_norm").standard_error < 0.3 * own
