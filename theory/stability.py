"""Where the equilibrium exists and attracts, in the decay per step p."""

from __future__ import annotations

from sympy import Expr, Poly, factor_list, fraction, numer, roots, together

from theory.equilibrium import Equilibrium
from theory.symbols import decay, multiplier


def divergence_factors(equilibrium: Equilibrium) -> list[Poly]:
    """Polynomials in p at whose positive roots E|w|^2 leaves every bound; nothing exists beyond the smallest."""
    return _factors(fraction(together(equilibrium.norm_power))[1])


def flip_factors(equilibrium: Equilibrium) -> list[Poly]:
    """Polynomials in p at whose positive roots a multiplier is -1, so that the moments alternate between two values."""
    return _factors(numer(together(equilibrium.characteristic_polynomial.subs(multiplier, -1))))


def divergences(equilibrium: Equilibrium) -> list[Expr]:
    """The roots of ``divergence_factors`` in radicals, of degree one and two."""
    return positive_roots(divergence_factors(equilibrium))


def flips(equilibrium: Equilibrium) -> list[Expr]:
    """The roots of ``flip_factors`` in radicals, of degree one and two."""
    return positive_roots(flip_factors(equilibrium))


def positive_roots(factors: list[Poly]) -> list[Expr]:
    """The roots in radicals of the factors of degree one and two that may be positive."""
    found = [root for piece in factors if piece.degree() <= 2 for root in roots(piece, decay)]
    return [root for root in found if root != 0 and not (root.is_negative or root.is_real is False)]


def _factors(polynomial: Expr) -> list[Poly]:
    return [Poly(piece, decay) for piece, _ in factor_list(polynomial, decay)[1] if piece != decay]
