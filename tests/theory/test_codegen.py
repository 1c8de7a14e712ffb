"""The generated functions give the numbers of the expressions that they were printed from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix

from tests import strategies
from tests.compare import close
from theory import NAMES, complete, equilibrium_of, load
from theory.codegen import identifier
from theory.prediction import symbol_values

SCALARS = ("norm_power", "norm", "norm_at_constant_energy", "one_minus_cosine", "angle", "chord", "sine")
MATRICES = {"jacobian": lambda e: e.jacobian, "unit_gram": lambda e: e.recursion.unit_gram}


@pytest.mark.parametrize("optimizer", NAMES)
@strategies.examples(0.05)
@given(data=st.data())
def test_generated_functions_are_the_expressions(optimizer, data):
    """Every scalar and every matrix entry agrees with SymPy's own evaluation of the expression."""
    chosen = complete(optimizer, data.draw(strategies.hyperparameters(optimizer)))
    rule, found = load(optimizer), equilibrium_of(optimizer)
    values = symbol_values(rule, chosen)

    def by_sympy(expression):
        return float(expression.subs({s: values[identifier(s)] for s in expression.free_symbols}).evalf(30))

    for name in SCALARS:
        assert float(rule(name, values)) == close(by_sympy(getattr(found, name)), 1e-11)
    for name, expression_of in MATRICES.items():
        expected = Matrix(expression_of(found))
        entries = rule(name, values)
        for i in range(expected.rows):
            for j in range(expected.cols):
                assert float(entries[i][j]) == pytest.approx(by_sympy(expected[i, j]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("optimizer", NAMES)
def test_functions_ignore_what_they_do_not_use(optimizer):
    """A function takes every symbol by keyword, so one dictionary serves them all."""
    values = symbol_values(load(optimizer), complete(optimizer, {"lr": 0.1, "wd": 0.1}))
    assert load(optimizer)("angle", {**values, "nothing": 1.0}) == load(optimizer)("angle", values)
