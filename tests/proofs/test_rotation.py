"""Optimizers turn the weights as derived, step by step and in all, and every spoilt prediction is rejected."""

import pytest

from proofs import rotation as r

pytestmark = pytest.mark.chance(8)


@pytest.mark.parametrize("averaging", [0.0, 0.5, 0.9])
def test_steps_of_a_variant(averaging):
    """The average before and after a step gives its angle, and the bound holds; off by 1e-6 both are rejected."""
    assert r.variant_steps(averaging).agrees
    assert not r.variant_steps(averaging, error=1e-6).agrees


def test_another_average_is_seen(monkeypatch):
    """Control: that the average's start is not corrected, as if all had been averaged for long, is rejected."""
    monkeypatch.setattr(r, "weight", lambda averaging, count: averaging / (1 - averaging))
    assert not r.variant_steps(0.9).agrees


@pytest.mark.parametrize("spread", [0.0, 0.5, 2.0])
def test_sum_of_a_variant_s_turns(spread):
    """It stays below its bound, which the first step reaches; a bound 1e-6 lower is rejected."""
    assert r.variant_sum(spread).agrees
    assert not r.variant_sum(spread, bound=1 - 1e-6).agrees


def test_a_variant_of_unequal_updates_turns_less():
    """By a third over many steps where their lengths spread, and not at all where they do not."""
    turned = [(r.turn(0.9, spread, 300).tangent / r.NOMINAL).square().mean().item() for spread in (0.0, 1.5)]
    assert turned[0] == pytest.approx(1, abs=1e-12)
    assert turned[1] < 0.9


@pytest.mark.parametrize("nominal", [0.05, 1.0])
def test_steps_without_projection(nominal):
    """Norm and angle of each step; off by 1e-6 they are rejected."""
    assert r.unprojected(nominal).agrees
    assert not r.unprojected(nominal, error=1e-6).agrees


def test_oblique_steps():
    """LionAR turns by what the cosine says; a nominal angle off by 1e-6 is rejected."""
    assert r.oblique_steps().agrees
    assert not r.oblique_steps(error=1e-6).agrees


@pytest.mark.parametrize("p", [1e-4, 1e-2])
def test_nominal_angle(p):
    """It falls short of the equilibrium's by 3/4 of p, up to p squared; a coefficient twice as large is rejected."""
    assert r.nominal_angle(p).agrees
    assert not r.nominal_angle(p, error=1.0).agrees


@pytest.mark.parametrize("kind", ["constant", "linear", "wsd"])
def test_turning_budget(kind):
    """To rounding, whatever the schedule; off by 1e-6 it is rejected."""
    assert r.turning_budget(kind).agrees
    assert not r.turning_budget(kind, error=1e-6).agrees


@pytest.mark.parametrize(("name", "error"), [("sgd", 0.05), ("sgdm", 0.05), ("adamw", 0.3)])
def test_turning_in_transit(name, error):
    """With momentum to leading order; a share larger by so much is rejected."""
    assert r.transit(name).agrees
    assert not r.transit(name, error=error).agrees


@pytest.mark.parametrize("factor", [0.1, 0.9, 3.0])
def test_first_turn(factor):
    """SGD's tangent goes as the squared norm to rounding; off by 1e-6 it is rejected."""
    assert r.first_turn(factor).agrees
    assert not r.first_turn(factor, error=1e-6).agrees


def test_later_turn():
    """AdamW's squared angle goes as the squared norm once its buffer is full; off by 10 per cent it is rejected."""
    assert r.later_turn().agrees
    assert not r.later_turn(error=0.1).agrees


@pytest.mark.parametrize("warm", [True, False])
def test_turning_of_a_warmup(warm):
    """With and without; off by 10 per cent it is rejected."""
    assert r.warmup_turn(warm, 600).agrees
    assert not r.warmup_turn(warm, 600, error=0.1).agrees


@pytest.mark.parametrize("bias", ["corrected", "inverse", "level"])
def test_early_updates(bias):
    """Mean squares of AdamW's first updates by each factor; off by 5 per cent they are rejected."""
    assert r.early_updates(bias).agrees
    assert not r.early_updates(bias, error=0.05).agrees
