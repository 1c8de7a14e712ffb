"""The closed forms of the transient against the exact recursion, each with a wrong one that is rejected."""

import math

import numpy as np
import pytest
from sympy import Rational, Symbol

from tests.compare import close
from theory import OPTIMIZERS, lagging, load, predict, scheduled, transient
from theory.symbols import beta1 as beta1_symbol
from theory.symbols import beta2 as beta2_symbol
from theory.symbols import dampening as dampening_symbol
from theory.symbols import decay, multiplier
from theory.symbols import dim as dim_symbol
from theory.symbols import energy as energy_symbol
from theory.symbols import lr as lr_symbol
from theory.symbols import momentum as momentum_symbol
from theory.trajectory import trajectory

AT = {momentum_symbol: 0.9, dampening_symbol: 0, beta1_symbol: 0.9, dim_symbol: 100, energy_symbol: 1}
CASES = {
    "sgd": ({}, 2),
    "sgdm": ({"momentum": 0.9}, 2),
    "adamw": ({"beta1": 0.9, "dim": 100}, 1),
}


def slow(optimizer, lr, p):
    """(rate, Q_eq) of the slow law at numbers."""
    law = transient.slow_law(OPTIMIZERS[optimizer])
    at = {**AT, lr_symbol: lr, decay: p}
    return float(law.rate.subs(at)), float(law.equilibrium.subs(at))


@pytest.mark.parametrize("optimizer", CASES)
@pytest.mark.parametrize("kind", ["constant", "linear", "cosine", "wsd"])
def test_the_slow_law_is_the_leading_order_of_the_recursion(optimizer, kind):
    """Integrated under a schedule the slow law comes as near to the recursion as p is small, in proportion to p."""
    own, exponent = CASES[optimizer]
    away = []
    for steps in (4000, 16_000):
        p = 8.0 / steps
        lr = 0.1
        schedule = scheduled(kind, lr=lr, wd=p / lr, steps=steps)
        rest = predict(optimizer, lr=lr, wd=p / lr, **own).equilibrium_norm
        found = trajectory(optimizer, schedule, 1.6 * rest, **own)
        power = (1.6 * rest) ** (2 * exponent)
        powers = [power]
        for eta in schedule.lr:
            rate, target = slow_numbers(optimizer, eta, eta * p / lr)
            power = target + (power - target) * math.exp(-rate)
            powers.append(power)
        away.append(np.max(np.abs(np.array(powers) / found.norm ** (2 * exponent) - 1)[steps // 10 :]))
    assert away[0] < 0.1
    assert away[1] < 0.4 * away[0]


def slow_numbers(optimizer, eta, p):
    """The same from one evaluation: the rate is linear in p, Q_eq is in eta^2 / p."""
    if optimizer not in _SLOW:
        _SLOW[optimizer] = slow(optimizer, 1.0, 1.0)
    rate, target = _SLOW[optimizer]
    return rate * p, target * eta**2 / p


_SLOW = {}


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_the_end_of_a_decay(optimizer, kind):
    """At the end of a decay to zero the norm is what the closed form says, the better the longer the decay."""
    own, exponent = CASES[optimizer]
    away, adiabatic = [], []
    for product in (8.0, 64.0):
        lr, p = 0.1, 2e-3
        rate, target = slow(optimizer, lr, p)
        steps = round(product / rate)
        found = trajectory(optimizer, scheduled(kind, lr=lr, wd=p / lr, steps=steps), **own)
        m, length = (1, steps) if kind == "linear" else (2, 2 * steps / math.pi)
        expected = transient.end_of_decay().subs({transient.power: m, transient.length: length, transient.rate: rate})
        away.append(abs(found.norm[-1] ** (2 * exponent) / (target * float(expected)) - 1))
        adiabatic.append(found.norm[-1] / found.adiabatic_norm[-1])
    assert away[1] < (0.02 if kind == "linear" else 0.06)
    assert away[1] < 0.5 * away[0]
    assert min(adiabatic) > 2


def test_the_corrected_decay_keeps_the_norm():
    """With wd in proportion to lr (AdamC) the norm stays at equilibrium to the end; with constant wd it does not."""
    lr, wd, own = 0.1, 0.01, {"beta1": 0.9, "dim": 100}
    kept = trajectory("adamw", scheduled("cosine", lr=lr, wd=wd, steps=20_000, decay="corrected"), **own)
    lost = trajectory("adamw", scheduled("cosine", lr=lr, wd=wd, steps=20_000), **own)
    # The equilibrium norm itself moves by O(p / (1 - beta1)), which is 1e-2 here.
    assert kept.norm / kept.norm[0] == pytest.approx(np.ones(20_001), abs=6e-3)
    assert lost.norm[-1] / lost.norm[0] < 0.7
    assert kept.angle[10_000] == close(kept.adiabatic_angle[10_000], 6e-3)


@pytest.mark.parametrize("k", [2.0, 10.0])
def test_a_drop_takes_as_long_as_the_closed_form_says(k):
    """After a drop by k the angle comes within epsilon at the closed form's step; the published time is no bound."""
    lr, p = 0.01, 1e-4
    before = predict("sgd", lr=k * lr, wd=p / lr).equilibrium_norm
    rest = predict("sgd", lr=lr, wd=p / lr)
    found = trajectory("sgd", scheduled("constant", lr=lr, wd=p / lr, steps=round(3 / p)), before)
    at = {transient.drop: k, transient.rate: 4 * p, transient.tolerance: 0.11, decay: p}
    first = int(np.argmax(found.angle > (1 - 0.11) * rest.angular_update))
    assert first == close(float(transient.time_to_angle().subs(at)), 2e-3)
    published = math.log(k) / (2 * p)
    assert first < published
    assert found.angle[0] / rest.angular_update == close(k**-0.5, 1e-3)
    near = int(np.argmax(found.norm < 1.11 * rest.equilibrium_norm))
    assert near >= float(transient.least_steps().subs(at))
    assert near == close(float(transient.time_to_norm(4).subs(at)), 2e-3)


def test_dividing_the_norm_enters_the_new_equilibrium():
    """After the norm is divided by k^(1/4) at a drop the angle is the new equilibrium's, else it is far below."""
    lr, p, k = 0.01, 1e-4, 10.0
    before = predict("sgd", lr=k * lr, wd=p / lr).equilibrium_norm
    still = scheduled("constant", lr=lr, wd=p / lr, steps=10)
    divided, left = trajectory("sgd", still, before / k**0.25), trajectory("sgd", still, before)
    assert divided.angle == pytest.approx(divided.adiabatic_angle, rel=1e-3)
    assert (left.angle < 0.32 * left.adiabatic_angle).all()


def test_the_peak_of_a_warmup():
    """The largest angle under warmup from a small norm, and when, are those of the closed form within two percent."""
    lr, p, start, steps = 0.1, 1e-6, 0.1, 3000
    found = trajectory("sgd", scheduled("constant", lr=lr, wd=p / lr, steps=steps, warmup=steps), start)
    step, angle = found.peak
    forcing = Symbol("f", positive=True)
    law = transient.slow_law(OPTIMIZERS["sgd"])
    at = {
        forcing: law.forcing.subs({lr_symbol: lr, energy_symbol: 1}),
        transient.start: start**4,
        transient.warmup: steps,
    }
    assert step + 1 == close(float(transient.peak_time(forcing).subs(at)), 0.02)
    assert angle == close((lr**2 / (3 * steps**2 * start**4)) ** (1 / 6), 0.02)
    without = trajectory("sgd", scheduled("constant", lr=lr, wd=p / lr, steps=10), start).peak
    assert without[0] == 0
    assert without[1] > 4 * angle


def test_the_fourth_power_stays_above_its_linear_bound():
    """|w|^4 never falls below the linear recursion, under any schedule, and comes near it at small p."""
    schedule = scheduled("cosine", lr=0.1, wd=0.3, steps=500, warmup=50)
    found = trajectory("sgd", schedule, 0.5)
    bound, ratios = 0.5**4, []
    for t, (lr, p) in enumerate(zip(schedule.lr, schedule.decay, strict=True)):
        bound = (1 - p) ** 4 * bound + 2 * (1 - p) ** 2 * lr**2
        assert found.norm[t + 1] ** 4 >= bound * (1 - 1e-12)
        ratios.append(bound / found.norm[t + 1] ** 4)
    assert ratios[-1] > 0.95


@pytest.mark.parametrize("ratio", [0.2, 1.0, 5.0, 40.0])
def test_the_lagging_denominator_slows_the_norm_down(ratio):
    """The squared norm's deviation falls by the slow multiplier, slower than exp(-2 eta lambda) unless r is large."""
    p, lr = 4e-3 / (1 + ratio), 0.1
    beta2 = 1 - ratio * p
    still = scheduled("constant", lr=lr, wd=p / lr, steps=round(12 / (p * min(ratio, 1))))
    rest = predict("adamw", lr=lr, wd=p / lr, beta1=0.9, dim=10).equilibrium_norm
    found = trajectory("adamw", still, 1.01 * rest, beta1=0.9, beta2=beta2, dim=10)
    away = found.norm**2 / rest**2 - 1
    late = np.flatnonzero(np.abs(away) > 1e-9)[-1]
    measured = (away[late] / away[late // 2]) ** (1 / (late - late // 2))
    values = {beta1_symbol: 0.9, beta2_symbol: beta2, decay: p}
    roots = np.roots(
        np.array(transient.lag_polynomial().subs(values).as_numer_denom()[0].as_poly(multiplier).all_coeffs(), float)
    )
    assert measured == close(max(r.real for r in roots), 1e-4)
    slow_rate = float(transient.lag_slow_rates()[0].subs(transient.lag_ratio, ratio))
    assert (1 - measured) / p == close(slow_rate, 0.03)
    assert slow_rate < 2 * (1 - 0.04)


def test_the_ratio_that_is_needed():
    """At r(delta) the slow rate is 1 - delta of 2 p."""
    for delta in (0.5, 0.1, 0.01):
        needed = float(transient.lag_needed().subs(transient.share, delta))
        assert float(transient.lag_slow_rates()[0].subs(transient.lag_ratio, needed)) == close(2 * (1 - delta), 1e-12)


def test_factors_are_written_positive():
    """A quotient is written with factors that are positive inside the domain, and keeps its value."""
    k, p = transient.drop, decay
    assert str(transient.oriented((p - 2 * k) / (p - 2))) == str((2 * k - p) / (2 - p))
    assert (transient.oriented(-(1 - p) / (p - k)) - (1 - p) / (k - p)).simplify() == 0


@pytest.mark.parametrize(("p", "first", "second"), [(0.01, 0.9, 0.99), (6e-5, 0.9, 0.9999), (0.3, 0.5, 0.5)])
def test_multipliers_of_the_lag_are_the_roots_of_its_polynomial(p, first, second):
    """The complex-step Jacobian in doubles has the roots of det(z - J), derived in symbols."""
    unit = np.array(load("adamw")("unit_gram", {"p": p, "beta_1": first, "eta": 1.0, "lambda_": p}), dtype=float)
    found = lagging.deviations(unit, p, first, second)
    at = {decay: Rational(str(p)), beta1_symbol: Rational(str(first)), beta2_symbol: Rational(str(second))}
    roots = transient.lag_polynomial().subs(at).as_poly(multiplier).nroots(n=30)
    assert np.sort(np.abs(1 - found)) == pytest.approx(sorted(abs(complex(z)) for z in roots), rel=1e-12)
    elsewhere = lagging.deviations(unit, p, first, (1 + second) / 2)
    assert np.sort(np.abs(1 - elsewhere)) != pytest.approx(sorted(abs(complex(z)) for z in roots), rel=1e-6)
