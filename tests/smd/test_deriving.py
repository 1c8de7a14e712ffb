"""A reader's own rule: its formulas against another derivation, its numbers against the registry, its controls."""

import math
from functools import cache
from pathlib import Path

import pytest
from sympy import Matrix, Rational, Symbol, simplify, symbols

import smd
from proofs.confrontation import Bench, Predicted, Subject, perturbation_of, stationarity_of
from proofs.translation import Translated
from theory import OPTIMIZERS, BadRule, Equilibrium, NotLinear, OutOfDomain, Parameter, UpdateRule
from theory.compiled import compile_rule
from theory.prediction import complete_rule
from theory.symbols import contraction, decay, dim, energy, lr, momentum, squared_norm, wd

pytestmark = pytest.mark.chance(8)

LOOK_AHEAD = Path(__file__).parents[2] / "book" / "own_rule" / "look_ahead_rule.py"


def heavy_ball(w, m, g):
    """SGD with momentum, typed a second time."""
    m = momentum * m + g + wd * w
    return w - lr * m, m


def two_buffers(w, m, n, g):
    """A fast and a slow average of the gradient."""
    slow = Symbol("slow", nonnegative=True)
    m, n = momentum * m + (1 - momentum) * g, slow * n + (1 - slow) * g
    return (1 - lr * wd) * w - lr * (m + n) / 2, m, n


RULES = {
    "heavy ball": (UpdateRule.from_step("own", heavy_ball, ("w", "m")), {}),
    "two buffers": (UpdateRule.from_step("own", two_buffers, ("w", "m", "n")), {"slow": 0.95}),
    "constant energy": (UpdateRule.from_step("own", heavy_ball, ("w", "m"), amplitude=dim), {"dim": 3.0}),
    "another power": (UpdateRule.from_step("own", heavy_ball, ("w", "m"), amplitude=energy / squared_norm**2), {}),
    "a gain": (OPTIMIZERS["adam_l2"], {"dim": 64.0}),
}


@cache
def compiled_rule(case):
    """The rule, derived once."""
    return compile_rule(Equilibrium(RULES[case][0]))


def subject(case, factor=1.0, lost=1.0):
    """A rule's translated simulator with its prediction, wrong by factors in controls."""
    rule, own = RULES[case]
    compiled = compiled_rule(case)
    chosen = complete_rule(compiled, {"lr": 0.1, "wd": 0.5, **own})
    expected = Predicted.of_rule(compiled, chosen)
    expected = expected.replaced(factor * expected.moments[0, 0], lost * expected.one_minus_cosine)
    return Subject("own", Translated(rule, chosen), expected, 1.0, chosen)


def test_look_ahead_decay_is_an_autoregression():
    """w'' = a (1 + alpha) w' - a alpha w - eta g is stationary with lag-one correlation phi_1 / (1 - phi_2)."""
    found = Equilibrium(smd.read_rule(LOOK_AHEAD))
    a = 1 - decay
    first, second = a * (1 + momentum), -a * momentum
    variance = (1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2))
    inside = {contraction: a, decay: decay}
    assert simplify(found.cosine.subs(inside) - first / (1 - second)) == 0
    assert simplify(found.unit_squared_norm.subs(inside) - lr**2 * variance) == 0


def test_own_lines_give_the_numbers_of_the_registry():
    """The heavy ball typed by a reader is the heavy ball of the registry."""
    found = smd.derive(RULES["heavy ball"][0], simulate=False, lr=0.1, wd=0.2, momentum=0.8).prediction
    known = smd.predict("sgdm", lr=0.1, wd=0.2, momentum=0.8)
    for name in ("equilibrium_norm", "angular_update", "convergence_rate", "half_life"):
        assert math.isclose(getattr(found, name), getattr(known, name), rel_tol=1e-11)


def test_the_limit_of_existence_is_found():
    """Look-ahead decay exists below lr*wd = 2 (1 + alpha)/(1 + 2 alpha) and not above."""
    limit = float(2 * (1 + Rational(9, 10)) / (1 + Rational(18, 10)))
    found = smd.derive(LOOK_AHEAD, simulate=False, lr=1, wd=0.999 * limit)
    assert math.isclose(found.exists_below, limit)
    (formula,) = found.exists_below_formulas
    assert simplify(formula - 2 * (1 + momentum) / (1 + 2 * momentum)) == 0
    with pytest.raises(smd.NoEquilibrium):
        smd.derive(LOOK_AHEAD, simulate=False, lr=1, wd=1.001 * limit)


@pytest.mark.parametrize("case", RULES)
@pytest.mark.parametrize("law", ["fixed", "iid"])
def test_a_translated_rule_agrees(case, law):
    """One step from the predicted moments, and twins for the rate, at any number of states and any energy."""
    right, bench = subject(case), Bench(law=law)
    for design in (stationarity_of, perturbation_of):
        compared = design(right, bench)
        assert compared.agrees, compared.report()


@pytest.mark.parametrize("case", RULES)
def test_a_wrong_prediction_is_rejected(case):
    """A norm or an angle off by a tenth is noticed, and so is a wrong multiplier."""
    bench = Bench(law="fixed", replicas=512)
    assert not stationarity_of(subject(case, factor=1.2), bench).agrees
    assert not stationarity_of(subject(case, lost=1.1), bench).agrees
    assert not perturbation_of(subject(case), bench, multiplier=0.5).agrees


def test_a_confrontation_says_what_it_would_have_seen():
    """A difference just above the least one that is seen is rejected, one just below is not."""
    compared = stationarity_of(subject("heavy ball"), Bench(law="fixed"))
    for statistic in compared.statistics:
        least = compared.least_seen(statistic)
        for factor, seen in ((0.99, False), (1.01, True)):
            moved = type(statistic)(
                "", statistic.measured.value - factor * least, statistic.measured, statistic.rounding
            )
            assert (moved.p_value * len(compared.statistics) < compared.false_alarm) is seen


def test_the_report_says_that_the_rule_is_shared():
    """The confrontation names what it cannot show."""
    found = smd.derive(LOOK_AHEAD, lr=0.1, wd=0.5)
    assert found.agrees
    assert any("tests the calculus and not the typing" in note for note in found.notes)


def test_proportional_states_are_said_to_leave_the_rate_out():
    """Where two states are one, twins cannot be set apart."""

    def step(w, m, n, g):
        m, n = (momentum * s + g for s in (m, n))
        return (1 - lr * wd) * w - lr * (m + n), m, n

    found = smd.derive(UpdateRule.from_step("twice", step, ("w", "m", "n")), lr=0.1, wd=0.5)
    assert [c.design for c in found.confrontations] == ["stationarity"]
    assert found.agrees
    assert "proportional" in found.notes[-1]


def test_stages_are_told_in_order():
    """Progress counts up to the number of stages."""
    told = []
    smd.derive(RULES["heavy ball"][0], lr=0.1, wd=0.5, on_stage=lambda *stage: told.append(stage))
    assert [done for done, _, _ in told] == list(range(told[0][1]))


def test_plain_names_are_the_theorys_symbols():
    """A reader may declare symbols of their own called lr, wd and momentum."""
    own_lr, own_wd, own_momentum, share = symbols("lr wd momentum share", positive=True)

    def step(w, m, g):
        m = own_momentum * m + share * (g + own_wd * w)
        return w - own_lr * m, m

    rule = UpdateRule.from_step("own", step, ("w", "m"), defaults={share: 1.0, "wd": 0.2})
    assert {p.name: p.default for p in rule.parameters} == {
        "lr": None, "wd": 0.2, "momentum": 0.9, "grad_norm": 1.0, "share": 1.0,
    }  # fmt: skip
    assert rule.parameters[-1].range == "(0, inf)"
    found = smd.derive(rule, simulate=False, lr=0.1).prediction
    assert math.isclose(found.equilibrium_norm, smd.predict("sgdm", lr=0.1, wd=0.2).equilibrium_norm, rel_tol=1e-11)


def test_matrices_say_the_same_as_lines():
    """A rule given by M and N is the rule given by its step."""
    by_step = RULES["heavy ball"][0]
    by_matrices = UpdateRule.from_matrices("own", by_step.transition, by_step.drive, ("w", "m"))
    assert by_matrices == by_step
    with pytest.raises(BadRule, match="M is"):
        UpdateRule.from_matrices("own", Matrix([[1]]), by_step.drive, ("w", "m"))


def test_a_given_parameter_keeps_its_range():
    """A Parameter that is given replaces the one that would be inferred."""
    slow = Parameter("slow", 0, 1, True, 0.99, "share kept by the slow average")
    rule = UpdateRule.from_step("own", two_buffers, ("w", "m", "n"), parameters=(slow,))
    assert slow in rule.parameters
    with pytest.raises(OutOfDomain, match="slow = 1"):
        smd.derive(rule, simulate=False, lr=0.1, wd=0.1, slow=1.5)


BAD = {
    "two symbols of one name": ((1 - lr * wd * Symbol("c") * Symbol("c", positive=True), lr), "called c"),
    "a reserved name": ((1 - lr * wd * Symbol("p"), lr), "symbol p means something else"),
    "a name that cannot be typed": ((1 - lr * wd * Symbol("c^2"), lr), "no name that can be typed"),
    "no learning rate": ((1 - wd, 1), "lr does not occur"),
}


@pytest.mark.parametrize("case", BAD)
def test_symbols_that_describe_no_rule_are_named(case):
    """What cannot be a hyper-parameter is refused when the rule is written."""
    (kept, driven), named = BAD[case]
    with pytest.raises(BadRule, match=named):
        UpdateRule.from_step("own", lambda w, g: (kept * w - driven * g,), ("w",))


def test_defaults_must_belong_to_the_rule():
    """A default for nothing, or outside its range, is refused."""
    for defaults, named in (({"slow": 1}, "default of slow"), ({"momentum": 1.5}, "momentum = 1")):
        with pytest.raises(ValueError, match=named):
            UpdateRule.from_step("own", heavy_ball, ("w", "m"), defaults=defaults)


def test_a_product_of_states_is_not_linear():
    """Only linear steps have matrices."""
    with pytest.raises(NotLinear):
        UpdateRule.from_step("own", lambda w, m, g: (w * m - lr * wd * g, m), ("w", "m"))
