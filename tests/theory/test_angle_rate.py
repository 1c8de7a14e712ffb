"""Which multiplier the angle shows: its gradient against finite differences, its rate against the norm's."""

import math

import numpy as np
import pytest

from tests.compare import close
from theory import complete, load
from theory.prediction import angle_convergence_rate, slowest_deviation, symbol_values

POINTS = {
    "sgd": {"lr": 0.3, "wd": 0.2},
    "sgdm": {"lr": 0.3, "wd": 0.2, "momentum": 0.8, "dampening": 0.3},
    "adamw": {"lr": 0.3, "wd": 0.2, "beta1": 0.8},
}


def log_cosine(optimizer, moments, chosen, constant):
    """log cos of one step from the moments (A, B, C), written from the optimizer's update."""
    lr, decay = chosen["lr"], chosen["lr"] * chosen["wd"]
    a, b, c = (*moments, 0.0, 0.0)[:3]
    if optimizer == "sgd":
        overlap, after = (1 - decay) * a, (1 - decay) ** 2 * a + lr**2 * constant / a
    elif optimizer == "sgdm":
        keep, share = chosen["momentum"], 1 - chosen["dampening"]
        shrink = 1 - decay * share
        overlap = shrink * a - lr * keep * b
        after = shrink**2 * a - 2 * shrink * lr * keep * b + (lr * keep) ** 2 * c + (lr * share) ** 2 * constant / a
    else:
        keep, shrink = chosen["beta1"], 1 - decay
        overlap = shrink * a - lr * keep * b
        after = shrink**2 * a - 2 * shrink * lr * keep * b + (lr * keep) ** 2 * c + (lr * (1 - keep)) ** 2 * constant
    return math.log(overlap / math.sqrt(a * after))


@pytest.mark.parametrize("optimizer", POINTS)
def test_gradient_is_the_slope_of_the_cosine(optimizer):
    """The gradient of log cos agrees with central differences of one step written from the update."""
    chosen = POINTS[optimizer]
    rule = load(optimizer)
    values = symbol_values(rule, complete(optimizer, chosen))
    unit = np.array(rule("unit_gram", values), dtype=float)
    moments = unit[np.triu_indices(len(unit))]
    # At unit input q(A) = 1: the constant of q is A where gradients shrink with 1/|w|, and 1 where they do not.
    constant = 1.0 if optimizer == "adamw" else moments[0]
    slopes = []
    for k in range(len(moments)):
        step = np.zeros(len(moments))
        step[k] = 1e-6 * abs(moments[k])
        ends = [log_cosine(optimizer, moments + sign * step, chosen, constant) for sign in (1, -1)]
        slopes.append((ends[0] - ends[1]) / (2 * step[k]))
    found = np.array(rule("log_cosine_gradient", values), dtype=float)
    assert found == pytest.approx(slopes, rel=1e-6)


@pytest.mark.parametrize("optimizer", POINTS)
@pytest.mark.parametrize("decay", [1e-3, 0.06, 0.7])
def test_angle_converges_as_the_norm(optimizer, decay):
    """The slowest multiplier shows in the angle, so that its rate is the norm's."""
    chosen = {**POINTS[optimizer], "wd": decay / POINTS[optimizer]["lr"]}
    rule = load(optimizer)
    values = symbol_values(rule, complete(optimizer, chosen))
    assert angle_convergence_rate(rule, values) == close(abs(1 - slowest_deviation(rule, values)), 1e-9)
