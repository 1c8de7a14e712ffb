"""Rules whose step size has a gain, by hand: Adam with L2, RMSprop, LARS and LAMB."""

import math

import numpy as np
import pytest

from tests.compare import close
from theory import NoEquilibrium, complete, equilibrium_of, load, predict
from theory.prediction import symbol_values

RATES = np.logspace(-4, -3, 6)
"""Learning rates of the fits."""


def decay_per_step(optimizer, **chosen):
    """P = y eta lambda at the equilibrium."""
    return symbol_values(load(optimizer), complete(optimizer, chosen))["p"]


def remainders(optimizer, law, **chosen):
    """exact/law - 1 of the angle over learning rates."""
    return np.array([predict(optimizer, lr=x, **chosen).angular_update / law(x) - 1 for x in RATES])


def order(errors):
    """Slope of log |error| against log lr."""
    return np.polyfit(np.log(RATES), np.log(np.abs(errors)), 1)[0]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lion"])
def test_without_a_gain_there_is_no_law_of_the_step_size(optimizer):
    """Elsewhere the decay per step is lr*wd, and asking for another law of it is a fault."""
    with pytest.raises(ValueError, match=f"{optimizer} has no gain"):
        equilibrium_of(optimizer).step_size_law  # noqa: B018


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
def test_the_cube_root_law_of_adam_with_l2(beta1):
    """theta = (2 d lr^2 wd / G)^(1/3) sqrt((1 - beta1)/(1 + beta1)), up to -beta1/(3 (1 + beta1)) of P ~ lr^(4/3)."""
    wd, dim, size = 0.3, 16, 2.0

    def cube(lr):
        return (2 * dim * lr**2 * wd / size) ** (1 / 3)

    def law(lr):
        return cube(lr) * math.sqrt((1 - beta1) / (1 + beta1))

    chosen = {"wd": wd, "dim": dim, "grad_norm": size, "beta1": beta1}
    found = predict("adam_l2", lr=1e-3, **chosen)
    assert found.leading_order["angular_update"] == close(law(1e-3), 1e-12)
    errors = remainders("adam_l2", law, **chosen)
    assert order(errors) == pytest.approx(4 / 3 if beta1 else 8 / 3, abs=0.05)
    if beta1:
        small = cube(RATES[0]) ** 2 / 2
        assert errors[0] / small == close(-beta1 / (3 * (1 + beta1)), 0.02)


def test_the_cube_root_law_is_told_from_the_square_root():
    """The fit can fail: against the law of decoupled decay the angle misses by a power of the learning rate."""
    errors = remainders("adam_l2", lambda lr: math.sqrt(2 * lr * 0.3), wd=0.3, dim=16, beta1=0.0)
    ratio = np.log(errors[-1] + 1) - np.log(errors[0] + 1)
    assert ratio / math.log(RATES[-1] / RATES[0]) == pytest.approx(2 / 3 - 1 / 2, abs=0.01)


def test_rmsprop_at_its_own_step_size():
    """A^2 P (2 - P) = (y lr)^2 L with y = sqrt(d / (L/A + wd^2 A)) and P = y lr wd, at the predicted norm."""
    lr, wd, dim, size = 0.05, 0.7, 9, 1.5
    found = predict("rmsprop", lr=lr, wd=wd, dim=dim, grad_norm=size)
    square = found.equilibrium_norm**2
    step = lr * math.sqrt(dim / (size**2 / square + wd**2 * square))
    p = decay_per_step("rmsprop", lr=lr, wd=wd, dim=dim, grad_norm=size)
    assert p == close(step * wd, 1e-12)
    assert square**2 * p * (2 - p) == close(step**2 * size**2, 1e-12)
    assert found.cos_angular_update == close(1 - p, 1e-12)


@pytest.mark.parametrize("lr", [1e-4, 0.01, 0.5])
@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("wd", [1e-3, 2.0])
def test_lamb_turns_by_its_learning_rate(lr, beta1, wd):
    """2 (1 - cos) = lr^2 whatever beta1, wd and dim: every step is lr |w| long and none changes the norm."""
    for dim in (1, 64):
        assert predict("lamb", lr=lr, wd=wd, beta1=beta1, dim=dim).chord == close(lr, 1e-9)


def test_only_lamb_does():
    """The comparison can fail: the chord of LARS at trust 1 and of Adam with L2 is another."""
    assert predict("lars", lr=0.01, wd=0.1, trust=1, momentum=0).chord != close(0.01, 1e-3)
    assert predict("adam_l2", lr=0.01, wd=0.1, beta1=0).chord != close(0.01, 1e-3)


def test_lamb_without_an_equilibrium():
    """A chord is at most 2: the learning rate has an upper end, which is named."""
    with pytest.raises(NoEquilibrium, match="lr = 3 is outside"):
        predict("lamb", lr=3, wd=0.1)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_lars_tends_to_its_trust(momentum):
    """theta = lr trust / sqrt(1 - momentum^2) (1 - lr trust / (2 (1 - momentum)) + ...), whatever wd."""
    trust = 0.5

    def law(lr):
        return lr * trust / math.sqrt(1 - momentum**2)

    chosen = {"wd": 0.3, "momentum": momentum, "trust": trust}
    assert predict("lars", lr=1e-3, **chosen).leading_order["angular_update"] == close(law(1e-3), 1e-12)
    errors = remainders("lars", law, **chosen)
    assert order(errors) == pytest.approx(1, abs=0.03)
    assert errors[0] / RATES[0] == close(-trust / (2 * (1 - momentum)), 0.02)


@pytest.mark.parametrize("lr", [0.01, 0.5])
def test_the_angle_of_lars_knows_neither_decay_nor_gradient(lr):
    """wd and the gradient's norm set the norm, |w|^2 ~ G / wd, and leave the angle alone."""
    one, other = (predict("lars", lr=lr, wd=wd, grad_norm=g, trust=0.1) for wd, g in ((0.01, 1.0), (3.0, 7.0)))
    assert one.angular_update == close(other.angular_update, 1e-12)
    assert one.equilibrium_norm / other.equilibrium_norm == close(math.sqrt(3.0 / 0.01 / 7.0), 1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_lars_at_its_own_step_size(momentum):
    """P = y lr wd with y = trust A / (G + wd A) at the predicted norm."""
    chosen = {"lr": 0.5, "wd": 0.2, "momentum": momentum, "trust": 0.1, "grad_norm": 3.0}
    square = predict("lars", **chosen).equilibrium_norm ** 2
    assert decay_per_step("lars", **chosen) == close(0.1 * square / (3 + 0.2 * square) * 0.5 * 0.2, 1e-12)


def test_an_equilibrium_that_repels_names_the_learning_rate():
    """Under a gain lr*wd says nothing: the line names lr, and the decay per step that it makes."""
    with pytest.raises(NoEquilibrium, match=r"^lr = 0\.1 makes the decay per step 2\.11\d+: the multiplier"):
        predict("nadam_l2", lr=0.1, wd=1, beta1=0.5, dim=1024)
