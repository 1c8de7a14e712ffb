"""Local multipliers: their symbols, and the numbers against a derivative taken by hand."""

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix, Rational, Symbol, cancel, log

from tests import reference, strategies
from theory import Equilibrium, UpdateRule, equilibrium_of, geometric, load, predict
from theory.convergence import characteristic_polynomial, half_life, jacobian, multipliers, slow_multiplier_slope
from theory.prediction import contraction_margin, slowest_deviation, symbol_values
from theory.symbols import beta1, beta2, dampening, decay, energy, lr, momentum, multiplier, squared_norm, wd

a = 1 - decay


def same_sets(found, expected):
    """Equality of multisets of rational functions, through their elementary symmetric functions."""
    z = Symbol("z")
    product = 1
    for root in found:
        product *= z - root
    for root in expected:
        product /= z - root
    return len(found) == len(expected) and cancel(product) == 1


def test_sgd_multiplier_is_two_a_squared_minus_one():
    """SGD's squared norm has the multiplier 2 a^2 - 1."""
    assert same_sets(equilibrium_of("sgd").multipliers, [2 * a**2 - 1])
    assert not same_sets(equilibrium_of("sgd").multipliers, [a**2])


def test_sgd_multiplier_is_negative_in_part_of_the_domain():
    """2 a^2 - 1 is positive at p = 1/10, negative at p = 1/2, and -1 at p = 1, a cycle of length two."""
    (z,) = equilibrium_of("sgd").multipliers
    assert z.subs(decay, Rational(1, 10)) == Rational(31, 50)
    assert z.subs(decay, Rational(1, 2)) == Rational(-1, 2)
    assert z.subs(decay, 1) == -1


def test_sgd_at_decay_one_cycles_with_length_two():
    """At p = 1 the squared norm A goes to eta^2 L/A and back: every A returns after two steps."""
    recursion = equilibrium_of("sgd").recursion

    def step(moment):
        amplitude = recursion.rule.amplitude.subs(squared_norm, moment)
        return recursion.step(Matrix([[moment]]), amplitude)[0, 0].subs(decay, 1)

    start = Rational(7, 3)
    assert step(start) == lr**2 * energy / start
    assert cancel(step(step(start)) - start) == 0


def test_adamw_multipliers():
    """AdamW's multipliers are a^2, a beta1, beta1^2."""
    assert same_sets(equilibrium_of("adamw").multipliers, [a**2, a * beta1, beta1**2])


def test_lion_multipliers():
    """Lion's multipliers are a^2 for the weights, a beta2 for the cross moment, beta2^2 for the buffer."""
    assert same_sets(equilibrium_of("lion").multipliers, [a**2, a * beta2, beta2**2])


def test_sgdm_without_momentum_has_the_multiplier_of_sgd():
    """At momentum 0 and dampening 0 the nonzero multiplier of SGDM is 2 a^2 - 1."""
    polynomial = equilibrium_of("sgdm").characteristic_polynomial.subs({momentum: 0, dampening: 0})
    assert cancel(polynomial - multiplier**2 * (multiplier - 2 * a**2 + 1)) == 0


@pytest.mark.parametrize(
    ("optimizer", "slope"),
    [("sgd", 4), ("sgdm", 4 * (1 - dampening) / (1 - momentum)), ("adamw", 2), ("lion", 2)],
)
def test_slow_multiplier_to_first_order(optimizer, slope):
    """1 - z is 4p for SGD, 4 (1 - tau) p/(1 - alpha) for SGDM and 2p for the normalised optimizers."""
    polynomial = equilibrium_of(optimizer).characteristic_polynomial
    assert cancel(slow_multiplier_slope(polynomial) - slope) == 0


def test_polynomial_without_a_slow_multiplier_is_refused():
    """A polynomial whose roots stay away from 1 at p = 0 has no slow multiplier."""
    with pytest.raises(ValueError, match="no multiplier tends to 1"):
        slow_multiplier_slope(multiplier - a / 2)


def test_characteristic_polynomial_of_a_known_matrix():
    """det(z - J) of a triangular matrix is the product over its diagonal, and its roots come back."""
    triangular = Matrix([[Rational(1, 2), 7, momentum], [0, momentum, 1], [0, 0, Rational(1, 2)]])
    polynomial = characteristic_polynomial(triangular)
    assert cancel(polynomial - (multiplier - Rational(1, 2)) ** 2 * (multiplier - momentum)) == 0
    assert same_sets(multipliers(polynomial), [Rational(1, 2), Rational(1, 2), momentum])


def test_half_life_of_one_half_is_one_step():
    """A multiplier 1/2, or -1/2, halves the deviation in one step, and 1/4 in half a step."""
    assert [half_life(r).equals(1) for r in (Rational(1, 2), Rational(-1, 2))] == [True, True]
    assert half_life(Rational(1, 4)).equals(Rational(1, 2))
    assert half_life(beta1) == log(Rational(1, 2)) / log(beta1)


def test_correlated_input_that_sees_the_norm_is_refused():
    """A correlated input whose size depends on |w| would need its filter in the state, and says so."""
    r = Symbol("r", positive=True)
    rule = UpdateRule.from_step(
        "correlated",
        lambda w, x: ((1 - lr * wd) * w - lr * x,),
        ("w",),
        title="",
        amplitude=energy / squared_norm,
        parameters=(),
        convention="",
        hypotheses=(),
        autocorrelation=geometric(r, r),
    )
    with pytest.raises(ValueError, match="needs its filter in the state"):
        jacobian(Equilibrium(rule).recursion)


def derivative_eigenvalues(optimizer, hyperparameters):
    """Eigenvalues of the moment map's derivative at its fixed point, q = L/A or d differentiated by hand."""
    affine, size = reference.MAPS[optimizer]
    chosen = reference.own(optimizer, hyperparameters)

    def step(moments):
        return affine(moments, **chosen)

    unit = reference.fixed_point(step, size, lambda rows, right: list(mpmath.lu_solve(mpmath.matrix(rows), right)))
    rest = step([0] * size)
    columns = [
        [x - y for x, y in zip(step([int(i == j) for i in range(size)]), rest, strict=True)] for j in range(size)
    ]
    # The input adds q(A) times what it adds at unit energy; q'(A) = -q/A there, which is -1/h per unit of that.
    if optimizer in ("sgd", "sgdm"):
        columns[0] = [entry - added / unit[0] for entry, added in zip(columns[0], rest, strict=True)]
    eigenvalues, _ = mpmath.eig(mpmath.matrix(columns).T)
    return eigenvalues


@pytest.mark.parametrize("optimizer", reference.MAPS)
@strategies.examples(0.4)
@given(data=st.data())
def test_convergence_rate_is_the_largest_eigenvalue(optimizer, data):
    """The predicted rate is the eigenvalue of largest modulus of the moment map's derivative."""
    chosen = data.draw(strategies.hyperparameters(optimizer))
    with mpmath.workdps(60):
        expected = max(abs(z) for z in derivative_eigenvalues(optimizer, chosen))
        gap = float(1 - expected**2)
    values = symbol_values(load(optimizer), chosen)
    assert contraction_margin(slowest_deviation(load(optimizer), values)) == pytest.approx(gap, rel=1e-6, abs=1e-13)
    # 1 - |z|^2 tells |z| from 0 down to the root of the spacing of doubles.
    rate = predict(optimizer, **chosen).convergence_rate
    assert abs(rate) == pytest.approx(float(expected), rel=1e-9, abs=2.0**-26)
