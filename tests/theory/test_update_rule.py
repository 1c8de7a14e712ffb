"""Reading an update rule: linear steps give their matrices, others are refused."""

import pytest
from sympy import Integer, Matrix, sin

from theory import OPTIMIZERS, BadRule, NotLinear, UpdateRule
from theory.orthogonality import WeightRecursion
from theory.symbols import beta1, decay, dim, energy, lr, momentum, squared_norm, wd
from theory.update_rule import read_off


def test_matrices_of_a_linear_step():
    """M and N are the coefficients of the state and the input in the step."""
    transition, drive = read_off(lambda w, m, x: (w - lr * (momentum * m + x), momentum * m + x), ("w", "m"))
    assert transition == Matrix([[1, -lr * momentum], [0, momentum]])
    assert drive == Matrix([-lr, 1])


NONLINEAR = {
    "square of the state": lambda w, x: (w * w,),
    "state times input": lambda w, x: (w - w * x,),
    "square of the input": lambda w, x: (w - x**2,),
    "constant": lambda w, x: (w - x + 1,),
    "transcendental": lambda w, x: (sin(w) - x,),
    "quotient": lambda w, x: (w / (1 + x),),
}


@pytest.mark.parametrize("name", NONLINEAR)
def test_a_step_that_is_not_linear_is_refused(name):
    """A step that is not linear and homogeneous in state and input raises NotLinear and names the state."""
    with pytest.raises(NotLinear, match=r"step of \(w\) is not linear"):
        read_off(NONLINEAR[name], ("w",))


def rule(amplitude):
    """Descent with decay at an amplitude law."""
    return UpdateRule.from_step(
        "test",
        lambda w, x: ((1 - lr * wd) * w - lr * x,),
        ("w",),
        title="",
        amplitude=amplitude,
        parameters=(),
        convention="",
        hypotheses=(),
    )


@pytest.mark.parametrize(
    ("amplitude", "elasticity"),
    [(energy / squared_norm, -1), (dim, 0), (energy * squared_norm**2, 2), (Integer(3), 0)],
)
def test_elasticity_of_a_power_law(amplitude, elasticity):
    """d log q/d log A of c A^e is e."""
    assert rule(amplitude).elasticity == elasticity


def test_amplitude_that_is_no_power_law_is_refused():
    """q = L/(1 + A) has no elasticity, and the error names the law."""
    with pytest.raises(ValueError, match="not a power of A"):
        rule(energy / (1 + squared_norm)).elasticity  # noqa: B018


def test_decay_takes_the_place_of_the_decay_coefficient():
    """In p alone lambda is gone from the matrices."""
    transition, drive = rule(dim).in_decay()
    assert transition == Matrix([[1 - decay]])
    assert drive == Matrix([-lr])


EXPECTED = {
    "sgd": ([[1 - lr * wd]], [-lr]),
    "adamw": ([[1 - lr * wd, -lr * beta1], [0, beta1]], [-lr * (1 - beta1), 1 - beta1]),
    "lion": ([[1 - lr * wd]], [-lr]),
}


@pytest.mark.parametrize("optimizer", EXPECTED)
def test_matrices_of_the_optimizers(optimizer):
    """The rules of SGD, AdamW and Lion have the matrices that their updates say."""
    transition, drive = EXPECTED[optimizer]
    found = OPTIMIZERS[optimizer]
    assert (found.transition - Matrix(transition)).expand() == Matrix.zeros(len(transition))
    assert (found.drive - Matrix(drive)).expand() == Matrix.zeros(len(drive), 1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_rule_says_its_convention_and_hypotheses(optimizer):
    """A rule names itself, its decay convention, its hypotheses and its sources."""
    found = OPTIMIZERS[optimizer]
    assert found.name == optimizer
    assert "decay" in found.convention or "L2" in found.convention
    assert found.hypotheses
    assert found.references


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda w, x: (w > x,), "no number and no SymPy expression"),
        (lambda w, x: "w", "returns a str"),
        (lambda w, x: (w, x), "returns 2 values where the state has 1"),
    ],
)
def test_what_is_no_state_is_refused(step, says):
    """A relation, a word, or a state of another length, in one line."""
    with pytest.raises(BadRule, match=says) as caught:
        UpdateRule.from_step("own", step, ("w",))
    assert "\n" not in str(caught.value)


def test_one_lag_of_the_weights_is_said_not_to_be_enough():
    """Nesterov's step uses the last gradient too, and two buffers need two lags."""
    with pytest.raises(ValueError, match="the last gradient too"):
        WeightRecursion.of(OPTIMIZERS["nesterov"]).one_minus_cosine  # noqa: B018
    rule = UpdateRule.from_matrices("own", Matrix(3, 3, lambda i, j: wd * lr / (1 + i + j)), Matrix([-lr, 1, 1]), "wmn")
    with pytest.raises(ValueError, match="keeps 2 buffers"):
        WeightRecursion.of(rule)
