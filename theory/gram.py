"""The Gram recursion G' = M G M^T + q(A) K and its fixed point.

G = E[s s^T] summed over coordinates, A = G_00 = E|w|^2, K = N N^T + M c N^T + N c^T M^T with the
cross moment c = E<s, x>/q of correlated input (c = 0 for white input). Taking q at E|w|^2 instead of
averaging q(|w|^2) is the mean field.
"""

from __future__ import annotations

from sympy import Expr, Integer, Matrix, Symbol, linsolve, simplify, solve

from theory.derivation import derived, note, recorded
from theory.forms import factored
from theory.series import WeightedSeries
from theory.symbols import moment, squared_norm
from theory.update_rule import UpdateRule


class NoFixedPoint(ValueError):
    """The Gram recursion has no positive fixed point in closed form."""


@recorded
def input_moments(transition: Matrix, drive: Matrix, cross: Matrix) -> Matrix:
    """K = N N^T + M c N^T + N c^T M^T, the moments that one input of unit energy adds."""
    pushed = transition * cross * drive.T
    return drive * drive.T + pushed + pushed.T


@recorded
def after_step(moments: Matrix, transition: Matrix, added: Matrix, amplitude: Expr) -> Matrix:
    """G' = M G M^T + q K."""
    return transition * moments * transition.T + amplitude * added


class GramRecursion:
    """The moments of one rule, with lambda replaced by p / eta."""

    def __init__(self, rule: UpdateRule) -> None:
        self.rule = rule
        self.transition, self.drive = rule.in_decay()
        size = self.transition.rows
        self.entries = [(i, j) for i in range(size) for j in range(i, size)]

    @derived
    def _correlated(self) -> tuple[Matrix, dict[Symbol, WeightedSeries]]:
        note(self.rule.autocorrelation.origin)
        return self.rule.autocorrelation.cross(self.transition, self.drive)

    @property
    def cross(self) -> Matrix:
        """c = E<s, x>/q."""
        return self._correlated[0]

    @property
    def series(self) -> dict[Symbol, WeightedSeries]:
        """The series behind the symbols T."""
        return self._correlated[1]

    @derived
    def noise(self) -> Matrix:
        """K, the moments that one input of unit energy adds."""
        return input_moments(self.transition, self.drive, self.cross)

    @derived
    def moments(self) -> Matrix:
        """Symbols of the Gram matrix; the corner is A."""
        size = self.transition.rows
        return Matrix(size, size, moment)

    def step(self, moments: Matrix, amplitude: Expr) -> Matrix:
        """G' from G at input energy q."""
        return after_step(moments, self.transition, self.noise, amplitude)

    @derived
    def unit_gram(self) -> Matrix:
        """The fixed point at q = 1: the linear equation G = M G M^T + K, solved by SymPy."""
        noise = self.noise.applyfunc(factored)  # what SymPy would expand over a common denominator
        residual = after_step(self.moments, self.transition, noise, Integer(1)) - self.moments
        unknowns = [self.moments[i, j] for i, j in self.entries]
        (found,) = linsolve([residual[i, j] for i, j in self.entries], unknowns) or (None,)
        if found is None or set().union(*(e.free_symbols for e in found)) & set(unknowns):
            raise NoFixedPoint(f"{self.rule.name}: the linear moment equation has no unique fixed point")
        return self.moments.subs(dict(zip(unknowns, found, strict=True))).applyfunc(factored)

    @derived
    def at_unit_input(self) -> dict[Symbol, Expr]:
        """The moments and the amplitude's constant (L or d) at the fixed point with q = 1."""
        found = {self.moments[i, j]: self.unit_gram[i, j] for i, j in self.entries}
        for constant in self.rule.amplitude.free_symbols - {squared_norm}:
            found[constant] = self.unit_gram[0, 0] ** -self.rule.elasticity
        return found

    @derived
    def squared_norm(self) -> Expr:
        """A = E|w|^2, the positive solution of A = q(A) (unit Gram)_00."""
        unit = Symbol("h", positive=True)
        found = solve(squared_norm - self.rule.amplitude * unit, squared_norm)
        positive = [s for s in found if s.is_positive]
        if len(positive) != 1:
            raise NoFixedPoint(f"{self.rule.name}: A = q(A) h has {len(positive)} positive solutions")
        return positive[0].subs(unit, self.unit_gram[0, 0])

    @derived
    def gram(self) -> Matrix:
        """The Gram matrix at equilibrium."""
        scale = self.squared_norm / self.unit_gram[0, 0]
        return self.unit_gram.applyfunc(lambda entry: simplify(entry * scale))

    @derived
    def overlap(self) -> Expr:
        """E<w, w'> per unit of q: (M G)_00 + N_0 c_0."""
        return (self.transition * self.unit_gram)[0, 0] + self.drive[0] * self.cross[0]
