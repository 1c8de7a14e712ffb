"""Where the equilibrium ends: the decay at which the norm diverges and the one at which it alternates."""

import pytest
from sympy import cancel

from theory import equilibrium_of
from theory.stability import divergences, flips
from theory.symbols import INTERIOR, beta2, dampening, momentum


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lion"])
def test_norm_diverges_at_decay_two(optimizer):
    """SGD, AdamW and Lion lose their equilibrium at p = 2, where a = -1."""
    roots = [root.subs(INTERIOR) for root in divergences(equilibrium_of(optimizer))]
    assert min(root for root in roots if root > 0) == 2


def test_sgdm_diverges_later():
    """SGDM keeps its equilibrium up to p (1 - tau) = 2 (1 + alpha) and alternates at half of that."""
    limit = 2 * (1 + momentum) / (1 - dampening)
    (diverges,), (alternates,) = divergences(equilibrium_of("sgdm")), flips(equilibrium_of("sgdm"))
    assert cancel(diverges - limit) == 0
    assert cancel(alternates - limit / 2) == 0


def test_sgd_alternates_at_decay_one():
    """SGD's multiplier is -1 at p = 1 and nowhere else."""
    assert flips(equilibrium_of("sgd")) == [1]


def test_flip_of_lion_lies_beyond_its_divergence():
    """a beta2 = -1 needs p = 1 + 1/beta2 > 2: Lion's norm never alternates."""
    (flip,) = flips(equilibrium_of("lion"))
    assert cancel(flip - 1 - 1 / beta2) == 0
