"""Single precision gives the statistics of double precision where it is let, and is refused where it is not."""

import math

import numpy as np
import pytest

from numerics import BadSimulation, simulate
from numerics.engines.choice import RESOLVED

pytestmark = pytest.mark.chance(0)

NORM, TURN = 3e-5, 5e-4
"""Relative bounds on the difference in the norm and in 1 - cos, on the same noise."""
RULES = {
    "sgd": [{}],
    "sgdm": [{"momentum": 0.9}, {"momentum": 0.9999}],
    "adamw": [{"beta1": 0.9, "beta2": 0.999}, {"beta1": 0.9999, "beta2": 0.9999}],
    "lion": [{"beta1": 0.9, "beta2": 0.99}, {"beta1": 0.9999, "beta2": 0.9999}],
}
DECAYS = (RESOLVED, 2.0**-12, 2.0**-6, 0.3, 1.0)
LR = 0.01


@pytest.mark.parametrize(("rule", "dim"), [("sgd", 16), ("sgdm", 40), ("adamw", 16), ("lion", 16)])
def test_statistics_agree_over_the_domain(rule, dim):
    """From lr wd = 2^-20 to 1 and betas to 0.9999, within the bounds, or a tenth of the statistical error.

    The latter is for signs, which rounding turns when slow averages stand near zero.
    """
    several = [{"lr": LR, "wd": decay / LR} | betas for betas in RULES[rule] for decay in DECAYS]
    settings = {"dim": dim, "steps": 1024, "burn_in": 256, "record": 0, "replicas": 16, "engine": "numba"}
    pair = [simulate(rule, several, **settings, start_norm=0.3, dtype=dtype) for dtype in ("float32", "float64")]
    differs = False
    for single, double in zip(*pair, strict=True):
        for quantity, bound in (("equilibrium_norm", NORM), ("one_minus_cosine", TURN)):
            ours, exact = single.estimate(quantity), double.estimate(quantity)
            differs |= ours.value != exact.value
            assert abs(ours.value - exact.value) < max(bound * exact.value, 0.1 * exact.standard_error)
    assert differs


def test_decay_below_what_single_precision_resolves_is_refused():
    """Below lr wd = 2^-20 in any configuration one line says so; at it, without decay, and in double it runs."""
    below = [{"lr": LR, "wd": 1.0}, {"lr": LR, "wd": 0.99 * RESOLVED / LR}]
    settings = {"steps": 2, "replicas": 2, "engine": "torch"}
    with pytest.raises(
        BadSimulation, match=r"float32 does not resolve 1 - lr wd at lr wd = 9\.44e-07; use float64"
    ) as e:
        simulate("sgd", below, **settings, dtype="float32")
    assert len(str(e.value).splitlines()) == 1
    for hyper in ({"lr": LR, "wd": RESOLVED / LR}, {"lr": LR, "wd": 0.0}):
        assert math.isfinite(simulate("sgd", hyper, **settings, dtype="float32").mean.sum())
    assert np.isfinite(simulate("sgd", below, **settings, dtype="float64").mean).all()


def test_single_precision_is_refused_where_a_schedule_leaves_it():
    """What counts is lr wd at each step: a schedule may fall below the limit or stay above it."""
    settings = {"dim": 4, "steps": 20, "replicas": 2, "dtype": "float32", "engine": "numba"}
    rates = np.full(20, LR)
    low = np.where(np.arange(20) == 7, 0.5 * RESOLVED, LR)
    with pytest.raises(BadSimulation, match=r"float32 does not resolve 1 - lr wd at lr wd = 4\.77e-07; use float64"):
        simulate("sgd", {"lr": LR, "wd": 1.0}, **settings, schedule={"lr": low})
    for own in ({"lr": LR, "wd": 1.0}, {"lr": 1e-9, "wd": 1.0}):
        assert math.isfinite(simulate("sgd", own, **settings, schedule={"lr": rates}).mean.sum())
