"""Fluctuations against simulation, with controls that must be rejected."""

import pytest

from proofs import CLAIMS
from proofs.confrontation import Bench
from proofs.fluctuation import fluctuation, sgd_mean, walk_variance

pytestmark = pytest.mark.chance(4)

FLUCTUATING = [c.id for c in CLAIMS.values() if c.experiment is not None and "fluctuation" in c.experiment.__module__]
ADAMW = {"lr": 0.5, "wd": 0.6, "beta1": 0.5}


@pytest.mark.parametrize(
    ("optimizer", "chosen", "bench"),
    [
        ("sgd", {"lr": 0.5, "wd": 0.6}, Bench("sphere", 33, 64, 1)),
        ("sgd", {"lr": 0.5, "wd": 2.8}, Bench("sphere", 65, 64, 2)),
        ("sgdm", {"lr": 0.5, "wd": 0.4, "momentum": 0.5}, Bench("sphere", 65, 64, 3)),
        ("sgdm", {"lr": 0.5, "wd": 0.4, "momentum": 0.5}, Bench("fixed", 65, 64, 4)),
        ("sgdm", {"lr": 0.5, "wd": 1.2, "momentum": 0.8, "dampening": 0.5}, Bench("sphere", 129, 64, 5)),
        ("adamw", ADAMW, Bench("iid", 32, 64, 6)),
    ],
)
def test_coefficients_of_one_over_n(optimizer, chosen, bench):
    """Variance and shift of norm and angle, extrapolated to many dimensions, are those derived."""
    c = fluctuation("test", optimizer, chosen, bench, steps=1500, burn_in=200)
    assert c.agrees, c.report()


@pytest.mark.parametrize(("optimizer", "law"), [("sgd", "sphere"), ("sgdm", "sphere"), ("sgdm", "fixed")])
@pytest.mark.parametrize("factor", [0.75, 1.25])
def test_control_rejects_a_variance_off_by_a_quarter(optimizer, law, factor):
    """The comparison can fail: a quarter more or less is rejected, with a margin that no other draw uses up."""
    chosen = {"lr": 0.5, "wd": 0.4} | ({"momentum": 0.5} if optimizer == "sgdm" else {})
    bench = Bench(law, 65, 64, 7)
    c = fluctuation("test", optimizer, chosen, bench, steps=1500, burn_in=200, factor=factor)
    assert not c.agrees, c.report()


def test_mean_of_the_squared_norm_to_second_order():
    """E|w|^2 of SGD agrees at second order in v, and at strong decay the first order alone is rejected."""
    chosen, bench = {"lr": 0.5, "wd": 1.2}, Bench("sphere", 129, 64, 8)
    second = sgd_mean(chosen, bench, steps=2000, burn_in=100)
    assert second.agrees, second.report()
    first = sgd_mean(chosen, Bench("sphere", 65, 192, 9), steps=2000, burn_in=100, order=1)
    assert not first.agrees, first.report()


def test_rare_entries_widen_the_norm():
    """Kurtosis adds its derived share, and a share off by a half is rejected."""
    bench = Bench("iid", 32, 64, 10)
    right = walk_variance(ADAMW, bench, rarity=8, steps=2000, burn_in=100)
    assert right.agrees, right.report()
    assert not walk_variance(ADAMW, bench, rarity=8, steps=2000, burn_in=100, factor=1.5).agrees
