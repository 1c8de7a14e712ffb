"""Twin runs of torch agree where the theory says so, and every spoilt statement is rejected."""

import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from proofs import equivalences as e
from proofs.claim import Obligation
from proofs.claims import equivalences as equivalence_claims
from proofs.claims import three_regimes as regime_claims
from proofs.layers import points
from proofs.pathwise import discrepancy, distance
from tests.strategies import examples, log_uniform, seeds
from theory.equivalence import NoEquivalentSchedule

pytestmark = pytest.mark.chance(4)


@examples(0.1)
@given(log_uniform(1e-4, 0.9), st.sampled_from([0.0, 0.5, 0.9, 0.99]), st.sampled_from([0.0, 0.5]), seeds())
def test_schedule_twins_agree(share, alpha, dampening, seed):
    """With the equivalent schedule the run without decay is the run with decay, through a drop of lr."""
    dampening = dampening if alpha else 0.0
    wd = share * (1 - math.sqrt(alpha)) ** 2 / 0.3
    lrs = [0.3] * 20 + [0.03] * 20
    found = e.schedule_twin(lrs, wd=wd, momentum=alpha, dampening=dampening, seed=seed)
    assert found.agrees, found.report()
    assert not e.schedule_twin(lrs, wd=wd, momentum=alpha, dampening=dampening, seed=seed, error=1e-6).agrees


def test_complex_roots_have_no_twin():
    """Beyond (1 - sqrt(alpha))^2 decay alone turns the weights around."""
    with pytest.raises(NoEquivalentSchedule):
        e.schedule_twin([0.3] * 200, wd=0.02, momentum=0.9)


def test_published_start_is_rejected():
    """The exponential schedule agrees with its buffer and not from an empty one, even at the published p = 5e-5."""
    assert e.root_twin(0.1, 5e-4, 0.9).agrees
    for wd in (5e-4, 0.005, 0.02):
        assert not e.root_twin(0.1, wd, 0.9, start_buffer=False).agrees


def test_late_excess():
    """The published schedule's late learning rate is too large by k^2; a spoilt k^2 is rejected."""
    assert e.late_excess(0.1, 5e-4, 0.9).agrees
    assert not e.late_excess(0.1, 5e-4, 0.9, error=1e-6).agrees


def test_decoupled_decay_changes_the_momentum():
    """With momentum alpha a the twins agree, with alpha they do not."""
    assert e.decoupled_twin(0.3, 0.1, 0.9).agrees
    assert not e.decoupled_twin(0.3, 0.1, 0.9, same_momentum=True).agrees


@pytest.mark.parametrize("factor", [0.1, 30.0])
def test_scale_is_a_choice_of_units(factor):
    """Scaling lr by the right power of the weights' scale leaves every direction; another power does not."""
    assert all(c.agrees for c in e.scaled_twins(factor))
    assert not any(c.agrees for c in e.scaled_twins(factor, power=3))


def test_direction_sees_phi():
    """Tangent and recursion hold along a run; with the exponent of a normalised update they do not."""
    assert e.tangents(0.5, 0.1).agrees
    assert not e.tangents(0.5, 0.1, degree=0).agrees


def test_adamw_averages_its_updates():
    """The weights are the average of Adam's updates; with every age off by one they are not."""
    assert e.averaged_updates(0.05, 0.2).agrees
    assert not e.averaged_updates(0.05, 0.2, shift=1).agrees


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_isotropic_fixed_point_and_jacobian(noise):
    """The pair stays and its Jacobian is the derived one; a Jacobian off by 1e-4 is rejected."""
    assert e.isotropic_jacobian(0.1, noise).agrees
    assert not e.isotropic_jacobian(0.1, noise, error=1e-4).agrees


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_noise_decides_whether_it_attracts(p):
    """Below the critical noise runs of torch leave the fixed point, above it they return."""
    assert e.isotropic_border(p, 0.0) > 10
    assert e.isotropic_border(p, 0.9) > 2
    assert e.isotropic_border(p, 1.1) < 0.5


def test_distances_can_fail():
    """Equal vectors agree; a difference of 1e-10 does not."""
    v = torch.ones(4, 16, 3, dtype=torch.float64)
    for compare in (distance, discrepancy):
        assert compare("x", v, v).p_value == 1.0
        assert compare("x", v, v * (1 + 1e-10)).p_value < 1e-9


@pytest.mark.parametrize("claim", [*equivalence_claims.CLAIMS, *regime_claims.CLAIMS], ids=lambda c: c.id)
def test_spoilt_obligations_are_refuted(claim):
    """Control: every equation of these claims with its right side 3 per cent off has a witness against it."""
    equations = [owed for owed in claim.owed if owed.relation == "="]
    assert equations
    for owed in equations:
        wrong = owed.right - Rational(1, 100) if owed.right == 0 else owed.right * Rational(103, 100)
        assert owed.left == owed.right == 0 or points.refutes(
            Obligation(owed.says, owed.left, wrong), points.Scan(random.Random(0))
        ), owed.says
