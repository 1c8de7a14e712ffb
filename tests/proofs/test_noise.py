"""Confrontations beyond white Gaussian noise: theory survives them, and wrong theories do not."""

import pytest

from proofs import noise
from theory.optimizers import OPTIMIZERS
from theory.orthogonality import WeightRecursion
from theory.symbols import lr, wd
from theory.update_rule import UpdateRule

pytestmark = pytest.mark.chance(6)

MOMENTUM = {"sgd": {}, "sgdm": {"momentum": 0.9}, "adamw": {"beta1": 0.9}}
POINT = {"lr": 0.1, "wd": 0.5}


@pytest.mark.parametrize("optimizer", MOMENTUM)
@pytest.mark.parametrize(("phi", "r"), [(0.9, 0.0), (0.0, 0.2)])
def test_correlated_gradients(optimizer, phi, r):
    """Norm and 1 - cos under AR(1) gradients and under a signal; those of white noise are rejected."""
    point = POINT | MOMENTUM[optimizer]
    assert noise.correlated("test", optimizer, point, phi, r, "cpu").agrees
    assert not noise.correlated("test", optimizer, point, phi, r, "cpu", believed=(0.0, 0.0)).agrees


@pytest.mark.parametrize("optimizer", MOMENTUM)
def test_orthogonal_gradients_do_not_move_the_angle(optimizer):
    """The angle of white gradients under strongly correlated ones orthogonal to w; one 3 % off is rejected."""
    point = POINT | MOMENTUM[optimizer]
    found = noise.orthogonal(optimizer, point, 0.9, 0.5, "cpu")
    assert found.agrees, found.report()
    wrong = 1.03 * found.statistics[0].predicted
    assert not noise.orthogonal(optimizer, point, 0.9, 0.5, "cpu", lost=wrong).agrees


def test_orthogonal_gradients_move_the_norm_of_momentum():
    """The same gradients change SGDM's norm by more than twenty standard errors."""
    point = POINT | MOMENTUM["sgdm"]
    update = noise.update_for("sgdm", point)
    white, correlated = (noise.orthogonal_run(update, point, phi, 0.0).equilibrium_norm for phi in (0.0, 0.9))
    assert abs(correlated.value - white.value) > 20 * (white.standard_error + correlated.standard_error)


def test_nesterov_is_the_control():
    """Nesterov's angle does move: the last gradient enters its step, and correlation changes 1 - cos by percents."""
    assert not WeightRecursion.of(OPTIMIZERS["nesterov"]).is_immune
    with pytest.raises(ValueError, match="last gradient"):
        WeightRecursion.of(OPTIMIZERS["nesterov"]).one_minus_cosine  # noqa: B018
    point = POINT | {"momentum": 0.9}
    update = noise.update_for("nesterov", point)
    white, correlated = (noise.orthogonal_run(update, point, phi, 0.0).one_minus_cosine for phi in (0.0, 0.9))
    assert abs(correlated.value - white.value) > 20 * (white.standard_error + correlated.standard_error)


def test_two_buffers_are_not_eliminated():
    """A rule with two buffers is refused, not treated as immune."""

    def step(w, m, n, x):
        return (1 - lr * wd) * w - lr * (m + n), m / 2 + x, n / 3 + x

    with pytest.raises(ValueError, match="keeps 2 buffers"):
        WeightRecursion.of(UpdateRule.from_step("two", step, ("w", "m", "n")))


def test_signs_of_correlated_gradients():
    """signSGD on AR(1) gradients obeys the general law from an array of R_k; 15 % more energy is rejected."""
    assert noise.stationary_signs(0.9, POINT, "cpu").agrees
    assert not noise.stationary_signs(0.9, POINT, "cpu", energy_told=1.15 * noise.DIM).agrees


@pytest.mark.parametrize("name", noise.MIXTURES)
def test_lion_on_heavy_tails_and_zeros(name):
    """Lion's norm and 1 - cos on each law of the entries; Laplace's prediction is rejected for the others."""
    point = {"lr": 0.1, "wd": 0.2, "beta1": 0.9, "beta2": 0.99}
    found = noise.sign_equilibrium(name, point, "cpu")
    assert found.agrees, found.report()
    if name in ("sparse", "rare events", "rare large"):
        assert not noise.sign_equilibrium(name, point, "cpu", believed="laplace").agrees
