"""Norms and angles keep their digits at small angles, where the textbook formulas lose them all."""

import math

import pytest
import torch
from hypothesis import given

from numerics import geometry
from tests import strategies
from tests.compare import close


def pair(theta, dim=64, seed=0, dtype=torch.float64, growth=1.3):
    """A random vector and one at the angle theta from it, ``growth`` times as long."""
    generator = torch.Generator().manual_seed(seed)
    p, q = torch.randn(2, dim, generator=generator, dtype=torch.float64)
    p = p / p.norm()
    q = q - p * (p @ q)
    q = q / q.norm()
    before, after = 2.5 * p, 2.5 * growth * (math.cos(theta) * p + math.sin(theta) * q)
    return before.to(dtype), after.to(dtype)


def arccosine(before, after):
    """The textbook angle, for contrast."""
    return torch.acos((geometry.unit(before) * geometry.unit(after)).sum(-1).clamp(-1, 1))


def test_angle_of_a_billionth_of_a_radian():
    """In double precision an angle of 1e-9 has six digits, where the arccosine has none."""
    before, after = pair(1e-9)
    assert float(geometry.angle(before, after)) == close(1e-9, 1e-6)
    assert abs(float(arccosine(before, after)) / 1e-9 - 1) > 0.5


def test_small_angle_in_single_precision():
    """In single precision an angle of 1e-4 is right to 3%, where the arccosine is off by more than half."""
    before, after = pair(1e-4, dtype=torch.float32)
    assert float(geometry.angle(before, after)) == close(1e-4, 0.03)
    assert abs(float(arccosine(before, after)) / 1e-4 - 1) > 0.5


def test_angle_next_to_a_half_turn():
    """Next to pi the difference from pi keeps its digits too."""
    before, after = pair(1e-7)
    assert math.pi - float(geometry.angle(before, -after)) == close(1e-7, 1e-6)


@given(strategies.log_uniform(1e-6, 3), strategies.dims(2, 256), strategies.seeds(), strategies.log_uniform(0.1, 10))
def test_angle_chord_sine_and_tangential_ratio(theta, dim, seed, growth):
    """Each quantity is its function of the angle, to the rounding of a unit vector."""
    before, after = pair(theta, dim, seed, growth=growth)
    rounding = 1e-13
    assert float(geometry.angle(before, after)) == pytest.approx(theta, abs=rounding)
    assert float(geometry.chord(before, after)) == pytest.approx(2 * math.sin(theta / 2), abs=rounding)
    assert float(geometry.sine(before, after)) == pytest.approx(math.sin(theta), abs=rounding)
    ratio = growth * math.sin(theta)
    assert float(geometry.tangential_ratio(before, after)) == pytest.approx(ratio, abs=rounding * max(1, growth))


def test_the_quantities_are_different_numbers():
    """At an angle of 1 chord, sine, angle and tangential ratio are four numbers, so none stands in for another."""
    before, after = pair(1.0)
    found = [f(before, after) for f in (geometry.angle, geometry.chord, geometry.sine, geometry.tangential_ratio)]
    assert len({round(float(x), 3) for x in found}) == 4


def test_lost_overlap_keeps_its_digits():
    """<w, w - w'> of a step of relative size 1e-9 has its digits, where |w|^2 - <w, w'> has lost half of them."""
    generator = torch.Generator().manual_seed(1)
    w = torch.randn(64, generator=generator, dtype=torch.float64)
    shrink = 2.0**-40
    expected = shrink * float(geometry.squared_norm(w))
    assert float(geometry.lost_overlap(w, w - shrink * w)) == close(expected, 1e-3)
    exact = w * (1 - shrink)
    assert float(geometry.lost_overlap(w, exact)) == float((w * (w - exact)).sum())


def test_batches_give_one_number_a_vector():
    """The last axis is the coordinate; every other axis stays."""
    generator = torch.Generator().manual_seed(2)
    before, after = torch.randn(2, 3, 5, 7, generator=generator, dtype=torch.float64)
    for function in (
        geometry.angle,
        geometry.chord,
        geometry.sine,
        geometry.tangential_ratio,
        geometry.lost_overlap,
    ):
        found = function(before, after)
        assert found.shape == (3, 5)
        assert float(found[1, 2]) == close(float(function(before[1, 2], after[1, 2])), 1e-14)
    assert geometry.squared_norm(before).shape == (3, 5)


def test_unit_vectors_are_unit():
    """|w/|w|| = 1, and 3-4-5 has the squared norm 25."""
    w = torch.tensor([3.0, 4.0], dtype=torch.float64)
    assert geometry.unit(w).tolist() == [0.6, 0.8]
    assert float(geometry.squared_norm(w)) == 25
