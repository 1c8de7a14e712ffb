"""SymPy to Coq: what is printed, what is refused."""

import pytest
from sympy import Abs, Rational, Sum, Symbol, asin, binomial, cos, erf, exp, oo, pi, sqrt, symbols

from proofs.formal.coq_terms import Outside, names, term
from theory.orthogonality import StepProduct

x, y = symbols("x y", positive=True)
n, t = symbols("n t", integer=True, nonnegative=True)
k = Symbol("k", positive=True)
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
    "more functions": (asin(x) - Abs(x - 2), "((asin x) - (Rabs (x - 2)))"),
    "product of natural numbers": (x ** (2 * n * t + t), "(x ^ (t + n * t + n * t)%nat)"),
    "binomial": (binomial(2 * n, n), "(Binomial.C (n + n)%nat n)"),
    "series": (Sum(x**n, (n, 0, oo)), "(Series (fun n : nat => (x ^ n)))"),
    "series from one": (Sum(x**n, (n, 1, oo)), "(Series (fun n : nat => (x ^ (1 + n)%nat)))"),
    "sum beside its own index": (n * Sum(x**n, (n, 1, t)), "((INR n) * (sum (fun n' : nat => (x ^ (1 + n')%nat)) t))"),
    "products of weights": (
        StepProduct(t + 1, t) - StepProduct(1, 0),
        "((product (1 + t)%nat t) - (product (1)%nat (0)%nat))",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_terms(case):
    """Each construct has one way of being printed."""
    expression, expected = CASES[case]
    assert term(expression, names(expression.free_symbols)) == expected


@pytest.mark.parametrize(
    "expression",
    [erf(x), x**y, x ** (n - t), x ** Rational(1, 3), binomial(x, n), Sum(x**n, (n, t, oo)), Sum(1 / k, (k, 1, t))],
)
def test_what_is_outside_is_refused(expression):
    """Nothing is printed that Coq would read otherwise."""
    with pytest.raises(Outside):
        term(expression, names(expression.free_symbols))


def test_names_are_legal_and_distinct():
    """Names that differ only in assumptions or in signs that Coq lacks stay apart; keywords are avoided."""
    found = names({Symbol("x"), x, Symbol(r"\tilde\eta"), Symbol("in")})
    assert sorted(found.values()) == ["in_", "tildeeta", "x", "x'"]
