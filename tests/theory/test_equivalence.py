"""Decay as a growing learning rate, and decoupled decay as an average: the derived identities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, simplify, solve, sqrt

from tests.compare import close
from tests.strategies import examples
from theory import equivalence
from theory.optimizers.sgd import SGD
from theory.optimizers.sgdm import SGDM
from theory.symbols import damped_decay, growth_root, lr, momentum, multiplier, wd


@pytest.mark.parametrize("rule", [SGD, SGDM], ids=["sgd", "sgdm"])
def test_transported_step_is_the_step_without_decay(rule):
    """The change of variables turns the step with decay into the step without, at lr/(P P')."""
    for moved, free in zip(equivalence.transported_step(rule), equivalence.decay_free_step(rule), strict=True):
        assert (moved - free).applyfunc(simplify).is_zero_matrix


def test_transported_step_needs_the_buffer():
    """Control: scaling the weights alone, without the change of buffer, leaves another step."""
    before, after = (equivalence.gauge(s).subs(equivalence.decayed_buffer, 0) for s in (
        equivalence.Matrix([equivalence.decayed_norm, equivalence.decayed_buffer]), equivalence.decay_only(SGDM)
    ))  # fmt: skip
    moved = after * SGDM.transition * before.inv()
    assert not (moved - equivalence.decay_free_step(SGDM)[0]).applyfunc(simplify).is_zero_matrix


def test_roots_are_those_of_the_published_polynomial():
    """z^2 - (1 + alpha - u) z + alpha at 2/5 and its partner: u, and the root near one, come back."""
    root, alpha = Rational(4, 5), Rational(1, 2)
    at = {growth_root: root, momentum: alpha}
    u = equivalence.decay_of_root().subs(at)
    polynomial = equivalence.characteristic().subs({damped_decay: u, momentum: alpha})
    assert set(solve(polynomial, multiplier)) == {root, alpha / root}
    assert equivalence.root_near_one().subs({damped_decay: u, momentum: alpha}) == root


def test_most_decay_is_where_the_roots_meet():
    """At u = (1 - sqrt(alpha))^2 the root is double; a little beyond it is not real."""
    assert simplify(equivalence.most_decay() - (1 - sqrt(momentum)) ** 2) == 0
    border = float(equivalence.most_decay().subs(momentum, 0.9))
    beyond = equivalence.root_near_one().subs({momentum: 0.9, damped_decay: border * 1.001})
    assert abs(complex(beyond).imag) > 1e-4
    assert border == close(2.633403898972404e-3, 1e-12)


def test_published_growth_per_epoch():
    """lr 0.1, momentum 0.9, decay 5e-4 and 391 steps an epoch give the published factor 1.481; 1e-4 does not."""

    def per_epoch(decay, steps):
        return float(equivalence.root_near_one().subs({momentum: 0.9, damped_decay: 0.1 * decay})) ** (-2 * steps)

    assert round(per_epoch(5e-4, 391), 3) == 1.481
    assert round(per_epoch(5e-4, 390), 3) != 1.481
    assert round(per_epoch(1e-4, 391), 3) == 1.081


@examples(0.3)
@given(st.floats(0.05, 0.95), st.floats(1e-4, 0.9), st.integers(0, 30))
def test_decay_factor_is_the_iterated_decay(alpha, share, steps):
    """The closed form P_t equals torch's rule iterated on a zero gradient."""
    u = share * (1 - alpha**0.5) ** 2
    root = float(equivalence.root_near_one().subs({momentum: alpha, damped_decay: u}))
    norms, _ = equivalence.equivalent_schedule([0.5] * (steps + 1), u / 0.5, alpha)
    found = equivalence.decay_factor().subs({momentum: alpha, growth_root: root, equivalence.elapsed: steps})
    assert float(found) == close(norms[steps], 1e-9)


def test_equivalent_schedule_at_a_drop_of_the_learning_rate():
    """SGD: at a drop by 10 the equivalent learning rate falls by 10 and grows by half a step of each phase."""
    norms, found = equivalence.equivalent_schedule([0.5, 0.5, 0.05, 0.05], 0.1)
    old, new = 1 - 0.05, 1 - 0.005
    assert found[1] / found[0] == close(old**-2, 1e-14)
    assert found[2] / found[1] == close(0.1 / (old * new), 1e-14)
    assert found[3] / found[2] == close(new**-2, 1e-14)
    assert norms[-1] == close(old**2 * new**2, 1e-14)


def test_equivalent_schedule_refuses_decay_that_turns_the_weights_around():
    """Complex roots: P passes through zero; the message names the point and the step."""
    with pytest.raises(equivalence.NoEquivalentSchedule, match=r"lr = 0.3, wd = 0.02, momentum = 0.9: .* at step \d+"):
        equivalence.equivalent_schedule([0.3] * 200, 0.02, 0.9)
    with pytest.raises(equivalence.NoEquivalentSchedule, match="at step 1,"):
        equivalence.equivalent_schedule([1.0], 1.0)


def test_buffer_of_root_is_an_eigenvector():
    """Decay alone multiplies (1, b/P) by the root at exact numbers, and not a spoilt one."""
    at = {momentum: Rational(1, 2), growth_root: Rational(4, 5), lr: Rational(1, 10)}
    u = equivalence.decay_of_root().subs(at)
    step = SGDM.transition.subs({equivalence.dampening: 0, wd: u / at[lr], lr: at[lr], momentum: at[momentum]})
    start = equivalence.Matrix([1, equivalence.buffer_of_root().subs(at)])
    assert step * start == at[growth_root] * start
    spoilt = equivalence.Matrix([1, start[1] * Rational(101, 100)])
    assert step * spoilt != at[growth_root] * spoilt


def test_average_has_mean_age_one_over_decay():
    """Weights p a^j: they and the start's add up to one, and their mean age is 1/p to the tail's size."""
    p, steps = 0.01, 4000
    weights = np.array([float(equivalence.ema_weight(j).subs(equivalence.decay, p)) for j in range(steps)])
    left = float(equivalence.forgetting().subs({equivalence.decay: p, equivalence.elapsed: steps}))
    assert weights.sum() + left == close(1.0, 1e-12)
    assert float((weights * np.arange(1, steps + 1)).sum()) == close(
        float(equivalence.mean_age().subs(equivalence.decay, p)), 1e-12
    )
    assert float(equivalence.e_folding().subs(equivalence.decay, p)) == close(1 / p - 0.5 - p / 12, 1e-7)
