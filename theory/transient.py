"""Motion away from equilibrium in closed form: the slow law, drops, warmup, the end of a decay, AdamW's lag.

Slow law. For white input and q = c A^e a rule keeps E|w|^2 as its one slow moment when p -> 0, and the power
Q = (E|w|^2)^(1 - e) (|w|^4 for scale-invariant gradients, |w|^2 for normalised inputs) obeys a linear equation

    dQ/dt = -r (Q - Q_eq),   r = 2 (1 - e) mu p,   Q_eq = nu c / (2 mu p),

where 1 - mu p is the slow eigenvalue of M and nu the square of the whole response of w to one input.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import (
    Expr,
    Integer,
    Integral,
    Matrix,
    Mul,
    Symbol,
    cancel,
    diff,
    exp,
    factor,
    factor_list,
    fraction,
    gamma,
    log,
    numer,
    simplify,
    solve,
    sqrt,
    together,
)

from theory import lagging
from theory.convergence import characteristic_polynomial
from theory.derivation import recorded
from theory.equilibrium import equilibrium_of
from theory.symbols import INTERIOR, beta1, beta2, decay, dim, energy, lr, multiplier, squared_norm
from theory.update_rule import UpdateRule

time = Symbol("t", nonnegative=True)
"""Steps since the start, as a real number."""
start = Symbol("Q_0", positive=True)
"""(E|w|^2)^(1-e) at the start."""
target = Symbol("Q_eq", positive=True)
"""(E|w|^2)^(1-e) at equilibrium."""
rate = Symbol("r", positive=True)
"""Rate per step of the slow law."""
drop = Symbol("k", positive=True)
"""What a learning rate is divided by, k > 1."""
tolerance = Symbol("epsilon", positive=True)
"""A relative distance from equilibrium."""
warmup = Symbol("W", positive=True)
"""Steps of linear warmup."""
length = Symbol("T", positive=True)
"""Steps of the decay."""
power = Symbol("m", positive=True)
"""lr falls towards zero like the m-th power of the time that is left: 1 linear, 2 cosine."""
lag_ratio = Symbol("r", positive=True)
"""(1 - beta2) / p."""
share = Symbol("delta", positive=True)
"""A part of a rate, below 1."""
moment = Symbol("s", nonnegative=True)
"""A time before t."""
INSIDE = INTERIOR | {drop: Integer(2), share: Integer(1) / 2}


@recorded
def oriented(expression: Expr) -> Expr:
    """A rational expression as a quotient of factors that are positive at ``INSIDE``."""
    sign, parts = 1, []
    for side, exponent in zip(fraction(cancel(expression)), (1, -1), strict=True):
        constant, pieces = factor_list(side)
        parts.append(constant**exponent)
        for piece, times in pieces:
            flipped = bool(piece.subs(INSIDE).is_negative)
            sign *= (-1) ** (times * flipped)
            parts.append((-piece if flipped else piece) ** (exponent * times))
    return sign * Mul(*parts)


@dataclass(frozen=True)
class SlowLaw:
    """mu, nu, c and e of one rule: see the module."""

    contraction: Expr
    response: Expr
    constant: Expr
    elasticity: Expr

    @property
    def rate(self) -> Expr:
        """r = 2 (1 - e) mu p, per step."""
        return factor(2 * (1 - self.elasticity) * self.contraction * decay)

    @property
    def equilibrium(self) -> Expr:
        """Q_eq = nu c / (2 mu p)."""
        return factor(self.response * self.constant / (2 * self.contraction * decay))

    @property
    def forcing(self) -> Expr:
        """r Q_eq = (1 - e) nu c: what does not depend on the weight decay."""
        return factor((1 - self.elasticity) * self.response * self.constant)


@recorded
def slow_law(rule: UpdateRule) -> SlowLaw:
    """The slow law of a rule with white input, from the eigenvectors of M at p = 0.

    Left l and right r with l M_0 = l, M_0 r = r, l r = 1, r_0 = 1: then mu = -l M_p r and nu = (l N_0)^2.
    """
    transition, drive = rule.in_decay()
    size = transition.rows
    at_zero, slope = transition.subs(decay, 0), transition.diff(decay).subs(decay, 0)
    (right,) = (at_zero - Matrix.eye(size)).nullspace()
    (left,) = (at_zero.T - Matrix.eye(size)).nullspace()
    right = right / right[0]
    left = left / (left.T * right)[0]
    contraction = factor(-(left.T * slope * right)[0])
    response = factor(((left.T * drive.subs(decay, 0))[0]) ** 2)
    elasticity = rule.elasticity
    return SlowLaw(contraction, response, simplify(rule.amplitude / squared_norm**elasticity), elasticity)


@recorded
def settling(t: Expr = time) -> Expr:
    """Q_t = Q_eq + (Q_0 - Q_eq) e^(-r t) at constant lr and wd."""
    return target + (start - target) * exp(-rate * t)


@recorded
def under_schedule(rates: Expr, forcing: Expr, s: Symbol = moment) -> Expr:
    """Q_t = e^(-K_t) (Q_0 + int_0^t e^(K_s) f_s ds) with K_t = int_0^t r: rates and forcing as functions of ``s``."""
    inner = Symbol("s'", nonnegative=True)
    total = Integral(rates.subs(s, inner), (inner, 0, s))
    whole = total.subs(s, time)
    return exp(-whole) * (start + Integral(exp(total) * forcing, (s, 0, time)))


@recorded
def angle_constant(rule: UpdateRule) -> Expr:
    """kappa in theta^2 = kappa / Q: the angle at once follows lr and |w|, once the buffers are filled."""
    found = equilibrium_of(rule.name)
    return factor(simplify(found.angle_leading_order.leading**2 * slow_law(rule).equilibrium))


# --- SGD, for each trajectory --------------------------------------------------------------------------------------


@recorded
def sgd_squared_norm() -> Expr:
    """|w'|^2 = (1 - p)^2 |w|^2 + eta^2 L / |w|^2, A standing for |w|^2."""
    recursion = equilibrium_of("sgd").recursion
    return recursion.step(Matrix([[squared_norm]]), recursion.rule.amplitude)[0]


@recorded
def sgd_tangent() -> Expr:
    """tan(theta): the gradient's step over what decay leaves of w, which are orthogonal; for p < 1."""
    recursion = equilibrium_of("sgd").recursion
    kept = recursion.transition[0, 0] * sqrt(squared_norm)
    return -recursion.drive[0] * sqrt(recursion.rule.amplitude) / kept


@recorded
def sgd_fourth_power_bound() -> Expr:
    """(1 - p)^4 |w|^4 + 2 (1 - p)^2 eta^2 L, which |w'|^4 exceeds by eta^4 L^2 / |w|^4."""
    kept, driven = (1 - decay) ** 2, lr**2 * energy
    return kept**2 * squared_norm**2 + 2 * kept * driven


@recorded
def angle_ratio(scale: Expr) -> Expr:
    """AdamW: (theta_t at (eta/m, m lambda) over that at (eta, lambda))^2 from the same start, with m = ``scale``.

    theta^2 is proportional to eta^2 / Q, and Q_eq to eta / lambda.
    """
    other = settling().subs(target, target / scale**2)
    return cancel(settling() / (scale**2 * other))


@recorded
def forgotten() -> Expr:
    """Bound on (A_t - A_eq)^2 of SGD, A = |w|^2 = sqrt(Q): (Q_0 - Q_eq)^2 e^(-2 r t) / Q_eq, from any start."""
    return (settling() - target) ** 2 / target


# --- learning-rate drops -------------------------------------------------------------------------------------------


@recorded
def recovery(t: Expr = time) -> Expr:
    """Q_t / Q_eq = 1 + (k - 1) e^(-r t) after lr -> lr / k from equilibrium, at the new r; the wd stays."""
    return settling(t).subs({start: drop, target: 1})


@recorded
def recovered_angle(t: Expr = time) -> Expr:
    """The angle over its new equilibrium, (1 + (k - 1) e^(-r t))^(-1/2): k^(-1/2) at once, then 1."""
    return 1 / sqrt(recovery(t))


@recorded
def time_to_angle() -> Expr:
    """Steps until the angle is 1 - epsilon of its new equilibrium."""
    allowed = (1 - tolerance) ** -2 - 1
    return log((drop - 1) / allowed) / rate


@recorded
def time_to_norm(exponent: Expr) -> Expr:
    """Steps until the norm is 1 + epsilon of its new equilibrium, for Q = |w|^exponent."""
    return log((drop - 1) / ((1 + tolerance) ** exponent - 1)) / rate


@recorded
def least_steps() -> Expr:
    """SGD: log(k/(1+epsilon)^4) / (-4 log(1-p)), the fewest steps in which |w| can fall by k^(1/4) / (1+epsilon)."""
    return log(drop / (1 + tolerance) ** 4) / (-4 * log(1 - decay))


# --- warmup --------------------------------------------------------------------------------------------------------


@recorded
def early_warmup(forcing: Expr, t: Expr = time) -> Expr:
    """Q_t = Q_0 + forcing t^3 / (3 W^2) under lr t / W before decay matters; ``forcing`` is that of the peak lr."""
    return start + forcing * t**3 / (3 * warmup**2)


@recorded
def peak_time(forcing: Expr) -> Expr:
    """When the angle, lr_t / sqrt(Q_t) up to a constant, is largest in ``early_warmup``."""
    squared = time**2 / early_warmup(forcing)
    (found,) = (root for root in solve(numer(together(diff(squared, time))) / time, time**3) if root != 0)
    return found ** (Integer(1) / 3)


# --- the end of a decay --------------------------------------------------------------------------------------------


@recorded
def end_of_decay() -> Expr:
    """Q_T / Q_eq(lr_max) when lr falls to zero like (1 - t/T)^m, for r T large; r is the rate at the peak lr.

    ((m+1)/(r T))^(m/(m+1)) Gamma((2m+1)/(m+1)). Adiabatically the norm would be zero.
    """
    part = power / (power + 1)
    return ((power + 1) / (rate * length)) ** part * gamma(1 + part)


# --- AdamW's lag ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lag:
    """The coupled map of ``lagging`` at its fixed point without bias correction."""

    variables: tuple[Symbol, ...]
    after: tuple[Expr, ...]
    fixed: tuple[Expr, ...]

    @property
    def jacobian(self) -> Matrix:
        """Derivative at the fixed point in the logarithms of v, X, Y, Z: similar to the plain one, and rational."""
        at_fixed = dict(zip(self.variables, self.fixed, strict=True))
        derivative = Matrix(self.after).jacobian(self.variables).subs(at_fixed)
        return Matrix(4, 4, lambda i, j: cancel(derivative[i, j] * self.fixed[j] / self.fixed[i]))


@recorded
@cache
def lag() -> Lag:
    """AdamW's lag in symbols, its fixed point that of v at its mean; sqrt(v) there is the symbol sigma."""
    variables = lagging.Moments(*(Symbol(name, positive=name != "y") for name in ("v", "x", "y", "z")))
    gram = dim * equilibrium_of("adamw").recursion.unit_gram
    deviation = Symbol("sigma", positive=True)
    strength = dim * deviation**2 * gram[0, 0]
    after = lagging.step(
        variables, lr=lr, contraction=1 - decay, beta1=beta1, beta2=beta2, energy=strength, dim=dim, root=sqrt
    )
    fixed = lagging.settled(gram, energy=strength, dim=dim, root=sqrt)
    return Lag(tuple(variables), tuple(after), tuple(fixed))


@recorded
@cache
def lag_polynomial() -> Expr:
    """det(z - J), factored; it does not depend on eta, L and d."""
    return characteristic_polynomial(lag().jacobian)


@recorded
def lag_slow_rates() -> list[Expr]:
    """s in z = 1 - s p + O(p^2) at 1 - beta2 = r p: the two multipliers that tend to 1, slowest first."""
    y = Symbol("s")
    polynomial = numer(together(lag_polynomial().subs(beta2, 1 - lag_ratio * decay).subs(multiplier, 1 - y * decay)))
    lowest = polynomial.expand().as_poly(decay).terms()[-1][1]
    piece = numer(together(lowest)).as_poly(y)
    return sorted(solve(piece, y), key=lambda root: float(root.subs({lag_ratio: 1, beta1: Integer(1) / 2})))


@recorded
def lag_ratio_definition() -> Expr:
    """r = (1 - beta2) / p."""
    return (1 - beta2) / decay


@recorded
def lag_needed() -> Expr:
    """(1 - beta2) / p at which the slow rate is 1 - delta of 2 p."""
    (found,) = solve(lag_slow_rates()[0] / 2 - (1 - share), lag_ratio)
    return oriented(found)
