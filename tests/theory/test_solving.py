"""Inverse problems: prediction and solution undo each other, and what cannot be reached is said to be so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import examples, hyperparameters, log_uniform, optimizers
from theory import NAMES, NoEquilibrium, OutOfDomain, equilibrium_of, inverse, predict
from theory.prediction import SYMBOL_NAMES
from theory.solving import QUANTITIES, Unreachable, first_crossing, logarithmic, solve

KNOWN = ("sgd", "sgdm", "adamw", "lion")
BACK = 1e-9


@st.composite
def problems(draw):
    """An optimizer, its hyper-parameters and what is asked for."""
    optimizer = draw(optimizers(*KNOWN))
    return optimizer, draw(hyperparameters(optimizer)), draw(st.sampled_from(sorted(QUANTITIES)))


@examples(0.6)
@given(problem=problems(), unknown=st.sampled_from(["wd", "lr"]))
def test_solving_undoes_predicting(problem, unknown):
    """At the solution the wanted quantity is the wanted one to nine digits, and no smaller unknown was overlooked."""
    optimizer, chosen, quantity = problem
    field = QUANTITIES[quantity]
    wanted = getattr(predict(optimizer, **chosen), field)
    if wanted < 1e-3:  # a half-life of no time at all: z = 0 is touched, not crossed
        return
    rest = {name: value for name, value in chosen.items() if name != unknown}
    found = solve(optimizer, unknown, quantity, wanted, **rest)
    assert getattr(found.prediction, field) == pytest.approx(wanted, rel=BACK)
    assert found.value <= chosen[unknown] * (1 + 1e-6)
    assert found.prediction.hyperparameters[unknown] == found.value


def test_a_level_stretch_is_met_at_its_beginning():
    """Between two decays SGDM's multipliers are a complex pair of constant modulus: its half-life is found there."""
    chosen = {"lr": 1.0, "momentum": 0.16}
    wanted = predict("sgdm", wd=2.184200810815618, **chosen).half_life
    found = solve("sgdm", "wd", "half_life", wanted, **chosen)
    assert found.prediction.half_life == pytest.approx(wanted, rel=BACK)
    assert found.value < 2.1842
    with pytest.raises(Unreachable, match="stays between"):
        solve("sgdm", "wd", "half_life", wanted * (1 - 1e-9), **chosen)


@examples(0.5)
@given(
    optimizer=optimizers("sgd", "sgdm", "adamw"),
    angle=st.floats(1e-4, 1.5),
    lr=log_uniform(1e-3, 1),
    share=st.floats(0, 0.95),
    damped=st.floats(0, 0.9),
)
def test_closed_form_of_the_decay_for_an_angle_is_the_root(optimizer, angle, lr, share, damped):
    """The number from bisection is the derived closed form to ten digits."""
    own = {"sgd": {}, "sgdm": {"momentum": share, "dampening": damped}, "adamw": {"beta1": share}}[optimizer]
    found = solve(optimizer, "wd", "angle", angle, lr=lr, **own)
    symbols = {SYMBOL_NAMES[name]: value for name, value in own.items()} | {r"\cos\theta": math.cos(angle)}
    closed = inverse.decay_for_angle(equilibrium_of(optimizer))
    exact = float(closed.subs({s: symbols[str(s)] for s in closed.free_symbols}))
    assert lr * found.value == pytest.approx(exact, rel=max(1e-10, 1e-15 / angle**2))


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw", "lion"])
@pytest.mark.parametrize("half_life", [30.0, 1e3, 1e6])
def test_closed_form_of_the_decay_for_a_half_life_is_the_root(optimizer, half_life):
    """The same for half-lives."""
    own = {"sgdm": {"momentum": 0.5}, "adamw": {"beta1": 0.5}, "lion": {"beta1": 0.5, "beta2": 0.5}}.get(optimizer, {})
    found = solve(optimizer, "wd", "half_life", half_life, lr=0.1, **own)
    closed = inverse.decay_for_rate(equilibrium_of(optimizer))
    values = {"z": 2 ** (-1 / half_life), "alpha": 0.5, "tau": 0}
    exact = closed.evalf(30, subs={s: values[str(s)] for s in closed.free_symbols})
    assert 0.1 * found.value == pytest.approx(float(exact), rel=1e-9)


def test_a_wrong_closed_form_would_be_noticed():
    """The comparison can fail: a decay three percent off gives an angle that is one and a half percent off."""
    found = solve("adamw", "wd", "angle", 0.01, lr=0.1)
    off = predict("adamw", lr=0.1, wd=1.03 * found.value).angular_update
    assert off != pytest.approx(0.01, rel=1e-3)


def test_a_coefficient_can_be_the_unknown():
    """beta1 of Lion for a wanted angle."""
    found = solve("lion", "beta1", "angle", 0.05, lr=0.1, wd=0.1)
    assert predict("lion", lr=0.1, wd=0.1, beta1=found.value).angular_update == pytest.approx(0.05, rel=BACK)


@pytest.mark.parametrize(
    ("optimizer", "quantity", "wanted"),
    [("sgd", "norm", 1e-3), ("adamw", "half_life", 2.0), ("lion", "half_life", 3.0), ("sgdm", "norm", 1e5)],
)
def test_what_cannot_be_reached_is_told_with_what_can(optimizer, quantity, wanted):
    """The message names the quantity, its value and a range, and the range is one that can be reached."""
    with pytest.raises(Unreachable, match=f"{quantity} = {wanted:g} is not reached by {optimizer}") as told:
        solve(optimizer, "wd", quantity, wanted, lr=0.1)
    low, high = (float(word.rstrip(",")) for word in str(told.value).split("between ")[1].split(" and "))
    inside = math.sqrt(low * high)
    found = solve(optimizer, "wd", quantity, inside, lr=0.1)
    assert getattr(found.prediction, QUANTITIES[quantity]) == pytest.approx(inside, rel=BACK)


def test_the_smallest_norm_is_the_derived_one():
    """For SGD the reachable range begins at the norm that the theory says is the least: (L lr^2)^(1/4)."""
    with pytest.raises(Unreachable) as told:
        solve("sgd", "wd", "norm", 1e-3, lr=0.1)
    low = float(str(told.value).split("between ")[1].split(" and ")[0])
    assert low == pytest.approx(math.sqrt(0.1), rel=1e-3)


@pytest.mark.parametrize(
    ("unknown", "quantity", "wanted", "given_", "said"),
    [
        ("wd", "angle", 4.0, {"lr": 0.1}, "angle = 4"),
        ("wd", "angle", math.nan, {"lr": 0.1}, "angle = nan"),
        ("wd", "norm", -1.0, {"lr": 0.1}, "norm = -1"),
        ("wd", "size", 1.0, {"lr": 0.1}, "quantity = size"),
        ("wd", "angle", 0.1, {}, "lr is missing"),
        ("wd", "angle", 0.1, {"lr": -1.0}, "lr = -1"),
        ("wd", "angle", 0.1, {"lr": 0.1, "wd": 0.1}, "wd = 0.1 is given"),
        ("wd", "angle", 0.1, {"lr": 0.1, "momentum": 0.9}, "momentum = 0.9 does not apply"),
        ("lambda", "angle", 0.1, {"lr": 0.1, "wd": 0.1}, "lambda"),
    ],
)
def test_mistakes_are_named(unknown, quantity, wanted, given_, said):
    """What cannot be asked is refused by name and value."""
    with pytest.raises(OutOfDomain, match=said):
        solve("adamw", unknown, quantity, wanted, **given_)


@pytest.mark.parametrize("optimizer", NAMES)
def test_every_name_can_be_solved(optimizer):
    """Angle and norm can be solved for every optimizer there is, through its own prediction."""
    for quantity in ("angle", "norm"):
        if optimizer in ("lars", "lamb") and quantity == "angle":
            continue  # the angle of a trust ratio does not depend on wd
        wanted = getattr(predict(optimizer, lr=0.01, wd=0.1), QUANTITIES[quantity])
        found = solve(optimizer, "wd", quantity, wanted, lr=0.01)
        assert found.value == pytest.approx(0.1, rel=1e-6)


def test_two_crossings_between_grid_points_are_found():
    """A valley narrower than the grid is searched to its floor; below the floor nothing is claimed."""

    def valley(x):
        return 1 + (math.log(x) - 0.2) ** 2

    path = logarithmic([0.25, 0.5, 1.0, 2.0, 4.0])
    assert math.log(first_crossing(valley, 1.0001, path)) == pytest.approx(0.2 - 0.01, abs=1e-9)
    with pytest.raises(LookupError):
        first_crossing(valley, 0.9999, path)


def test_the_first_crossing_is_found_beside_a_gap():
    """Up to the edge of a domain, and of two crossings the first."""
    path = logarithmic([float(x) for x in range(1, 20)])
    assert first_crossing(lambda x: x * x if x < 4.5 else None, 20.0, path) == pytest.approx(math.sqrt(20))
    assert first_crossing(lambda x: (x - 5) ** 2, 2.0, path) == pytest.approx(5 - math.sqrt(2))


def test_a_solution_without_an_equilibrium_is_refused():
    """A right angle needs SGD's lr*wd = 1, where the norm alternates: the answer says so."""
    with pytest.raises(NoEquilibrium, match="alternates"):
        solve("sgd", "wd", "angle", math.pi / 2, lr=0.1)
