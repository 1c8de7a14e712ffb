"""Second moments after one step, by expanding the step itself: a second way to the Gram recursion.

Products of next states are expanded into monomials and each monomial is replaced by its moment. No
matrix of the engine is multiplied here, so an error in its recursion shows as a disagreement.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

from sympy import Expr, Matrix, Poly, Symbol, cancel, diag, factor, powsimp

from theory import GramRecursion
from theory.symbols import decay, dim, energy, lr, moment, squared_norm, wd


def states(size: int) -> list[Symbol]:
    """Symbols of the state, the weight first."""
    return [Symbol(f"s_{i}") for i in range(size)]


def moment_symbol(i: int, j: int) -> Symbol:
    """E<s_i, s_j>; the corner is A."""
    return squared_norm if i == j == 0 else Symbol(f"E_{min(i, j)}{max(i, j)}")


def expectation(product: Expr, amplitude: Expr, cross: Matrix) -> Expr:
    """E of a quadratic polynomial in the states and the input x, with E x^2 = q and E<s, x> = q c."""
    names = states(cross.rows)
    source = Symbol("x")
    total = 0
    for powers, coefficient in Poly(product.expand(), *names, source).terms():
        *state_powers, input_power = powers
        present = [i for i, power in enumerate(state_powers) for _ in range(power)]
        if input_power == 2:
            total += coefficient * amplitude
        elif input_power == 1:
            total += coefficient * amplitude * cross[present[0]]
        else:
            total += coefficient * moment_symbol(*present)
    return total


def after_step(recursion: GramRecursion, amplitude: Expr) -> dict[tuple[int, int], Expr]:
    """E<s'_i, s'_j> for i <= j, with the filter behind a correlated input as further states."""
    filters = recursion.rule.autocorrelation.source_modes
    transition = diag(recursion.transition, *filters)
    drive = Matrix([*recursion.drive, *[0] * len(filters)])
    cross = Matrix([*recursion.cross, *[0] * len(filters)])
    size = transition.rows
    moved = transition * Matrix(states(size)) + drive * Symbol("x")
    pairs = combinations_with_replacement(range(size), 2)
    return {(i, j): expectation(moved[i] * moved[j], amplitude, cross) for i, j in pairs}


def jacobian(recursion: GramRecursion) -> Matrix:
    """Derivatives of the moments after one step by those before it, at the fixed point.

    Under a gain y the step is written with the learning rate (p / lambda) y / y_0, y_0 being y at the fixed point.
    """
    rule = recursion.rule
    names = [moment_symbol(i, j) for i, j in after_step(recursion, rule.amplitude)]
    if rule.gain is None:
        after = list(after_step(recursion, rule.amplitude).values())
        return Matrix(after).jacobian(names).subs(strength(recursion)).applyfunc(cancel)
    size = recursion.transition.rows
    at_rest = Symbol("y_0", positive=True)
    gain = rule.gain.subs({moment(i, j): moment_symbol(i, j) for i in range(size) for j in range(i, size)})
    moved = rule.transition * Matrix(states(size)) + rule.drive * Symbol("x")
    rescaled = moved.subs(lr, decay / wd * gain / at_rest)
    pairs = combinations_with_replacement(range(size), 2)
    after = [expectation(rescaled[i] * rescaled[j], rule.amplitude, recursion.cross) for i, j in pairs]
    derivatives = Matrix(after).jacobian(names).subs(at_rest, gain).applyfunc(lambda entry: factor(powsimp(entry)))
    unit = recursion.unit_gram
    rest = {moment_symbol(i, j): squared_norm * unit[i, j] / unit[0, 0] for i in range(size) for j in range(i, size)}
    return derivatives.subs(rest | strength(recursion)).applyfunc(factor)


def overlap(recursion: GramRecursion, amplitude: Expr) -> Expr:
    """E<w, w'>."""
    size = recursion.transition.rows
    moved = (recursion.transition * Matrix(states(size)))[0] + recursion.drive[0] * Symbol("x")
    return expectation(states(size)[0] * moved, amplitude, recursion.cross)


def at_unit_gram(expression: Expr, recursion: GramRecursion) -> Expr:
    """The expression with every moment at the engine's fixed point for q = 1."""
    gram = recursion.unit_gram
    size = gram.rows
    return expression.subs({moment_symbol(i, j): gram[i, j] for i in range(size) for j in range(i, size)})


def strength(recursion: GramRecursion) -> dict[Symbol, Expr]:
    """The amplitude's constant (L or d) that puts the fixed point at squared norm A: q(A) = A / h."""
    amplitude, unit = recursion.rule.amplitude, recursion.unit_gram[0, 0]
    return {c: c * (squared_norm / unit) / amplitude for c in amplitude.free_symbols & {energy, dim}}
