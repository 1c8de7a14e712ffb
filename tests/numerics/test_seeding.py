"""Seeds stay what they are without a base seed, and are all others with one."""

import pytest
import torch

from numerics import BadSimulation, simulate
from numerics.seeding import BASE, generator, mixed

pytestmark = pytest.mark.chance(0)


def test_without_a_base_seed_a_seed_is_itself(monkeypatch):
    """Stream 0 without a base seed changes nothing."""
    monkeypatch.delenv(BASE, raising=False)
    assert [mixed(seed) for seed in (0, 1, 2**63 - 1)] == [0, 1, 2**63 - 1]


def test_seeds_streams_and_base_seeds_are_kept_apart(monkeypatch):
    """No two of a thousand seeds, streams and base seeds meet, whatever stands where."""
    found = set()
    for base in range(10):
        monkeypatch.setenv(BASE, str(base))
        found |= {mixed(seed, stream) for seed in range(10) for stream in range(10)}
    assert len(found) == 1000
    assert all(0 <= seed < 2**63 for seed in found)


def test_the_finaliser_is_that_of_splitmix64():
    """The first outputs of SplitMix64 at seed 1234567, as its authors' program prints them."""
    from numerics.seeding import _finalised

    step = 0x9E3779B97F4A7C15
    assert [_finalised((1234567 + k * step) % 2**64) for k in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_a_base_seed_draws_everything_afresh(monkeypatch):
    """A simulation and a generator under another base seed are others, and come back with it."""

    def run():
        found = simulate("sgdm", {"lr": 0.1, "wd": 0.1}, 8, 5, 1, 3).equilibrium_norm.value
        return found, float(torch.rand(1, generator=generator(3)))

    monkeypatch.setenv(BASE, "0")
    plain = run()
    monkeypatch.setenv(BASE, "17")
    other = run()
    assert plain[0] != other[0]
    assert plain[1] != other[1]
    assert other == run()


@pytest.mark.parametrize("told", ["-1", "1.5", "seven", str(2**63)])
def test_a_base_seed_without_meaning_is_named(monkeypatch, told):
    """A base seed that is no whole number in range is refused."""
    monkeypatch.setenv(BASE, told)
    with pytest.raises(BadSimulation, match=f"{BASE} = {told}"):
        mixed(3)
