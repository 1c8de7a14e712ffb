"""The functions behind a recursion: what they hold, how they are kept, and rules with a gain."""

import numpy as np
import pytest

from tests.compare import close
from theory import OPTIMIZERS, OutOfDomain, motion, scheduled
from theory.motion import Motion, source
from theory.trajectory import trajectory


def test_matrices_are_those_of_the_rule():
    """M and N at numbers are the rule's own."""
    found = motion.motion("sgdm")
    transition, drive = found.matrices({"eta": 0.1, "lam": 0.5, "alpha": 0.9, "tau": 0.0})
    assert transition == pytest.approx(np.array([[0.95, -0.09], [0.5, 0.9]]))
    assert drive == pytest.approx(np.array([-0.1, 1.0]))
    assert found.amplitude(4.0, {"L": 2.0}) == 0.5


def test_the_modes_add_up_to_the_correlation_at_lag_one():
    """Settled, what enters the modes weighs (2/pi) arcsin(rho); from an empty buffer it grows towards that."""
    values = {"beta_1": 0.9, "beta_2": 0.95}
    settled = motion.motion("lion").memory(values, settled=True)
    expected = 2 / np.pi * np.arcsin(settled.correlation)
    assert settled.weights @ settled.advance()[1] == close(expected, 1e-14)
    empty = motion.motion("lion").memory(values, settled=False)
    entering = [empty.weights @ empty.advance()[1] for _ in range(200)]
    assert (np.diff(entering) > -1e-15).all()
    assert entering[0] < 0.5 * expected
    assert entering[-1] == close(expected, 1e-6)


def test_a_damaged_entry_is_derived_again(empty_cache):
    """The cache's entry may be missing, written, or damaged: the functions are the same."""
    motion.motion.cache_clear()
    first = motion.motion("sgd")
    (entry,) = empty_cache.glob("sgd-motion-*.py")
    motion.motion.cache_clear()
    assert motion.motion("sgd").matrices({"eta": 0.1, "lam": 0.5})[0] == first.matrices({"eta": 0.1, "lam": 0.5})[0]
    entry.write_text("nonsense", encoding="utf-8")
    motion.motion.cache_clear()
    assert motion.motion("sgd").amplitude(2.0, {"L": 1.0}) == 0.5
    motion.motion.cache_clear()


def test_a_gain_multiplies_the_learning_rate(monkeypatch):
    """A rule whose step size follows its moments moves as the plain rule does at that step size."""
    code = source(OPTIMIZERS["sgd"]) + "\n\ndef gain(*, A, **_):\n    return 3.0 if A > 0 else 1.0\n"
    monkeypatch.setattr("theory.trajectory.motion", lambda name: Motion(code, name))
    tripled = trajectory("sgd", scheduled("cosine", lr=0.1, wd=0.1, steps=20), 1.0)
    monkeypatch.undo()
    plain = trajectory("sgd", scheduled("cosine", lr=0.3, wd=0.1, steps=20), 1.0)
    assert tripled.norm == pytest.approx(plain.norm, rel=1e-14)
    assert tripled.angle == pytest.approx(plain.angle, rel=1e-12)


def test_a_memory_without_a_filter_is_refused(monkeypatch):
    """A correlated sign input whose filter is not known has no trajectory."""
    monkeypatch.setattr(motion, "FILTERS", {})
    with pytest.raises(OutOfDomain, match="lion"):
        source(OPTIMIZERS["lion"])
