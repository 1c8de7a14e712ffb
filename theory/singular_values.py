"""Moments M_s = E sum sigma^(2s) of the singular values of a Gaussian matrix in closed form (key ``adler2000``).

The density of x = sigma^2 for m <= n, a = n - m, v(x) = x^((a-1)/2) e^(-x/2), L_k = L_k^(a):

    sum_{k=0}^{m-2} k!/Gamma(k+a+1) x^a e^(-x) L_k^2
      + v L_(m-1) [b - (m-1)!/(2 Gamma(n-1)) int_0^x v L_(m-2)],
    b = m! Gamma(3/2) / (Gamma(1+m/2) Gamma(n/2) 2^((n+m-1)/2)).

Every integral is a finite sum of gamma functions and of beta integrals up to 1/2. ``theory.wishart.moments``
gives the same by quadrature.
"""

from __future__ import annotations

from sympy import Expr, Integer, Rational, binomial, expand, expand_func, factorial, gamma, rf

from theory.derivation import recorded


@recorded
def singular_value_moment(rows: int, columns: Expr, s: Expr) -> Expr:
    """E sum_i sigma_i^(2s) exactly, for rows <= columns; ``columns`` may be a symbol where rows = 1.

    Needs 2s whole and, where rows > 1, columns - rows odd or s a half-integer.
    """
    small, large, half = Integer(rows), columns, Rational(1, 2)
    excess = large - small
    total = Integer(0)
    for k in range(rows - 1):
        terms = [
            (rf(-s, k - i) / factorial(k - i)) ** 2 * gamma(i + excess + s + 1) / factorial(i) for i in range(k + 1)
        ]
        total += factorial(k) / gamma(k + excess + 1) * sum(terms)
    base = (excess + 1) * half
    height = factorial(small) * gamma(3 * half) / (gamma(1 + small * half) * gamma(large * half))
    height /= 2 ** ((large + small - 1) * half)
    outer = _coefficients(rows - 1, excess)
    total += height * sum(c * gamma(base + s + i) * 2 ** (base + s + i) for i, c in enumerate(outer))
    if rows > 1:
        inner = _coefficients(rows - 2, excess)
        pairs = [
            c * d * 2 ** (2 * base + s + i + j) * gamma(2 * base + s + i + j) * half_beta(base + j, base + s + i)
            for i, c in enumerate(outer)
            for j, d in enumerate(inner)
        ]
        total -= factorial(small - 1) / (2 * gamma(large - 1)) * sum(pairs)
    return expand(expand_func(total))


def _coefficients(degree: int, excess: Expr) -> list[Expr]:
    """Coefficients of the Laguerre polynomial, lowest first."""
    return [(-1) ** i * binomial(degree + excess, degree - i) / factorial(i) for i in range(degree + 1)]


def half_beta(first: Expr, second: Expr) -> Expr:
    """int_0^(1/2) t^(first-1) (1-t)^(second-1) dt, where one of the exponents is whole."""
    half = Rational(1, 2)
    if second.is_integer:
        count = int(second)
        return sum((-1) ** k * binomial(count - 1, k) * half ** (first + k) / (first + k) for k in range(count))
    count = int(first)
    return sum((-1) ** k * binomial(count - 1, k) * (1 - half ** (second + k)) / (second + k) for k in range(count))
