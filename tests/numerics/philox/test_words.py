"""Raw words: the published known answers, and every form equal to the reference bit by bit."""

import numpy as np
import pytest

from numerics.philox import reference

ONES = 0xFFFFFFFF
# Random123, examples/kat_vectors, philox4x32 10: counter, key, words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    """The published words: zeros, ones, digits of pi."""
    assert tuple(reference.philox4x32(np.array(counter), key)) == answer


@pytest.mark.parametrize("name", ["MULTIPLIERS", "KEY_STEPS"])
@pytest.mark.parametrize("which", [0, 1])
def test_one_wrong_constant_is_seen(monkeypatch, name, which):
    """A constant that is off by two misses the answer for the digits of pi."""
    right = getattr(reference, name)
    monkeypatch.setattr(reference, name, tuple(value + 2 * (i == which) for i, value in enumerate(right)))
    counter, key, answer = KNOWN[2]
    assert tuple(reference.philox4x32(np.array(counter), key)) != answer


def test_a_missing_round_is_seen(monkeypatch):
    """Nine rounds miss every answer."""
    monkeypatch.setattr(reference, "ROUNDS", 9)
    for counter, key, answer in KNOWN:
        assert tuple(reference.philox4x32(np.array(counter), key)) != answer
