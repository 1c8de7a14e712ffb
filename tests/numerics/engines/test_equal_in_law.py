"""The exact reduction has the law of the weights that it stands for; a wrong dimension is told from the right one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from numerics import simulate
from numerics.gradients import FIXED
from tests.numerics.engines.ranks import p_value

REPLICAS = 4000
STEPS = (1, 3, 12)
LR = np.linspace(0.5, 0.3, max(STEPS))
RULES = {
    "sgd": {},
    "sgdm": {"momentum": 0.8, "dampening": 0.3},
    "sgdw": {"momentum": 0.8},
    "nesterov": {"momentum": 0.8},
    "nesterovw": {"momentum": 0.8},
    "ngd": {"beta1": 0.7},
    "lars": {"momentum": 0.8, "trust": 0.5},
    "adamw": {"beta1": 0.8, "beta2": None},
    "lamb": {"beta1": 0.8, "beta2": None},
    "adamw_tensor": {"beta1": 0.8, "beta2": 0.9},
    "adam_l2_tensor": {"beta1": 0.8, "beta2": 0.9},
}
CASES = [
    *((rule, dim, "sphere") for rule in RULES for dim in (2, 3, 4, 8, 64)),
    *(("sgdm", dim, law) for dim in (2, 3, 8) for law in ("fixed", "iid", "random length")),
    *((rule, 5, "iid") for rule in ("nesterov", "lars", "ngd", "lamb", "adam_l2_tensor")),
]
ALPHA = 1e-10
"""Probability that one question is answered wrongly by correct code."""

pytestmark = pytest.mark.chance(2 * len(STEPS), ALPHA)


def samples(rule, dim, law, engine, seed, grad_norm=1.0):
    """|w|^2 after, and the angle of, a few steps [2 x steps, replicas]."""
    chosen = replace(FIXED, spread=0.7) if law == "random length" else law
    hyper = {"lr": 0.4, "wd": 0.3} | RULES[rule]
    settings = {"replicas": REPLICAS, "law": chosen, "schedule": {"lr": LR}, "grad_norm": grad_norm, "threads": 1}
    found = simulate(rule, hyper, dim, max(STEPS), 1, seed, engine, **settings)
    places = np.array(STEPS)
    return np.concatenate([found.squared_norm[places], found.angle[places - 1]])


def least_p(one, other):
    """The smallest p-value; at dim 2 laws have atoms, which rounding must not split."""
    return min(p_value(*np.round(np.log([ours, theirs]), 7)) for ours, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize(("rule", "dim", "law"), CASES)
def test_folded_chains_are_equal_in_law(rule, dim, law):
    """Norms and angles of folded chains against those of whole vectors, on independent seeds."""
    whole, folded = (samples(rule, dim, law, engine, seed) for engine, seed in (("torch", 1), ("reduction", 2)))
    assert least_p(whole, folded) > ALPHA


@pytest.mark.parametrize("dim", [3, 4, 8])
def test_control_one_degree_of_freedom_too_few_is_noticed(dim):
    """A chain folded from one dimension less is rejected, with noise of the same mean square an entry."""
    whole = samples("sgdm", dim, "iid", "torch", 1)
    entry = math.sqrt((dim - 1) / dim)
    assert least_p(whole, samples("sgdm", dim - 1, "iid", "reduction", 2, grad_norm=entry)) < 1e-10


def test_p_values_of_equal_and_of_shifted_samples():
    """Two samples of one law have p-values spread over (0, 1); a shift by a tenth has a small one."""
    generator = np.random.default_rng(0)
    found = [p_value(*generator.standard_normal((2, 2000))) for _ in range(200)]
    assert abs(np.mean(found) - 0.5) < 0.1
    assert np.mean(np.array(found) < 0.1) < 0.2
    one, other = generator.standard_normal((2, 20000))
    assert p_value(one, other + 0.1) < 1e-10
