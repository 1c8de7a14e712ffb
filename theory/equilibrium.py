"""Everything that an update rule's equilibrium holds, derived: norm, cosine, angle, rates, leading orders."""

from __future__ import annotations

from functools import cache

from sympy import Expr, Matrix, Symbol, simplify, sqrt

from theory import convergence, geometry
from theory.derivation import derived
from theory.forms import factored, in_decay, positive_factors, tidy
from theory.gain import StepSizeLaw, step_size_law
from theory.gram import GramRecursion, NoFixedPoint
from theory.leading_order import LeadingOrder, angle_leading_order, of_rational
from theory.series import WeightedSeries
from theory.symbols import decay, decay_behind_gain, squared_norm
from theory.update_rule import UpdateRule


class Equilibrium:
    """The equilibrium of one rule, exact in the decay per step p: eta*lambda, or y*eta*lambda under a gain y.

    Averages: ``norm`` is sqrt(E|w|^2), ``cosine`` is E<w, w'>/E|w|^2, ``angle`` its arccosine in
    radians; the expectation runs over the gradient noise at stationarity.
    """

    def __init__(self, rule: UpdateRule) -> None:
        self.rule = rule
        self.recursion = GramRecursion(rule)

    @property
    def series(self) -> dict[Symbol, WeightedSeries]:
        """The series behind the symbols T of the expressions, if any."""
        return self.recursion.series

    @derived
    def unit_squared_norm(self) -> Expr:
        """h = E|w|^2 per unit of input energy; A = q(A) h."""
        return positive_factors(self.recursion.unit_gram[0, 0])

    @derived
    def _power(self) -> tuple[Expr, Expr]:
        """(c, 1 - elasticity) of A^(1 - elasticity) = c h, for q = c A^elasticity."""
        elasticity = self.rule.elasticity
        if elasticity == 1:
            raise NoFixedPoint(
                f"{self.rule.name}: the input's energy {self.rule.amplitude} grows like E|w|^2 itself, "
                "so nothing sets the norm"
            )
        return simplify(self.rule.amplitude / squared_norm**elasticity), 1 - elasticity

    @derived
    def norm_power(self) -> Expr:
        """norm^(2 (1 - elasticity)): norm^4 for scale-invariant gradients, norm^2 for normalised inputs."""
        constant, _ = self._power
        return positive_factors(constant * self.unit_squared_norm)

    @property
    def norm_exponent(self) -> Expr:
        """The exponent of ``norm_power``."""
        return 2 * self._power[1]

    @derived
    def norm(self) -> Expr:
        """sqrt(E|w|^2)."""
        return self.norm_power ** (1 / self.norm_exponent)

    @derived
    def step_size_law(self) -> StepSizeLaw:
        """Under a gain: eta^2 as a power law of the decay per step."""
        return step_size_law(self.rule.gain, self.recursion, self.norm_power, self.norm_exponent)

    @derived
    def norm_at_constant_energy(self) -> Expr:
        """sqrt(E|w|^2) when the input's energy is the same constant at every |w|: random-walk gradients."""
        constant, _ = self._power
        return sqrt(positive_factors(constant * self.unit_squared_norm))

    @derived
    def one_minus_cosine(self) -> Expr:
        """1 - E<w, w'>/E|w|^2, in a form without cancellation."""
        recursion = self.recursion
        return positive_factors(1 - factored(recursion.overlap / recursion.unit_gram[0, 0]))

    @derived
    def cosine(self) -> Expr:
        """E<w, w'>/E|w|^2."""
        return 1 - self.one_minus_cosine

    @derived
    def angle(self) -> Expr:
        """arccos of the cosine, radians."""
        return geometry.angle(self.one_minus_cosine)

    @derived
    def chord(self) -> Expr:
        """Distance of the unit vectors before and after one step."""
        return geometry.chord(self.one_minus_cosine)

    @derived
    def sine(self) -> Expr:
        """Sine of the angle; at equilibrium also the tangential step over the norm."""
        return geometry.sine(self.one_minus_cosine)

    @derived
    def jacobian(self) -> Matrix:
        """Jacobian of the Gram map at the fixed point."""
        return convergence.jacobian(self.recursion)

    @derived
    def log_cosine_gradient(self) -> Matrix:
        """How the angle's cosine answers to a deviation of the moments."""
        return convergence.log_cosine_gradient(self.recursion, self.jacobian)

    @derived
    def characteristic_polynomial(self) -> Expr:
        """Characteristic polynomial of the Jacobian, factored."""
        return convergence.characteristic_polynomial(self.jacobian)

    @derived
    def multipliers(self) -> list[Expr]:
        """The roots of the characteristic polynomial; the convergence rate is the one of largest modulus."""
        return convergence.multipliers(self.characteristic_polynomial)

    @derived
    def norm_leading_order_in_decay(self) -> LeadingOrder:
        """Leading order of the norm as the decay per step tends to zero."""
        return of_rational(self.norm_power, self.series).to_power(1 / self.norm_exponent)

    @derived
    def norm_leading_order(self) -> LeadingOrder:
        """Leading order of the norm in the hyper-parameters."""
        return self._in_learning_rate(self.norm_leading_order_in_decay)

    @derived
    def one_minus_cosine_leading_order(self) -> LeadingOrder:
        """Leading order of 1 - cos."""
        return of_rational(self.one_minus_cosine, self.series)

    @derived
    def angle_leading_order_in_decay(self) -> LeadingOrder:
        """Leading order of the angle as the decay per step tends to zero."""
        return angle_leading_order(self.one_minus_cosine_leading_order)

    @derived
    def angle_leading_order(self) -> LeadingOrder:
        """Leading order of the angle in the hyper-parameters."""
        return self._in_learning_rate(self.angle_leading_order_in_decay)

    def _in_learning_rate(self, law: LeadingOrder) -> LeadingOrder:
        return law if self.rule.gain is None else self.step_size_law.inserted_into(law)

    @derived
    def rate_leading_order(self) -> Expr:
        """1 - c p, the slow multiplier to first order."""
        return 1 - convergence.slow_multiplier_slope(self.characteristic_polynomial) * decay

    def display(self, expression: Expr) -> Expr:
        """The form of a rational expression that reads best; an abbreviation stands for what it names."""
        if self.rule.gain is not None:
            return tidy(expression).subs(decay, decay_behind_gain)
        return tidy(in_decay(expression))

    def abbreviated(self, expression: Expr) -> Expr:
        """The expression with the input's abbreviations put in."""
        return expression.subs([(long, short) for short, long in self.rule.autocorrelation.abbreviations])


@cache
def equilibrium_of(rule_name: str) -> Equilibrium:
    """The equilibrium of a built-in optimizer, derived once a process."""
    from theory.optimizers import OPTIMIZERS

    return Equilibrium(OPTIMIZERS[rule_name])
