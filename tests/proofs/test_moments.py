"""The second way to the Gram recursion agrees with the engine's, and would notice an error in it."""

import pytest
from sympy import Integer, Symbol, cancel

from proofs import moments
from theory import OPTIMIZERS, equilibrium_of
from theory.symbols import squared_norm


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_expanded_step_is_the_matrix_recursion(optimizer):
    """Expanding the step into monomials gives the same moments as M G M^T + q K."""
    recursion = equilibrium_of(optimizer).recursion
    by_matrices = recursion.step(recursion.moments, Integer(1))
    size = recursion.transition.rows
    rename = {moments.moment_symbol(i, j): recursion.moments[i, j] for i in range(size) for j in range(i, size)}
    for (i, j), moved in moments.after_step(recursion, Integer(1)).items():
        if j < size:
            assert cancel(moved.subs(rename) - by_matrices[i, j]) == 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_overlap_by_expansion_is_the_engines(optimizer):
    """E<w, w'> from the expanded step is the engine's at its fixed point."""
    recursion = equilibrium_of(optimizer).recursion
    found = moments.at_unit_gram(moments.overlap(recursion, Integer(1)), recursion)
    assert cancel(found - recursion.overlap) == 0


def test_expectation_of_a_known_square():
    """E (2 s + 3 x)^2 = 4 E s^2 + 12 E s x + 9 E x^2."""
    recursion = equilibrium_of("lion").recursion
    q = Symbol("q")
    (s,) = moments.states(1)
    found = moments.expectation((2 * s + 3 * Symbol("x")) ** 2, q, recursion.cross)
    assert cancel(found - (4 * squared_norm + 12 * q * recursion.cross[0] + 9 * q)) == 0


def test_corner_is_the_squared_norm():
    """The moment of the weights with themselves is A, and indices commute."""
    assert moments.moment_symbol(0, 0) == squared_norm
    assert moments.moment_symbol(1, 0) == moments.moment_symbol(0, 1) != moments.moment_symbol(1, 1)
