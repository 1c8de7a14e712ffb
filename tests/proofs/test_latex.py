"""LaTeX in the book's order: low powers first and a positive term in front."""

import pytest
from sympy import Symbol, asin, sqrt

from proofs.claim import Formula
from proofs.latex import latex
from theory.symbols import decay, momentum

x = Symbol("x")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (decay + 1, "1 + p"),
        (1 - decay, "1 - p"),
        (decay - 1, "p - 1"),
        (1 - decay + decay**2, "1 - p + p^{2}"),
        (2 - decay / (1 + momentum), r"2 - \frac{p}{1 + \alpha}"),
    ],
)
def test_sums_are_ordered(expression, expected):
    """Low powers come first and the first term is positive where one is."""
    assert latex(expression) == expected


def test_inverse_functions_are_written_out():
    """The arcsine is written as such, not as a power."""
    assert latex(asin(x)).startswith(r"\arcsin")


@pytest.mark.parametrize(("root", "expected"), [(1, "L = x"), (2, r"L = \sqrt{x}"), (4, r"L = \sqrt[4]{x}")])
def test_formula_writes_its_root(root, expected):
    """A formula is left side, relation and the stated root of the right side."""
    assert Formula("L", x, root=root).latex == expected
    assert sqrt(x) != x
