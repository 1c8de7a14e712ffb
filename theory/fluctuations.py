"""Fluctuations of norm and angle around the mean field, to leading order in the gradient's noise.

A gradient orthogonal to w has two random numbers that the moments feel: |g|^2 = q (1 + zeta) with
E zeta^2 = v, and its overlaps <g, s_i> with the buffers, of covariance q (G_ij - G_0i G_0j / G_00) / (d - 1)
for an isotropic direction. Both push the Gram matrix G = s s^T off its fixed point, and the Jacobian J
brings it back: its covariance S solves the discrete Lyapunov equation S = J S J^T + Q.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations_with_replacement

from sympy import (
    Expr,
    Integer,
    Matrix,
    Poly,
    Symbol,
    acos,
    expand,
    gamma,
    hessian,
    linsolve,
    prod,
    simplify,
    sqrt,
    symbols,
    together,
)

from theory.derivation import derived, recorded
from theory.equilibrium import Equilibrium, equilibrium_of
from theory.finite_dimension import angle_response
from theory.forms import factored
from theory.symbols import (
    damped_decay,
    dampening,
    decay,
    dim,
    energy_skewness,
    energy_variance,
    lr,
    momentum,
    scaled_decay,
)
from theory.update_rule import UpdateRule

ORDER = 4
"""Order in (y, zeta) that second-order means in v need."""


class Fluctuations:
    """Small fluctuations of a rule with white gradients orthogonal to w.

    Every expression is linear in v, the relative variance of the squared unit-gradient norm
    (``symbols.energy_variance``), and in 1/(d - 1); what is left out is quadratic in them.
    Exact in the decay per step and in the momentum.
    """

    def __init__(self, equilibrium: Equilibrium) -> None:
        if not equilibrium.rule.autocorrelation.is_white:
            raise ValueError(f"{equilibrium.rule.name}: fluctuations are derived for white input only")
        self.equilibrium = equilibrium
        self.rule = equilibrium.rule
        self.recursion = equilibrium.recursion

    def _relative(self, expression: Matrix) -> Matrix:
        """At lr = 1, with p (1 - tau) as one symbol: relative moments depend on neither alone."""
        one = expression.subs(lr, 1).subs(decay, damped_decay / (1 - dampening))
        return one.applyfunc(factored)

    def in_scaled_decay(self, expression: Expr) -> Expr:
        """An entry of a covariance in x = p (1 - tau)/(1 + alpha), the form in which momentum reads best."""
        return factored(expression.subs(damped_decay, scaled_decay * (1 + momentum)))

    def _printed(self, expression: Expr) -> Expr:
        written = expression.subs(damped_decay, decay * (1 - dampening))
        return written if dampening in self._parameters else written.subs(dampening, 0)

    @derived
    def _parameters(self) -> set[Symbol]:
        return self.recursion.transition.free_symbols | self.recursion.drive.free_symbols

    @derived
    def gram(self) -> Matrix:
        """G over |w|^2 at the fixed point."""
        unit = self.recursion.unit_gram
        return self._relative(unit / unit[0, 0])

    @derived
    def jacobian(self) -> Matrix:
        """J over the upper triangle."""
        return self._relative(self.equilibrium.jacobian)

    def _vector(self, matrix: Matrix) -> Matrix:
        return Matrix([matrix[i, j] for i, j in self.recursion.entries])

    @derived
    def energy_kick(self) -> Matrix:
        """What zeta = 1 adds to the moments: vec(K) q / |w|^2."""
        unit = self.recursion.unit_gram[0, 0]
        return self._vector(self._relative(self.recursion.noise / unit))

    @derived
    def overlap_noise(self) -> Matrix:
        """Covariance, times d - 1, of what the overlaps <g, s_i> add to the moments."""
        size = self.recursion.transition.rows
        transition = self._relative(self.recursion.transition)
        unit = self.recursion.unit_gram[0, 0]
        drive = self.recursion.drive.subs(lr, 1).subs(decay, damped_decay / (1 - dampening))
        inverse = together((1 / unit).subs(lr, 1).subs(decay, damped_decay / (1 - dampening)))
        kicks = []
        for i in range(1, size):
            outer = drive * transition[:, i].T
            kicks.append(self._vector(outer + outer.T))
        total = Matrix.zeros(len(self.recursion.entries))
        for i, first in enumerate(kicks, 1):
            for j, second in enumerate(kicks, 1):
                across = self.gram[i, j] - self.gram[0, i] * self.gram[0, j]
                total += across * inverse * first * second.T
        return total.applyfunc(factored)

    def _lyapunov(self, noise: Matrix) -> Matrix:
        size = noise.rows
        pairs = list(combinations_with_replacement(range(size), 2))
        names = {pair: Symbol("S_{}_{}".format(*pair)) for pair in pairs}
        unknown = Matrix(size, size, lambda i, j: names[min(i, j), max(i, j)])
        residual = unknown - self.jacobian * unknown * self.jacobian.T - noise
        (found,) = linsolve([residual[pair] for pair in pairs], list(names.values()))
        return unknown.subs(dict(zip(names.values(), found, strict=True))).applyfunc(factored)

    @derived
    def by_energy(self) -> Matrix:
        """Covariance of G over |w|^4 for v = 1 and no overlaps."""
        return self._lyapunov(self.energy_kick * self.energy_kick.T)

    @derived
    def by_overlap(self) -> Matrix:
        """Covariance of G over |w|^4, times d - 1, for v = 0."""
        kick = self.energy_kick
        share = factored(self.overlap_noise[0, 0] / kick[0] ** 2)
        if (self.overlap_noise - share * kick * kick.T).applyfunc(factored).is_zero_matrix:
            return share * self.by_energy  # both noises enter the moments in one direction
        return self._lyapunov(self.overlap_noise)

    def _combined(self, by_energy: Expr, by_overlap: Expr) -> Expr:
        parts = (self._printed(factored(part)) for part in (by_energy, by_overlap))
        first, second = (factored(part) for part in parts)
        return energy_variance * first + second / (dim - 1)

    @derived
    def relative_variance(self) -> Expr:
        """Var(|w|^2) / (E|w|^2)^2."""
        return self._combined(self.by_energy[0, 0], self.by_overlap[0, 0])

    @derived
    def squared_norm_shift(self) -> Expr:
        """E|w|^2 / A - 1 for the mean field A.

        E|w|^2 = h E q(|w|^2) holds exactly; to second order E q = q (1 + e y + e (e - 1) s / 2) with the
        elasticity e and the relative variance s.
        """
        return -self.equilibrium.rule.elasticity / 2 * self.relative_variance

    @derived
    def angle_by_energy(self) -> tuple[Expr, Expr]:
        """Variance over sin^2 and shift over tan of the angle for v = 1 and no overlaps."""
        return self._angle(self.by_energy, self.energy_kick * self.energy_kick.T)

    @derived
    def angle_by_overlap(self) -> tuple[Expr, Expr]:
        """The same, times d - 1, for v = 0."""
        return self._angle(self.by_overlap, self.overlap_noise)

    def _angle(self, covariance: Matrix, noise: Matrix) -> tuple[Expr, Expr]:
        lost = self._relative(Matrix([self.equilibrium.one_minus_cosine]))[0]
        transition = self._relative(self.recursion.transition)
        overlap = Matrix([[transition[0, j] if i == 0 else Integer(0) for i, j in self.recursion.entries]]) / (1 - lost)
        before = Matrix([[Integer(int(k == 0)) for k in range(self.jacobian.rows)]])
        variance, shift = angle_response(overlap, before, self.jacobian[0, :], covariance, noise[0, 0], lost)
        return factored(variance), factored(shift)

    @derived
    def angle_variance(self) -> Expr:
        """Var(theta) / sin(theta)^2, where cos(theta) = E<w, w'>/E|w|^2."""
        return self._combined(self.angle_by_energy[0], self.angle_by_overlap[0])

    @derived
    def angle_shift(self) -> Expr:
        """(E theta_t - theta) / tan(theta): the mean angle of a step against theta."""
        return self._combined(self.angle_by_energy[1], self.angle_by_overlap[1])


@cache
def fluctuations_of(rule_name: str) -> Fluctuations:
    """The fluctuations of a built-in optimizer, derived once a process."""
    return Fluctuations(equilibrium_of(rule_name))


@recorded
@cache
def sgd_moments() -> tuple[Expr, ...]:
    """E y, E y^2, E y^3, E y^4 of y = |w|^2/A - 1 for SGD to second order in v.

    In units of A, |w'|^2 = a^2 |w|^2 + eta^2 L (1 + zeta)/|w|^2 reads
    1 + y' = a^2 (1 + y) + (1 - a^2)(1 + zeta)/(1 + y). Powers of y' are expanded to fourth order in
    (y, zeta) and averaged with E zeta^3 = k v^2 (k = ``symbols.energy_skewness``) and
    E zeta^4 = 3 v^2 + O(v^3), as for a zeta that sums many independent parts: k = 2 for Gaussian gradients.
    """
    y, zeta = symbols("y zeta")
    kept = (1 - decay) ** 2
    moved = kept * y + (1 - kept) * ((1 + zeta) * sum((-y) ** n for n in range(ORDER + 1)) - 1)
    v = energy_variance
    names = symbols("mu_1_1 mu_1_2 mu_2_1 mu_2_2 mu_3_2 mu_4_2")
    mean = (
        Integer(1),
        names[0] * v + names[1] * v**2,
        names[2] * v + names[3] * v**2,
        names[4] * v**2,
        names[5] * v**2,
    )
    of_zeta = (Integer(1), Integer(0), v, energy_skewness * v**2, 3 * v**2)
    equations, power = [], Integer(1)
    for k in range(1, ORDER + 1):
        power = Poly(expand(power * moved), y, zeta)
        terms = [(i, j, c) for (i, j), c in power.terms() if i + j <= ORDER]
        power = sum(c * y**i * zeta**j for i, j, c in terms)
        moved_mean = sum(c * mean[i] * of_zeta[j] for i, j, c in terms)
        balance = Poly(expand(moved_mean - mean[k]), v)
        equations += [balance.coeff_monomial(v), balance.coeff_monomial(v**2)]
    (found,) = linsolve([e for e in equations if e != 0], names)
    values = dict(zip(names, map(factored, found), strict=True))
    return tuple(m.subs(values) for m in mean[1:])


@recorded
def chi_mean_over_rms(freedom: Expr) -> Expr:
    """Mean over root mean square of the length of an isotropic Gaussian vector in ``freedom`` dimensions."""
    return sqrt(2 / freedom) * gamma((freedom + 1) / 2) / gamma(freedom / 2)


@recorded
def kurtosis_share(rule: UpdateRule) -> Expr:
    """sum_k h_k^4 / (sum_k h_k^2)^2 of the weights' response h_k = (M^k N)_0 to one input.

    A coordinate that sums independent inputs of excess kurtosis K has excess kurtosis K times this share.
    """
    sums = [_response_power_sum(rule, power) for power in (4, 2)]
    return factored(sums[0] / sums[1] ** 2)


def _response_power_sum(rule: UpdateRule, power: int) -> Expr:
    """sum_k h_k^power, from the symmetric power of M: monomials of s = M^k N move linearly."""
    transition, drive = (m.subs(lr, 1) for m in rule.in_decay())
    names = symbols(f"s_0:{transition.rows}")
    moved = transition * Matrix(names)
    monomials = [prod(choice) for choice in combinations_with_replacement(names, power)]
    exponents = [Poly(m, *names).monoms()[0] for m in monomials]
    rows = []
    for exponent in exponents:
        image = Poly(prod(m**e for m, e in zip(moved, exponent, strict=True)), *names)
        rows.append(
            [image.coeff_monomial(prod(s**e for s, e in zip(names, other, strict=True))) for other in exponents]
        )
    start = Matrix([m.subs(dict(zip(names, drive, strict=True))) for m in monomials])
    unknown = Matrix(symbols(f"u_0:{len(monomials)}"))
    (found,) = linsolve(list(unknown - Matrix(rows) * unknown - start), list(unknown))
    return factored(found[0])


@recorded
def gaussian_angle(cosine: Expr) -> tuple[Expr, Expr]:
    """(variance, shift of the mean) times d of the angle between w and w' with d independent Gaussian coordinates.

    The overlaps S_ij / d have covariances (c_ik c_jl + c_il c_jk)/d for unit variances and correlation
    ``cosine``; the angle is expanded to second order in them.
    """
    correlation = ((Integer(1), cosine), (cosine, Integer(1)))
    pairs = ((0, 0), (0, 1), (1, 1))
    names = symbols("S_00 S_01 S_11", positive=True)
    angle = acos(names[1] / sqrt(names[0] * names[2]))
    at = dict(zip(names, (1, cosine, 1), strict=True))
    covariance = Matrix(
        3,
        3,
        lambda m, n: (
            correlation[pairs[m][0]][pairs[n][0]] * correlation[pairs[m][1]][pairs[n][1]]
            + correlation[pairs[m][0]][pairs[n][1]] * correlation[pairs[m][1]][pairs[n][0]]
        ),
    )
    slope = Matrix([angle]).jacobian(names).subs(at)
    curvature = hessian(angle, names).subs(at)
    return simplify((slope * covariance * slope.T)[0, 0]), simplify((curvature * covariance).trace() / 2)
