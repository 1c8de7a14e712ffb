"""Enclosures hold the exact values; a wrong number or statement is caught, and a box proves only what it covers."""

from dataclasses import replace

import pytest
from flint import arb
from sympy import Function, Integer, Rational, Symbol, acos, asin, erf, exp, gamma, log, pi, polygamma, sin, sqrt

import theory
from proofs import CLAIMS, balls
from proofs.balls import NotEnclosed, enclose, enclose_series, exact
from proofs.claim import Obligation
from proofs.layers import interval
from proofs.verdict import Outcome
from tests.proofs.layers import altered
from theory.symbols import beta1, decay, index, momentum

X = Symbol("x", positive=True)
EXPRESSIONS = (
    sqrt(X) + X**-3 + X ** Rational(2, 3), asin(X) / pi, acos(1 - X), exp(-X) * log(1 + X), erf(X), gamma(X + 1),
    polygamma(0, X + 1), sin(X) ** 2, X**X,
)  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_balls_contain_the_value(expression):
    """The ball is small and lies where mpmath finds the value to 50 digits."""
    ball = enclose(expression, {X: exact(Rational(2, 7))})
    value = exact(Rational(expression.subs(X, Rational(2, 7)).evalf(60)))
    assert abs(ball - value) < arb(10) ** -48
    assert ball.rad() < arb(10) ** -48


def test_what_has_no_ball_is_named():
    """An unknown function is said, not guessed."""
    with pytest.raises(NotEnclosed, match="mystery"):
        enclose(Function("mystery")(X), {X: exact(1)})


def test_doubles_are_taken_exactly():
    """0.1 is the double, not a tenth."""
    assert exact(0.1) != exact(Rational(1, 10))
    assert exact(0.1) == exact(Rational(0.1))


def test_a_series_is_enclosed_with_its_tail(monkeypatch):
    """Lion's series lies within a ball smaller than 1e-20; too few terms are said to be too few."""
    found = theory.equilibrium_of("lion")
    ((_, series),) = found.series.items()
    betas_and_decay = (Rational(9, 10), Rational(99, 100), Rational(1, 100))
    at = dict(zip(sorted(_free(series), key=str), map(exact, betas_and_decay), strict=True))
    ball = enclose_series(series, at)
    total, tail = series.at({s: float(v) for s, v in at.items()}).sum()
    assert ball.rad() < arb(10) ** -20
    assert abs(ball - exact(total)) < arb(10) ** -13 * abs(ball) + exact(tail)
    monkeypatch.setattr(balls, "TERMS", 5)
    with pytest.raises(NotEnclosed, match="5 terms"):
        enclose_series(series, at)


def _free(series):
    return (series.weight * series.factor * series.ratio_bound).free_symbols - {index}


@pytest.mark.parametrize("claim_id", ["sgd-norm", "adamw-angle", "lion-angle", "lars-norm", "sgdm-norm-leading"])
def test_predicted_numbers_are_enclosed(claim_id):
    """What is printed lies within twelve digits of the exact expression, at every recipe."""
    found = list(interval.numbers(CLAIMS[claim_id]))
    assert found
    assert all(number.agrees and number.ball.rel_accuracy_bits() > 60 for number in found)


@pytest.mark.parametrize("wrong", [1 + 1e-11, 1 - 1e-11, -1.0, 2.0])
def test_a_wrong_number_is_caught(wrong, monkeypatch):
    """A printed number that is off in the eleventh digit refutes the claim, with the enclosure as witness."""
    claim = CLAIMS["adamw-norm"]
    number = next(interval.numbers(claim))
    bad = replace(number, printed=number.printed * wrong)
    assert number.agrees
    assert not bad.agrees
    monkeypatch.setattr(interval, "numbers", lambda _: [bad])
    verdict = interval.check(claim)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.detail["printed"] == bad.printed


@pytest.mark.parametrize("name", altered.FALSE)
def test_what_is_false_is_refuted(name):
    """An enclosure at a rational point leaves the equality out."""
    witness = interval.refutes(altered.FALSE[name])
    assert witness is not None
    assert "right - left" in witness


@pytest.mark.parametrize("name", altered.TRUE)
def test_what_is_true_is_not(name):
    """No enclosure contradicts what is true."""
    assert interval.refutes(altered.TRUE[name]) is None


def test_equalities_are_supported_not_shown():
    """A claim of equalities without numbers stays undecided, and the verdict counts the support."""
    verdict = interval.check(replace(altered.with_obligations(altered.TRUE["equal"]), subject=None, id="altered"))
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.detail == {"shown": 0, "supported": 1}


def test_an_inequality_is_shown_on_boxes():
    """arcsin x >= 0.9 x is shown by subdivision; one that fails inside, or touches, is not."""
    above = Obligation("arcsine", decay * Rational(9, 10), asin(decay), "<=")
    assert interval.positive_margin(above)
    assert interval.check(replace(altered.with_obligations(above), subject=None, id="altered")).outcome is Outcome.HOLDS
    fails = Obligation("fails", decay, Rational(1, 2) + 0 * decay, "<=")
    touches = Obligation("touches", Integer(0), (decay - beta1) ** 2, "<=")
    assert not interval.positive_margin(fails)
    assert not interval.positive_margin(touches)
    assert (
        interval.check(replace(altered.with_obligations(touches), subject=None, id="altered")).outcome
        is Outcome.UNDECIDED
    )


def test_boxes_of_whole_numbers_are_refused():
    """An index has no boxes."""
    with pytest.raises(NotEnclosed, match="whole"):
        interval.positive_margin(Obligation("index", Integer(-1), index + momentum, "<="))
