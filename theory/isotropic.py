"""SGD with weight decay on the isotropic loss 1 - q, q = <w/|w|, e>, with noise of fixed length.

The unit gradient is -(e - q w/|w|) + xi with xi orthogonal to w and to e and |xi|^2 = sigma^2. The pair
(Phi, q) then closes, for each trajectory. Without noise this is the model of key ``amin_schedule``.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Matrix, Symbol, factor, fraction, simplify, solve, sqrt

from theory.derivation import recorded
from theory.symbols import alignment, alignment_square, contraction, direction_lr, noise_square

POSITIVE = Symbol("a", positive=True)
"""a = 1 - p between 0 and 1, so that roots of its square are taken with the right sign."""
INSIDE = 0.5
"""A value of a at which the root inside the domain is told from the other."""


@recorded
def unit_gradient_square() -> Expr:
    """G = 1 - q^2 + sigma^2."""
    return 1 - alignment**2 + noise_square


@recorded
def step() -> Matrix:
    """(Phi', q') in a, Phi, q and sigma."""
    turned = 1 + direction_lr**2 * unit_gradient_square()
    towards = alignment + direction_lr * (1 - alignment**2)
    return Matrix([direction_lr / (contraction**2 * turned), towards / sqrt(turned)])


@recorded
def fixed_lr() -> Expr:
    """Phi at a fixed point of alignment q, from q' = q where 1 + Phi^2 G = a^-2."""
    (found,) = solve(contraction * (alignment + direction_lr * (1 - alignment**2)) - alignment, direction_lr)
    return found


@recorded
@cache
def fixed_noise() -> Expr:
    """sigma^2 for which q is the fixed point's alignment."""
    return factor((contraction**-2 - 1) / fixed_lr() ** 2 - (1 - alignment**2))


@recorded
def noise_free() -> tuple[Expr, Expr]:
    """(Phi, q) at the fixed point without noise."""
    (found,) = [q for q in solve(fixed_noise().subs(contraction, POSITIVE), alignment) if q != 1]
    return tuple(simplify(e.subs(POSITIVE, contraction)) for e in (fixed_lr().subs(alignment, found), found))


@recorded
@cache
def jacobian() -> Matrix:
    """d(Phi', q')/d(Phi, q) at the fixed point of alignment q."""
    at = {noise_square: fixed_noise(), direction_lr: fixed_lr()}
    entries = step().jacobian([direction_lr, alignment])
    turned = simplify((1 + direction_lr**2 * unit_gradient_square()).subs(at))
    assert simplify(turned * contraction**2) == 1
    there = entries.subs(at, simultaneous=True).subs(contraction, POSITIVE).applyfunc(simplify)
    return there.subs(POSITIVE, contraction)


@recorded
@cache
def determinant() -> Expr:
    """Determinant of the Jacobian, in a and q."""
    return factor(simplify(jacobian().det()))


@recorded
@cache
def trace() -> Expr:
    """Trace of the Jacobian, in a and q."""
    return factor(simplify(jacobian().trace()))


@recorded
def border() -> Expr:
    """Quadratic in u = q^2 whose sign is that of 1 - determinant."""
    numerator = factor((1 - determinant()) * (1 - alignment**2) ** 2 / (1 - contraction))
    return simplify(numerator).expand().subs(alignment, sqrt(alignment_square))


@recorded
@cache
def critical_alignment_square() -> Expr:
    """q^2 at which the determinant is one: the zero of ``border`` below one."""
    (found,) = [u for u in solve(border(), alignment_square) if u.subs(contraction, INSIDE) < (1 + INSIDE) / 2]
    above, below = fraction(simplify(found))
    return (-above).expand() / -below if below.subs(contraction, INSIDE) < 0 else above / below


@recorded
def noise_at_square() -> Expr:
    """``fixed_noise`` in u = q^2."""
    return factor(fixed_noise().expand().subs(alignment, sqrt(alignment_square)))


@recorded
@cache
def critical_noise() -> Expr:
    """sigma^2 above which the fixed point attracts."""
    return noise_at_square().subs(alignment_square, critical_alignment_square())
