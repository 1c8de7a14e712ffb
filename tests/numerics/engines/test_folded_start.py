"""Folded chains that begin in the middle of a run: the length, and the parts of the buffer along w and across."""

import numpy as np
import pytest
import torch

from numerics import Start, simulate
from numerics.updates import State
from tests.numerics.engines.ranks import p_value

pytestmark = pytest.mark.chance(1, 1e-9)

REPLICAS, DIM, STEPS = 4000, 5, (1, 2, 6)
HYPER = {"lr": 0.4, "wd": 0.3, "momentum": 0.8}
ALPHA = 1e-9 / (2 * len(STEPS))
"""By Bonferroni, correct code fails with probability below 1e-9 over seeds."""


def start(across=1.0):
    """The same weights and buffer for all chains, the buffer's part beside the weights multiplied."""
    weights, beside = torch.zeros(REPLICAS, DIM).double(), torch.zeros(REPLICAS, DIM).double()
    weights[:, 0], weights[:, 1], beside[:, 2] = 0.6, 0.8, across
    return Start(weights, State(buffer=-0.5 * weights + beside, second_moment=None, steps=7))


def samples(engine, seed, begun):
    """|w|^2 after, and the angle of, a few steps [2 x steps, replicas], with gradients small beside the buffer."""
    settings = {"replicas": REPLICAS, "law": "sphere", "start": begun, "engine": engine, "grad_norm": 0.1}
    found = simulate("sgdm", HYPER, DIM, max(STEPS), 1, seed, **settings)
    places = np.array(STEPS)
    return np.concatenate([found.squared_norm[places], found.angle[places - 1]])


def least_p(one, other):
    """The smallest p-value; laws that rounding alone spreads are one atom."""
    return min(p_value(*np.round(np.log([ours, theirs]), 7)) for ours, theirs in zip(one, other, strict=True))


def test_a_start_folds_to_the_same_law():
    """From the same weights and buffer; a buffer that is 5 % longer beside the weights is told from it."""
    whole = samples("torch", 1, start())
    assert least_p(whole, samples("reduction", 2, start())) > ALPHA
    assert least_p(whole, samples("reduction", 2, start(1.05))) < 1e-12
