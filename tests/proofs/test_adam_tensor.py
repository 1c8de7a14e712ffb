"""Adam with one second moment a vector has AdamW's equilibrium, whose formula holds v at its mean, in high dimension.

The average of |g|^2/d over 1/(1 - beta2) steps departs from its mean by 1/sqrt(d), and so does |w|^2: means of norm and
cosine by no more than a few 1/d. Under coupled decay the theory has no such rule to compare with.
"""

import math

import pytest

from numerics import simulate
from proofs.comparison import Confrontation, Statistic
from theory import predict

pytestmark = pytest.mark.chance(8)

LR, WD, BETA1 = 0.1, 0.1, 0.9
DIM = 10**6
REMAINDER = 4 / DIM
"""What finite dimension may add, relative to the values; the error bars of the norm are several times as wide."""


def confronted(law, dim=DIM, **changed):
    """Norm and 1 - cosine of the exact reduction beside those of AdamW."""
    hyper = {"lr": LR, "wd": WD, "beta1": BETA1, "beta2": 0.99, "eps": 0.0} | changed
    right = predict("adamw", lr=LR, wd=WD, beta1=BETA1, dim=dim)
    settings = {"steps": 6000, "burn_in": 3000, "record": 0, "replicas": 64, "start_norm": right.equilibrium_norm}
    found = simulate("adamw_tensor", hyper, dim, law=law, engine="reduction", **settings)
    lacking = 2 * math.sin(right.angular_update / 2) ** 2
    pairs = {
        "norm": (right.equilibrium_norm, found.equilibrium_norm),
        "1 - cosine": (lacking, found.one_minus_cosine),
    }
    told = tuple(Statistic(name, x, measured, REMAINDER * x) for name, (x, measured) in pairs.items())
    return Confrontation("adamw", "reduction", hyper, {"law": law, "dim": dim}, told)


@pytest.mark.parametrize("law", ["iid", "sphere", "fixed"])
def test_its_equilibrium_is_that_of_adamw(law):
    """For gradients of fixed size and for those of a scale-invariant loss."""
    compared = confronted(law)
    assert compared.agrees, compared.report()


@pytest.mark.parametrize(
    ("law", "changed"),
    [
        ("iid", {"beta1": 0.89}),
        ("iid", {"wd": 0.1001}),
        # |g|/sqrt(d) is 1.5e-6 here, and the eps of torch adds a part of 7e-3 to it.
        ("sphere", {"eps": 1e-8}),
        # In few dimensions and with a short memory v is not at its mean.
        ("iid", {"beta2": 0.1, "dim": 2}),
    ],
)
def test_control_another_rule_is_noticed(law, changed):
    """One part of a thousand in the decay, an eps, a momentum, and few dimensions are told from the formula."""
    assert not confronted(law, **changed).agrees
