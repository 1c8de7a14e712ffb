"""The noise of folded chains: bounds around the exact test, and a chi-square of the right degrees of freedom."""

import numpy as np
import pytest

from numerics.seeding import mixed
from tests.numerics.engines.ranks import p_value

steps = pytest.importorskip("numerics.engines.folded_steps", reason="numba is not installed")
common = pytest.importorskip("numerics.engines.steps", reason="numba is not installed")

DIMS = [3, 4, 5, 10, 64, 1000]
ALPHA = 1e-9 / len(DIMS)
"""Correct code fails the question of the law with probability below 1e-9 over seeds."""

pytestmark = pytest.mark.chance(3, ALPHA)


def exact(y):
    """h(y) = v^3 - 1 - 3 log v - 9 y^2/2 at v = 1 + y, which accepts with probability exp(-d h)."""
    return (1 + y) ** 3 - 1 - 3 * np.log1p(y) - 4.5 * y**2


def test_the_bounds_enclose_the_exact_test():
    """3 y^4/4 - 3 max(y, 0)^5/5 <= h <= 3 y^4/(4 min(v, 1)); with a smaller factor above, or none below, not."""
    y = np.linspace(-0.999, 3, 4001)
    least, most = 0.75 * y**4 - 0.6 * np.maximum(y, 0) ** 5, 0.75 * y**4 / np.minimum(1 + y, 1)
    assert (least <= exact(y) + 1e-14).all()
    assert (exact(y) <= most + 1e-14).all()
    assert not (0.75 * y**4 <= exact(y) + 1e-14).all()
    assert not (exact(y) <= 0.95 * most + 1e-14).all()


@pytest.mark.parametrize("d", [2 / 3, 3.7, 500.0])
def test_a_try_passes_where_the_exact_test_does(d):
    """On both sides of the probability and next to it; an altered probability is told apart."""
    c = 1 / np.sqrt(9 * d)
    x = np.linspace(-6.6, 6.6, 801)
    y = c * x
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.where(y > -1, np.exp(-d * exact(y)), 0.0)
    verdicts = []
    for factor in (0.5, 1 - 1e-9, 1 + 1e-9, 1.02):
        u = np.clip(factor * chance, 2.0**-33, 1 - 2.0**-33)
        found = np.array([steps.passes(*pair, d, c) for pair in zip(x, u, strict=True)])
        assert np.array_equal(found, u < chance * (1 - 1e-12))
        verdicts.append(found)
    assert (verdicts[1] != verdicts[2]).mean() > 0.5


@pytest.mark.parametrize("dim", DIMS)
def test_what_remains_is_chi_square(dim):
    """Against sums of dim - 2 squared normals; one degree of freedom more or less is told apart."""
    count = common.TILE * common.GROUP
    z, at = np.zeros((common.TILE, steps.DRAWN, common.GROUP), np.float32), np.zeros((3, count), np.uint32)
    second, streams = np.empty((2, count), np.float32), np.arange(common.GROUP, dtype=np.uint32)
    low, high, found = mixed(5, 6) % 2**32, mixed(5, 6) >> 32, []
    for step in range(0, 400, common.TILE):
        steps.draw_folded(z, at, second, streams, dim, True, step, common.TILE, low, high)
        found.append(z[:, steps.REST].astype(float).ravel() ** 2)
    rest, chi_square = np.concatenate(found), np.random.default_rng(mixed(5, 7)).chisquare
    assert p_value(rest, chi_square(dim - 2, 100_000)) > ALPHA
    for freedom in {dim - 3, dim - 1} - {0}:
        assert dim > 100 or p_value(rest, chi_square(freedom, 100_000)) < ALPHA
