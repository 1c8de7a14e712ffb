"""SymPy to Coq: what is printed, what is refused."""

import pytest
from sympy import Rational, Symbol, cos, erf, exp, pi, sqrt, symbols

from proofs.formal.coq_terms import Outside, names, term

x, y = symbols("x y", positive=True)
n, t = symbols("n t", integer=True, nonnegative=True)
CASES = {
    "sum": (x - 2 * y, "(x - (2 * y))"),
    "negative number": (x * -3, "((-3) * x)"),
    "quotient": (x / (1 + y), "(x / (y + 1))"),
    "inverse": (1 / x, "(/ x)"),
    "rational": (Rational(2, 3) * x, "(2 * x / 3)"),
    "power": (x**3 / y**2, "((x ^ 3) / (y ^ 2))"),
    "root": (sqrt(x), "(sqrt x)"),
    "odd half power": (x ** Rational(3, 2), "((sqrt x) ^ 3)"),
    "natural exponent": (x ** (2 * t + 1), "(x ^ (1 + t + t)%nat)"),
    "negative exponent": (x ** (-t), "(/ (x ^ t))"),
    "natural number among reals": (n * x, "((INR n) * x)"),
    "constants and functions": (pi * exp(-x) * cos(y), "(PI * (exp ((-1) * x)) * (cos y))"),
}


@pytest.mark.parametrize("case", CASES)
def test_terms(case):
    """Each construct has one way of being printed."""
    expression, expected = CASES[case]
    assert term(expression, names(expression.free_symbols)) == expected


@pytest.mark.parametrize("expression", [erf(x), x**y, x ** (n - t), x ** Rational(1, 3)])
def test_what_is_outside_is_refused(expression):
    """Nothing is printed that Coq would read otherwise."""
    with pytest.raises(Outside):
        term(expression, names(expression.free_symbols))


def test_names_are_legal_and_distinct():
    """Names that differ only in assumptions or in signs that Coq lacks stay apart; keywords are avoided."""
    found = names({Symbol("x"), x, Symbol(r"\tilde\eta"), Symbol("in")})
    assert sorted(found.values()) == ["in_", "tildeeta", "x", "x'"]
