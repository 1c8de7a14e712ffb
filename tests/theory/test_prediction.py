"""Numbers for given hyper-parameters, against moment recursions written by hand and sums over lags."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import reference, strategies
from tests.compare import close
from theory import NAMES, NoEquilibrium, OutOfDomain, complete, load, predict
from theory.prediction import existence_limit, flip_points, half_life, symbol_values

LINEAR = tuple(reference.MAPS)


def solve_exactly(rows, right):
    """Linear equations in mpmath."""
    return list(mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(right)))


def relative(found, expected):
    """|found/expected - 1|."""
    return abs(float(found / expected - 1))


@pytest.mark.parametrize("optimizer", LINEAR)
@strategies.examples(2)
@given(data=st.data())
def test_closed_form_is_the_fixed_point_of_the_moments(optimizer, data):
    """Norm and 1 - cos are those of the fixed point of hand-written moment equations, to 1e-10."""
    chosen = data.draw(strategies.hyperparameters(optimizer))
    found = predict(optimizer, **chosen)
    affine, size = reference.MAPS[optimizer]
    with mpmath.workdps(40):
        own = reference.own(optimizer, chosen)
        unit = reference.fixed_point(lambda moments: affine(moments, **own), size, solve_exactly)
        norm = mpmath.sqrt(reference.squared_norm(optimizer, chosen, unit[0]))
        lost = reference.lost_overlap(optimizer, unit, **own) / unit[0]
        assert relative(found.equilibrium_norm, norm) < 1e-10
        assert relative(found.chord**2 / 2, lost) < 1e-10
        assert relative(found.angular_update, 2 * mpmath.asin(mpmath.sqrt(lost / 2))) < 1e-10


POINTS = {
    "sgd": {"lr": 0.3, "wd": 0.5, "grad_norm": 2.0},
    "sgdm": {"lr": 0.2, "wd": 0.3, "momentum": 0.8, "dampening": 0.3, "grad_norm": 0.5},
    "adamw": {"lr": 0.2, "wd": 0.4, "beta1": 0.7, "dim": 9},
}


@pytest.mark.parametrize("optimizer", LINEAR)
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_moments_iterated_from_anywhere_arrive(optimizer, factor):
    """The moment recursion with its true q(A), iterated from a tenth and ten times the norm, ends at the prediction."""
    chosen = POINTS[optimizer]
    found = predict(optimizer, **chosen)
    affine, size = reference.MAPS[optimizer]
    own = reference.own(optimizer, chosen, float)
    moments = np.zeros(size)
    moments[0] = (factor * found.equilibrium_norm) ** 2
    added = np.array(affine([0.0] * size, **own))
    for _ in range(2000):
        energy = chosen["dim"] if optimizer == "adamw" else chosen["grad_norm"] ** 2 / moments[0]
        moments = np.array(affine(list(moments), **own)) + (energy - 1) * added
    lost = reference.lost_overlap(optimizer, moments, **own) / moments[0]
    assert math.sqrt(moments[0]) == close(found.equilibrium_norm, 1e-10)
    assert lost == close(found.chord**2 / 2, 1e-10)


def test_brute_force_control_rejects_other_conventions():
    """The comparison can fail: decoupled decay or a missing dampening is not what SGDM's moments say."""
    chosen = POINTS["sgdm"]
    other = {**chosen, "dampening": 0.0}
    own = reference.own("sgdm", other)
    unit = reference.fixed_point(lambda m: reference.sgdm(m, **own), 3, solve_exactly)
    norm = mpmath.sqrt(reference.squared_norm("sgdm", other, unit[0]))
    assert relative(predict("sgdm", **chosen).equilibrium_norm, norm) > 0.01


def arcsine_lags(beta1, beta2, kept):
    """sum_{k>=1} kept^(k-1) (2/pi) arcsin rho_k, term by term in double precision with an exact sum."""
    stored = (1 - beta2) ** 2 / (1 - beta2**2)
    variance = (1 - beta1) ** 2 + beta1**2 * stored
    first = (1 - beta1) * beta1 * (1 - beta2) + beta1**2 * stored * beta2
    slowest = max(abs(kept) * beta2, 1e-3)
    lags = 2 + math.ceil(-math.log(1e19) / math.log(slowest)) if slowest < 1 else 10**6
    k = np.arange(lags, dtype=float)
    terms = kept**k * (2 / math.pi) * np.arcsin(first / variance * beta2**k)
    return math.fsum(terms)


@strategies.examples(0.5)
@given(strategies.hyperparameters("lion"))
def test_lion_series_is_the_sum_over_lags(chosen):
    """T is the direct sum over lags of the arcsine law, within the stated tail and rounding."""
    first, second = chosen["beta1"], chosen["beta2"]
    values = symbol_values(load("lion"), complete("lion", chosen))
    total, left_out = load("lion").series(values)["T"].sum()
    expected = arcsine_lags(first, second, 1 - chosen["lr"] * chosen["wd"])
    # The closed forms of rho_1 and of the sum over lags divide by what cancels to these two.
    variance = (1 - first) ** 2 * (1 + second) + first**2 * (1 - second)
    rounding = 64 * 2.0**-52 * (1 / variance + 1 / (1 - second))
    assert abs(total - expected) <= left_out + rounding * expected


SPECIAL = [
    {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.0},
    {"lr": 0.1, "wd": 0.1, "beta1": 0.0, "beta2": 0.99},
    {"lr": 0.5, "wd": 3.0, "beta1": 0.9, "beta2": 0.99},
    {"lr": 1.0, "wd": 1.0, "beta1": 0.9, "beta2": 0.99},
    {"lr": 1e-3, "wd": 1e-3, "beta1": 0.95, "beta2": 0.98},
]


@pytest.mark.parametrize("chosen", SPECIAL)
def test_lion_equilibrium_is_the_walk_of_correlated_signs(chosen):
    """Norm^2 = d eta^2 (1 + 2 a T)/(1 - a^2) and 1 - cos = p - eta^2 d T/norm^2, T summed over lags."""
    found = predict("lion", **chosen, dim=50)
    p = chosen["lr"] * chosen["wd"]
    t = arcsine_lags(chosen["beta1"], chosen["beta2"], 1 - p)
    squared = 50 * chosen["lr"] ** 2 * (1 + 2 * (1 - p) * t) / (p * (2 - p))
    assert found.equilibrium_norm == close(math.sqrt(squared), 1e-12)
    assert found.chord**2 / 2 == close(p - chosen["lr"] ** 2 * 50 * t / squared, 1e-10)


def test_lion_control_rejects_white_signs():
    """The comparison can fail: leaving the correlation out moves the norm at betas 0.9 and 0.99 by more than half."""
    chosen = SPECIAL[-1]
    p = chosen["lr"] * chosen["wd"]
    white = math.sqrt(chosen["lr"] ** 2 / (p * (2 - p)))
    assert predict("lion", **chosen).equilibrium_norm > 1.5 * white


@pytest.mark.parametrize("optimizer", NAMES)
@strategies.examples(0.5)
@given(data=st.data())
def test_prediction_is_consistent_in_itself(optimizer, data):
    """Angle, chord, sine and cosine belong to one angle in (0, pi), and the rate contracts."""
    chosen = data.draw(strategies.hyperparameters(optimizer))
    assume(strategies.attracts(optimizer, chosen))
    found = predict(optimizer, **chosen)
    theta = found.angular_update
    assert 0 < theta < math.pi
    assert found.chord == close(2 * math.sin(theta / 2), 1e-12)
    assert found.sine == pytest.approx(math.sin(theta), rel=1e-9, abs=1e-15)
    assert found.cos_angular_update == pytest.approx(math.cos(theta), abs=1e-14)
    assert found.equilibrium_norm > 0
    assert -1 <= found.convergence_rate <= 1
    assert found.half_life >= 0


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm"])
@strategies.examples(0.2)
@given(data=st.data())
def test_norm_scales_with_the_root_of_the_gradient_norm(optimizer, data):
    """Four times the gradient norm doubles the equilibrium norm and leaves angle and rate alone."""
    chosen = data.draw(strategies.hyperparameters(optimizer))
    one, four = predict(optimizer, **chosen), predict(optimizer, **{**chosen, "grad_norm": 4 * chosen["grad_norm"]})
    assert four.equilibrium_norm == close(2 * one.equilibrium_norm, 1e-14)
    assert (four.angular_update, four.convergence_rate) == (one.angular_update, one.convergence_rate)


@pytest.mark.parametrize("optimizer", [name for name in NAMES if not load(name).has_gain])
@strategies.examples(0.2)
@given(data=st.data(), shift=st.integers(-6, 6))
def test_angle_depends_on_the_product_of_rate_and_decay(optimizer, data, shift):
    """Scaling lr by a power of two and wd by its inverse keeps angle and rate exactly."""
    chosen = data.draw(strategies.hyperparameters(optimizer))
    moved = {**chosen, "lr": chosen["lr"] * 2.0**shift, "wd": chosen["wd"] / 2.0**shift}
    one, other = predict(optimizer, **chosen), predict(optimizer, **moved)
    assert (one.angular_update, one.convergence_rate) == (other.angular_update, other.convergence_rate)


def test_half_life_halves():
    """|rate|^half_life = 1/2, and a deviation that dies in one step has half-life 0."""
    for deviation in (1e-9, 0.1, 0.9, 1.5, complex(0.5, 0.3)):
        assert abs(1 - deviation) ** half_life(complex(deviation)) == close(0.5, 1e-6)
    assert half_life(complex(1)) == 0
    assert predict("adamw", lr=1, wd=1, beta1=0).half_life == 0


@pytest.mark.parametrize("size", [1e-2, 1e-3])
def test_half_life_of_a_fast_multiplier(size):
    """A small multiplier has the half-life log(1/2)/log(z), as in AdamW at p = 1, where z = beta1^2."""
    found = predict("adamw", lr=1, wd=1, beta1=size)
    assert found.half_life == close(math.log(0.5) / math.log(size**2), 1e-6)


@pytest.mark.parametrize("size", [6e-5, 1e-5, 1e-9, 1e-300])
def test_half_life_of_a_multiplier_next_to_zero(size):
    """A multiplier that double precision hardly tells from 0 still has a prediction: a half-life next to 0."""
    for found in (predict("adamw", lr=1, wd=1, beta1=size), predict("lion", lr=1, wd=1, beta1=0, beta2=size)):
        assert 0 <= found.half_life < 0.05
        assert 0 <= found.convergence_rate < 1e-8


@pytest.mark.parametrize(("optimizer", "limit"), [("sgd", 2.0), ("sgdm", 3.8), ("adamw", 2.0), ("lion", 2.0)])
def test_equilibrium_exists_up_to_its_limit(optimizer, limit):
    """Just below the limit there is a prediction, at and above it NoEquilibrium names lr*wd and the range."""
    assert predict(optimizer, lr=1, wd=limit * (1 - 1e-9)).equilibrium_norm > 0
    for wd in (limit * (1 + 1e-12), 2 * limit):
        with pytest.raises(NoEquilibrium, match=rf"lr\*wd = {wd:g} is outside \(0, {limit:g}\)"):
            predict(optimizer, lr=1, wd=wd)


@pytest.mark.parametrize(
    ("optimizer", "rest", "flip"),
    [
        ("sgd", {}, 1.0),
        ("sgdm", {"momentum": 0.5}, 1.5),
        ("sgdm", {"momentum": 0.5, "dampening": 0.5}, 3.0),
    ],
)
def test_no_equilibrium_attracts_where_the_norm_alternates(optimizer, rest, flip):
    """At half the limit the multiplier is -1: refused there, found on both sides."""
    with pytest.raises(NoEquilibrium, match="alternates between two values"):
        predict(optimizer, lr=1, wd=flip, **rest)
    for side in (0.99, 1.01):
        assert predict(optimizer, lr=1, wd=side * flip, **rest).convergence_rate < 0 or optimizer == "sgdm"


@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
def test_normalised_optimizers_never_alternate(optimizer):
    """AdamW and Lion have no flip inside the range of existence."""
    rule = load(optimizer)
    values = symbol_values(rule, complete(optimizer, {"lr": 1, "wd": 0.5}))
    assert flip_points(rule, values) == []
    assert existence_limit(rule, values) == 2


@pytest.mark.parametrize(
    ("optimizer", "given", "says"),
    [
        ("adagrad", {"lr": 1, "wd": 1}, "optimizer = adagrad is unknown"),
        ("sgd", {"lr": 0.1}, "wd is missing"),
        ("sgd", {"lr": 0.1, "wd": 0.1, "beta1": 0.9}, "beta1 = 0.9 does not apply to sgd"),
        ("adamw", {"lr": 0.1, "wd": 0.1, "dim": 1.5}, "dim = 1.5 is outside its range"),
        ("sgd", {"lr": 1e-200, "wd": 1e-200}, r"lr\*wd = 0 is not resolved"),
    ],
)
def test_what_is_wrong_is_said(optimizer, given, says):
    """An unknown, missing, foreign or impossible hyper-parameter is named with its value."""
    with pytest.raises(OutOfDomain, match=says):
        predict(optimizer, **given)


def test_defaults_are_filled_in():
    """Hyper-parameters that are not given take the usual values, and the prediction says which."""
    assert complete("lion", {"lr": 0.1, "wd": 0.1}) == {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.99, "dim": 1.0}
    assert predict("sgdm", lr=0.1, wd=0.1).hyperparameters["momentum"] == 0.9


def test_beta2_changes_the_norm_by_its_first_order():
    """With beta2 the squared norm falls by about (K - 1)(1 - beta2)/2, and the warnings name the next order."""
    plain = predict("adamw", lr=0.1, wd=0.1, beta1=0.0)
    for kurtosis in (3.0, 6.0):
        found = predict("adamw", lr=0.1, wd=0.1, beta1=0.0, beta2=0.999, kurtosis=kurtosis)
        share = (found.equilibrium_norm / plain.equilibrium_norm) ** 2
        assert (1 - share) / ((kurtosis - 1) * 0.0005) == close(1.0, 5e-3)
        assert any("first order" in w for w in found.warnings)
    assert not plain.warnings
    assert any("fails" in w for w in predict("adamw", lr=0.1, wd=0.1, beta2=0.5).warnings)


def test_oscillating_norm_is_announced():
    """Where the slowest multipliers are a complex pair the rate is their modulus and a warning says so."""
    found = predict("sgdm", lr=0.1, wd=1.0, momentum=0.9)
    assert any("complex pair" in w for w in found.warnings)
    assert 0 < found.convergence_rate < 1


def test_poor_leading_order_is_announced():
    """Where leading order neglects more than a tenth of the angle a warning says so, elsewhere none does."""
    assert any("leading_order neglects" in w for w in predict("sgd", lr=1, wd=1.5).warnings)
    assert predict("sgd", lr=1, wd=0.01).warnings == []
