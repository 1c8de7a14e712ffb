"""The noise of folded chains: a squeeze below the exact test, and a chi-square of the right degrees of freedom."""

import numpy as np
import pytest

steps = pytest.importorskip("numerics.engines.steps", reason="numba is not installed")


def test_the_squeeze_accepts_nothing_that_the_exact_test_refuses():
    """v^3 - 1 - 3 log v - 9 y^2/2 <= 3 y^4 / (4 min(v, 1)) at v = 1 + y; with a smaller factor it is not."""
    y = np.linspace(-0.999, 3, 4001)
    v = 1 + y
    exact, bound = v**3 - 1 - 3 * np.log(v) - 4.5 * y**2, 0.75 * y**4 / np.minimum(v, 1)
    assert (exact <= bound + 1e-14).all()
    assert not (exact <= 0.95 * bound + 1e-14).all()


@pytest.mark.parametrize("dim", [3, 4, 10, 1000])
def test_what_remains_is_chi_square(dim):
    """Mean and variance within five standard errors of dim - 2 and twice that; dim - 1 is told apart."""
    z, found = np.zeros((3, steps.GROUP), np.float32), []
    for step in range(400):
        steps.draw_folded(z, np.arange(steps.GROUP, dtype=np.uint32), dim, True, step, 5, 6)
        found.append(z[2].astype(float))
    rest, freedom = np.concatenate(found), dim - 2
    error = np.sqrt(2 * freedom / len(rest))
    assert abs(rest.mean() - freedom) < 5 * error
    if dim < 1000:
        assert abs(rest.mean() - freedom - 1) > 5 * error
    spread = np.sqrt((12 * freedom * (freedom + 4) - 4 * freedom**2) / len(rest))
    assert abs(rest.var() - 2 * freedom) < 5 * spread
