"""Local convergence of the Gram recursion: Jacobian, characteristic polynomial, multipliers, half-life."""

from __future__ import annotations

from sympy import Expr, Integer, Matrix, Mul, Poly, diag, factor_list, log, numer, roots, together
from sympy.polys.matrices import DomainMatrix

from theory.forms import factored
from theory.gram import GramRecursion, after_step
from theory.symbols import decay, lr, moment, multiplier


def jacobian(recursion: GramRecursion) -> Matrix:
    """Derivative of the Gram map at its fixed point, over the upper triangle of G.

    J = sym(M x M) + (elasticity / h) vec(K) e_A^T with h = (unit Gram)_00, since q'(A) = elasticity/h,
    and with a gain y one more column times row: eta d(M G M^T + q N N^T)/d eta by d log y / dG.
    A filter behind the input joins the state: its modes multiply those of M.
    """
    rule = recursion.rule
    filters = rule.autocorrelation.source_modes
    if filters and rule.elasticity != 0:
        raise ValueError("a correlated input whose size depends on |w| needs its filter in the state")
    transition = diag(recursion.transition, *filters)
    size = transition.rows
    entries = [(i, j) for i in range(size) for j in range(i, size)]
    moments = Matrix(size, size, moment)
    moved = after_step(moments, transition, Matrix.zeros(size), Integer(0))
    after = Matrix([moved[i, j] for i, j in entries])
    result = after.jacobian([moments[i, j] for i, j in entries])
    if rule.elasticity != 0:
        noise = recursion.noise
        column = Matrix([noise[i, j] for i, j in entries])
        result[:, 0] += rule.elasticity / recursion.unit_gram[0, 0] * column
    if rule.gain is not None:
        result += _through_gain(recursion)
    return result.applyfunc(lambda entry: factored(together(entry)))


def log_cosine_gradient(recursion: GramRecursion, derivative: Matrix) -> Matrix:
    """Row vector c with d log cos = c dG at the fixed point of unit input, over the upper triangle of G.

    Off equilibrium cos = X / sqrt(A A') with X = (M G)_00 + q(A) N_0 c_0 and A' = G'_00. A mode of the
    Jacobian, ``derivative``, shows in the angle exactly where c does not annihilate its eigenvector.
    """
    rule, size = recursion.rule, len(recursion.entries)
    corner = recursion.unit_gram[0, 0]
    row = [recursion.transition[0, j] if i == 0 else Integer(0) for i, j in recursion.entries]
    overlap = Matrix([row])
    overlap[0] += rule.elasticity / corner * recursion.drive[0] * recursion.cross[0]
    after = derivative[0, :size]
    before = Matrix(1, size, lambda _, k: Integer(int(k == 0)))
    return overlap / recursion.overlap - (before + after) / (2 * corner)


def _through_gain(recursion: GramRecursion) -> Matrix:
    """What a deviation of the moments does through the step size; a ratio, so it may be read at energy 1."""
    rule, entries = recursion.rule, recursion.entries
    moments = recursion.moments
    moved = rule.transition * moments * rule.transition.T + rule.drive * rule.drive.T
    response = rule.eliminated(lr * moved.diff(lr))
    column = Matrix([response[i, j] for i, j in entries])
    logarithm = log(rule.gain)
    row = Matrix([[logarithm.diff(moments[i, j]) for i, j in entries]])
    return column.subs(recursion.at_unit_input) * row.subs(recursion.at_unit_input)


def characteristic_polynomial(matrix: Matrix) -> Expr:
    """det(z - J), factored over the rationals."""
    coefficients = DomainMatrix.from_Matrix(matrix).charpoly()
    field = DomainMatrix.from_Matrix(matrix).domain
    return factored(Poly([field.to_sympy(c) for c in coefficients], multiplier).as_expr())


def multipliers(polynomial: Expr) -> list[Expr]:
    """Roots of the characteristic polynomial, one for each multiplicity, as far as radicals of degree two reach."""
    found: list[Expr] = []
    for piece, times in factor_list(polynomial, multiplier)[1]:
        solved = roots(Poly(piece, multiplier), multiplier) if Poly(piece, multiplier).degree() <= 2 else {}
        for root, count in solved.items():
            found += [root] * (count * times)
    return found


def slow_multiplier_slope(polynomial: Expr) -> Expr:
    """c in z = 1 - c p + O(p^2) for the multiplier that is 1 at p = 0, by implicit differentiation."""
    at = {multiplier: Integer(1), decay: Integer(0)}
    for piece in Mul.make_args(factored(numer(together(polynomial)))):
        if piece.subs(at).expand() == 0:
            return factored(piece.diff(decay).subs(at) / piece.diff(multiplier).subs(at))
    raise ValueError("no multiplier tends to 1 as eta*lambda tends to 0")


def half_life(rate: Expr) -> Expr:
    """Steps in which the deviation halves: log(1/2) / log|rate|."""
    return log(Integer(1) / 2) / log(abs(rate))
