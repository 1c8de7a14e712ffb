"""Summing with a bound on the tail: the bound bounds, and a series too slow to sum is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tests.compare import close
from theory import summation
from theory.summation import NumericSeries, SlowSeries

EPSILON = 2.0**-52


def geometric(ratio, bound=None, sign=1.0):
    """sum ratio^n (+-1/2)^n, equal to 1/(1 -+ ratio/2); ``bound`` may understate the ratio."""
    return NumericSeries(
        first_weight=1.0,
        ratio=lambda n: ratio + 0 * n,
        ratio_bound=ratio if bound is None else bound,
        factor=lambda n: (sign * 0.5) ** n,
        factor_bound=lambda n: 0.5**n,
    )


@given(st.floats(0, 0.999), strategies.log_uniform(1e-17, 0.5), st.sampled_from([1.0, -1.0]))
def test_what_is_left_out_is_bounded(ratio, tolerance, sign):
    """|exact - sum| stays below the returned bound, and the bound below the tolerance, at every tolerance."""
    exact = 1 / (1 - sign * ratio / 2)
    total, bound = geometric(ratio, sign=sign).sum(tolerance)
    assert abs(total - exact) <= bound + 8 * EPSILON * exact
    assert bound <= tolerance * abs(total)


def test_an_understated_ratio_would_be_caught():
    """The comparison can fail: with a bound on the ratio that is too small the tail exceeds what is claimed."""
    total, bound = geometric(0.9, bound=0.0).sum(0.1)
    assert abs(total - 1 / 0.55) > bound


def test_a_sharper_tolerance_sums_further():
    """The bound falls with the tolerance."""
    bounds = [geometric(0.9).sum(t)[1] for t in (1e-2, 1e-8, 1e-16)]
    assert bounds == sorted(bounds, reverse=True)
    assert len(set(bounds)) == 3


def test_weights_beyond_one_chunk_are_carried_on():
    """A series of many chunks gives the closed form: the weight is carried from one chunk to the next."""
    ratio = 1 - 1e-4
    slow = NumericSeries(1.0, lambda n: ratio + 0 * n, ratio, lambda n: 1 + 0 * n, lambda n: 1 + 0 * n)
    total, bound = slow.sum()
    # A hundred thousand factors, each rounded once.
    assert total == close(1 / (1 - ratio), 4e5 * EPSILON)
    assert bound <= 1e-17 * total


def test_a_slow_series_is_refused(monkeypatch):
    """A series that needs more terms than are worth summing raises SlowSeries and says how many."""
    monkeypatch.setattr(summation, "MAX_TERMS", 2000)
    ratio = 1 - 1e-9
    slow = NumericSeries(1.0, lambda n: ratio + 0 * n, ratio, lambda n: 1 + 0 * n, lambda n: 1 + 0 * n)
    with pytest.raises(SlowSeries, match="more than 2000 terms"):
        slow.sum()


def test_a_series_of_zeros_sums_to_zero():
    """With first weight 0 both the sum and the bound are 0."""
    zero = NumericSeries(0.0, lambda n: 0.5 + 0 * n, 0.5, np.ones_like, np.ones_like)
    assert zero.sum() == (0.0, 0.0)
