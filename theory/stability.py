"""Where the equilibrium exists and attracts, as values of p = eta*lambda."""

from __future__ import annotations

from sympy import Expr, Poly, factor_list, fraction, numer, roots, together

from theory.equilibrium import Equilibrium
from theory.symbols import decay, multiplier


def divergences(equilibrium: Equilibrium) -> list[Expr]:
    """p > 0 at which E|w|^2 leaves every bound: the poles of the norm; none exists beyond the smallest."""
    return _positive_roots(fraction(together(equilibrium.norm_power))[1])


def flips(equilibrium: Equilibrium) -> list[Expr]:
    """p > 0 at which a multiplier is -1, so that the moments alternate between two values."""
    return _positive_roots(numer(together(equilibrium.characteristic_polynomial.subs(multiplier, -1))))


def _positive_roots(polynomial: Expr) -> list[Expr]:
    pieces = [Poly(piece, decay) for piece, _ in factor_list(polynomial, decay)[1]]
    found = [root for piece in pieces for root in roots(piece, decay)]
    return [root for root in found if root != 0 and not (root.is_negative or root.is_real is False)]
