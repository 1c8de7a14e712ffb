"""Printed digits are those of an enclosure: one unit off in the last place is refused."""

import math

import pytest
from flint import arb

import theory
from proofs import digits, enclosed, printed
from proofs.digits import Enclosed, WrongDigits, ball, shown
from proofs.literature import OUTSIDE, ROWS, ratio_at, ratio_in_print
from theory import OutOfDomain, scheduled

SPECS = (".6f", ".4g", ".3e", ".2%", ".0f", "g")


def of(value):
    """A double that stands for itself."""
    return enclosed.exactly(value)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("value", [0.123456789, -3.25000001, 1.0, 41999.7])
def test_right_digits_are_shown_as_python_formats_them(value, spec):
    """An exact ball changes nothing."""
    assert shown(of(value), spec) == format(value, spec)


@pytest.mark.parametrize("spec", SPECS[:-1])
def test_control_one_unit_in_the_last_place_is_refused(spec):
    """A double that prints a neighbouring number is refused, on either side, trailing zeros or not."""
    for value in (0.123456789, 1.0, 41999.7):
        text = format(value, "#" + spec)
        _, half = digits._read(text)
        for sign in (1, -1):
            wrong = Enclosed(value + sign * float(2 * half), ball(value))
            with pytest.raises(WrongDigits, match="rounded"):
                shown(wrong, spec)


def test_control_a_wide_ball_and_a_plain_double_are_refused():
    """A ball that holds two rounded values shows none; a double without a ball is no enclosure."""
    with pytest.raises(WrongDigits):
        shown(Enclosed(0.5, arb(0.5, 0.01)), ".2f")
    with pytest.raises(WrongDigits, match="no enclosure"):
        shown(0.5, ".2f")
    with pytest.raises(KeyError, match="no such reason"):
        digits.outside(0.5, ".2f", "because")


def test_arithmetic_carries_balls():
    """Sums, quotients and powers hold the exact value, and numpy's doubles do not pass for enclosed."""
    x, y = of(0.1), of(3.0)
    found = -((((x + 1) * y - 2) / (1 - x)) ** 2) + 2 / y - abs(x - y) + (5 - y) * y**0.5
    exact = -((((ball(x) + 1) * 3 - 2) / (1 - ball(x))) ** 2) + arb(2) / 3 - (3 - ball(x)) + 2 * arb(3).sqrt()
    assert found.ball.overlaps(exact)
    assert found.ball.rad() < arb(10) ** -40
    assert float(found) == pytest.approx(float(exact.mid()), rel=1e-14)
    with pytest.raises(TypeError):
        x + "1"


@pytest.mark.parametrize("name", ["adamw", "lion", "muon"])
def test_predictions_are_enclosed_where_they_are_printed(name):
    """Every number of a prediction, to twelve digits; elsewhere there is none."""
    recipe = printed.RECIPES[name][0]
    found = printed.predict(name, **recipe)
    for number in (found.equilibrium_norm, found.angular_update, found.half_life, *found.leading_order.values()):
        assert abs(number.ball - ball(float(number))) < abs(number.ball) * arb(10) ** -12
    with pytest.raises(OutOfDomain, match="RECIPES"):
        printed.predict(name, **{**recipe, "lr": 0.0123})


def test_muon_of_one_row_needs_no_double():
    """Where the correlation is closed the ball is far narrower than a double."""
    found = printed.predict("muon", **printed.RECIPES["muon"][0])
    assert found.angular_update.ball.rel_accuracy_bits() > 80
    assert found.angular_update.ball != ball(float(found.angular_update))


def test_final_norm_follows_the_trajectory():
    """The moments iterated in balls hold the doubles; a schedule one step shorter does not agree."""
    plan = scheduled("linear", lr=0.01, wd=0.2, steps=100)
    found = printed.final_norm("adamw", plan, beta1=0.9, dim=64)
    shorter = printed.final_norm("adamw", scheduled("linear", lr=0.01, wd=0.2, steps=99), beta1=0.9, dim=64)
    assert shown(found, ".10g")
    with pytest.raises(WrongDigits):
        shown(Enclosed(float(found), shorter.ball), ".6g")


def test_roots_are_shown_by_a_change_of_sign():
    """The square root of two is found, 1.5 is not."""
    assert shown(printed.root(lambda x: x**2 - 2, math.sqrt(2)), ".6f") == "1.414214"
    with pytest.raises(ArithmeticError, match="change of sign"):
        printed.root(lambda x: x**2 - 2, 1.5).ball  # noqa: B018


def test_finite_dimension_is_enclosed():
    """The linear algebra in doubles agrees with the derived fluctuations."""
    found = printed.finite_dim("sgd", 16, lr=0.1, wd=0.05)
    for name in ("relative_variance", "rms_norm", "mean_angle", "angle_deviation"):
        assert shown(getattr(found, name), ".9g")
    assert found.rms_norm == theory.finite_dim("sgd", 16, lr=0.1, wd=0.05).rms_norm


def test_rows_outside_have_reasons_and_no_enclosure():
    """The list names rows, reasons that exist, and only what is not enclosed; a row that is passes."""
    rows = {row.id: row for row in ROWS}
    for name, why in OUTSIDE.items():
        assert why in digits.OUTSIDE
        assert not isinstance(ratio_at(rows[name], rows[name].recipe), Enclosed)
    one = rows["KOS-T1-lion angle"]
    assert ratio_in_print(one, ratio_at(one, one.recipe), ".7g")
    with pytest.raises(WrongDigits):
        ratio_in_print(one, float(ratio_at(one, one.recipe)), ".7g")
