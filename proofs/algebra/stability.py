"""Formulas of the claims about stability, and what each owes: the same by a second way."""

from __future__ import annotations

from functools import cache

from sympy import (
    Expr,
    Integer,
    Poly,
    Symbol,
    discriminant,
    factor,
    factor_list,
    fraction,
    gamma,
    gammasimp,
    log,
    numer,
    polygamma,
    sqrt,
    symbols,
    together,
)

import theory
from proofs.claim import Formula, Obligation
from theory.derivation import recorded
from theory.forms import positive_factors
from theory.optimizers.sgd import step as sgd_step
from theory.optimizers.sgdm import SGDM
from theory.stability import divergences
from theory.symbols import dampening, decay, energy, lr, momentum, multiplier, scaled_decay, squared_norm, wd

ROOT = Symbol("b", positive=True)
"""sqrt(alpha)."""
KEPT = 1 / (1 + Symbol("s", positive=True))
"""a^2 in (0, 1), as a quotient of positive numbers."""
ABOVE = Symbol("t", nonnegative=True)
"""How far x lies above 1."""
FREEDOM = Symbol("n", positive=True)
"""Degrees of freedom of the gradient, d - 1."""


def _moved(size: Expr, noise: Expr | int = 1) -> Expr:
    """|w'|^2 of SGD in units of A, from |w|^2 = x A and |unit g|^2 = xi L."""
    return KEPT * size + (1 - KEPT) * noise / size


def sgd_attraction() -> list[Formula]:
    """|log| of the squared norm over A falls."""
    return [Formula(r"\Big|\log\frac{\|w'\|^2}{A}\Big|", Symbol(r"\Big|\log\frac{\|w\|^2}{A}\Big|"), "<")]


def sgd_attraction_obligations() -> list[Obligation]:
    """a^2 e^u + (1 - a^2) e^(-u) lies between e^(-|u|) and e^|u|."""
    size = 1 + ABOVE
    norm_power = theory.equilibrium_of("sgd").norm_power
    w, g = symbols("w g")
    (after,) = (Poly(e.subs(wd, decay / lr), w, g) for e in sgd_step(w, g))
    kept, pushed = after.coeff_monomial(w) ** 2, after.coeff_monomial(g) ** 2
    return [
        Obligation("in units of A the step keeps a^2 and adds 1 - a^2", pushed * energy / norm_power, 1 - kept),
        Obligation("x > 1: not above x", _moved(size), size, "<="),
        Obligation("x > 1: not below 1/x", 1 / size, _moved(size), "<="),
        Obligation("x < 1: not above 1/x", _moved(1 / size), size, "<="),
        Obligation("x < 1: not below x", 1 / size, _moved(1 / size), "<="),
    ]


def _log_slope() -> tuple[Expr, Symbol, Symbol]:
    size, noise = symbols("x xi", positive=True)
    moved = _moved(size, noise)
    return factor(size * moved.diff(size) / moved), size, noise


def sgd_coupling() -> list[Formula]:
    """d log x' / d log x."""
    slope, _, _ = _log_slope()
    contraction = Symbol("a", positive=True)
    shown = factor(slope.subs(Symbol("s", positive=True), 1 / contraction**2 - 1))
    return [Formula(r"\frac{\partial\log\|w'\|^2}{\partial\log\|w\|^2}", shown)]


def sgd_coupling_obligations() -> list[Obligation]:
    """It lies between -1 and 1, and is the difference of the two terms over their sum."""
    slope, size, noise = _log_slope()
    first, second = KEPT * size, (1 - KEPT) * noise / size
    return [
        Obligation("difference over sum", slope, (first - second) / (first + second)),
        Obligation("below one", slope, Integer(1), "<="),
        Obligation("above minus one", -slope, Integer(1), "<="),
    ]


def sgd_deviation() -> list[Formula]:
    """The exact multiplier of a deviation."""
    found = (1 - decay) ** 2 - (1 - (1 - decay) ** 2) * Symbol("A") / Symbol(r"{\|w\|^2}")
    return [Formula(r"\frac{\|w'\|^2 - A}{\|w\|^2 - A}", found)]


def sgd_deviation_obligations() -> list[Obligation]:
    """From the step; above A it lies between the local multiplier and a^2."""
    size = Symbol("x", positive=True)
    ratio = factor((_moved(size) - 1) / (size - 1))
    above = ratio.subs(size, 1 + ABOVE)
    local = theory.equilibrium_of("sgd").jacobian[0, 0]
    kept = (1 - decay) ** 2
    return [
        Obligation("the step's own factor", ratio, KEPT - (1 - KEPT) / size),
        Obligation("at A it is the local multiplier", local, 2 * kept - 1),
        Obligation("above A it is at most a^2", above, KEPT, "<="),
        Obligation("and at least 2 a^2 - 1", 2 * KEPT - 1, above, "<="),
    ]


def sgd_border() -> list[Formula]:
    """p = 1: two steps multiply by a ratio of two unit gradients' squares."""
    after = Symbol(r"\frac{\|\tilde g_{t+1}\|^2}{\|\tilde g_t\|^2}")
    return [
        Formula(r"\frac{\|w_{t+2}\|^2}{\|w_t\|^2}", after),
        Formula(r"\mathbb E\,\frac{\|w_{t+2k}\|^2}{\|w_t\|^2}", _growth() ** Symbol("k")),
        Formula(r"\mathrm{Var}\,\log\frac{\|w_{t+2k}\|^2}{\|w_t\|^2}", 2 * Symbol("k") * polygamma(1, FREEDOM / 2)),
    ]


def _growth() -> Expr:
    return FREEDOM / (FREEDOM - 2)


def sgd_border_obligations() -> list[Obligation]:
    """Two steps of the squared norm at a = 0, and the moments of a chi-squared number."""
    first, second = symbols("xi_0 xi_1", positive=True)

    def moved(size: Expr, noise: Expr) -> Expr:
        return lr**2 * energy * noise / size

    raw = Symbol("r")
    # E xi^r = (2/n)^r Gamma(n/2 + r)/Gamma(n/2); cumulants of log xi are derivatives of its logarithm.
    power = (2 / FREEDOM) ** raw * gamma(FREEDOM / 2 + raw) / gamma(FREEDOM / 2)
    mean = gammasimp(power.subs(raw, 1) * power.subs(raw, -1))
    spread = log(gamma(FREEDOM / 2 + raw)).diff(raw, 2).subs(raw, 0).doit()
    return [
        Obligation("two steps", moved(moved(squared_norm, first), second), squared_norm * second / first),
        Obligation("E xi E 1/xi", mean, _growth()),
        Obligation("variance of log xi", spread, polygamma(1, FREEDOM / 2)),
    ]


def sgd_limit() -> list[Formula]:
    """p = 2, as p = 0: the fourth power of the norm grows by a constant and more."""
    grown = squared_norm**2 + 2 * lr**2 * energy
    return [Formula(r"\|w_{t+1}\|^4", grown.subs(squared_norm, Symbol(r"{\|w_t\|^2}")), r"\ge")]


def sgd_limit_obligations() -> list[Obligation]:
    """The squared step at a^2 = 1."""
    after = squared_norm + lr**2 * energy / squared_norm
    rest = (lr**2 * energy / squared_norm) ** 2
    return [
        Obligation("the square of the step", after**2, squared_norm**2 + 2 * lr**2 * energy + rest),
        Obligation("the rest is positive", squared_norm**2 + 2 * lr**2 * energy, after**2, "<="),
    ]


@recorded
@cache
def _in_scaled_decay() -> Expr:
    """det(z - J) of SGD with momentum in x = p (1 - tau)/(1 + alpha)."""
    found = theory.equilibrium_of("sgdm").characteristic_polynomial
    return factor(found.subs(decay, scaled_decay * (1 + momentum) / (1 - dampening)))


@recorded
@cache
def _pair() -> Poly:
    """The factor z^2 - T z + alpha."""
    pieces = [Poly(piece, multiplier) for piece, _ in factor_list(_in_scaled_decay(), multiplier)[1]]
    (pair,) = (piece.monic() for piece in pieces if piece.degree() == 2)
    return pair


def sgdm_region() -> list[Formula]:
    """The factored polynomial and its Jury conditions."""
    half_trace = Symbol("y")
    product = (multiplier - momentum**2) * (multiplier**2 - (1 + momentum) * half_trace * multiplier + momentum)
    y = positive_factors(-_pair().all_coeffs()[1] / (1 + momentum))
    return [
        Formula(r"\det(z - J)", product),
        Formula("y", y),
        Formula("x", decay * (1 - dampening) / (1 + momentum)),
    ]


def sgdm_region_obligations() -> list[Obligation]:
    """Product, Jury's conditions, and their signs for 0 < x < 2."""
    y = 1 - 4 * scaled_decay + 2 * scaled_decay**2
    pair = _pair()
    trace = -pair.all_coeffs()[1]
    inside = 2 / (1 + Symbol("t", positive=True))
    product = (multiplier - momentum**2) * pair.as_expr()
    at_one, at_minus_one = pair.eval(1), pair.eval(-1)
    return [
        Obligation("the polynomial is the product", _in_scaled_decay(), product),
        Obligation("the trace is (1 + alpha) y", trace, (1 + momentum) * y),
        Obligation("the product of the pair is alpha", pair.all_coeffs()[2], momentum),
        Obligation("Jury at 1", at_one, 2 * (1 + momentum) * scaled_decay * (2 - scaled_decay)),
        Obligation("Jury at -1", at_minus_one, 2 * (1 + momentum) * (1 - scaled_decay) ** 2),
        Obligation("not negative at 1 inside", Integer(0), factor(at_one.subs(scaled_decay, inside)), "<="),
        Obligation("zero at -1 only where x = 1", at_minus_one.subs(scaled_decay, 1), Integer(0)),
    ]


def _edges() -> tuple[Expr, Expr]:
    """(1 - x)^2 where the discriminant of the pair vanishes, in b = sqrt(alpha): the lower and the upper edge."""
    square = Symbol("r", positive=True)
    trace = -_pair().all_coeffs()[1].subs(momentum, ROOT**2).subs(scaled_decay, 1 - sqrt(square))
    line = Poly(trace.expand(), square)
    slope, rest = line.all_coeffs()
    low, high = (factor((sign * 2 * ROOT - rest) / slope) for sign in (1, -1))
    return low, high


def sgdm_oscillation() -> list[Formula]:
    """Where the slow pair is complex, and its modulus there."""
    at = {ROOT: sqrt(momentum)}
    low, high = (1 - sqrt(edge.subs(at)) for edge in _edges())
    return [
        Formula(r"x_c", low),
        Formula(r"x_c'", high),
        Formula(r"|z|\quad\text{for } x_c \le x \le x_c'", sqrt(momentum)),
    ]


def sgdm_oscillation_obligations() -> list[Obligation]:
    """The discriminant vanishes at both edges; the first is a quarter to 0.3 of the published threshold."""
    low, high = _edges()
    share = (1 - ROOT) ** 2 / (1 + ROOT**2)
    root = Symbol("q", positive=True)
    trace = (-_pair().all_coeffs()[1]).subs(momentum, ROOT**2)
    place = Symbol("r", positive=True)
    # With x = 1 - r and r^2 = 1 - k/2, k = 2 (1 - r^2): p_c/(1 - b)^2 = x/k = 1/(2 (1 + r)).
    ratio = factor((1 - root) / (2 * (1 - root**2)))
    return [
        Obligation("lower edge: 1 - k/2", low, 1 - share / 2),
        Obligation("upper edge: k/2", high, share / 2),
        Obligation("y in 1 - x", trace.subs(scaled_decay, 1 - place), (1 + ROOT**2) * (2 * place**2 - 1)),
        Obligation("trace at the lower edge", (1 + ROOT**2) * (2 * low - 1), 2 * ROOT),
        Obligation("trace at the upper edge", (1 + ROOT**2) * (2 * high - 1), -2 * ROOT),
        Obligation("onset over the published threshold", ratio, 1 / (2 * (1 + root))),
        Obligation("it is at least a quarter", Integer(1) / 4, ratio.subs(root, 1 / (1 + ABOVE)), "<="),
    ]


def sgdm_border() -> list[Formula]:
    """x = 1: the weights two steps on."""
    one, two = Symbol(r"\mathbb E\|w_t\|^2"), Symbol(r"\mathbb E\|w_{t+1}\|^2")
    return [
        Formula("w_{t+2}", -momentum * Symbol("w_t") - lr * (1 - dampening) * Symbol("g_{t+1}")),
        Formula(f"{one.name}\\,{two.name}", _cycle_product()),
    ]


def _cycle_product() -> Expr:
    return (lr * (1 - dampening)) ** 2 * energy / ((1 - momentum) * (1 + momentum))


def sgdm_border_obligations() -> list[Obligation]:
    """Two steps of the linear rule at x = 1, and the mean-field cycle."""
    at = {decay: (1 + momentum) / (1 - dampening)}
    transition, drive = (m.subs(at) for m in SGDM.in_decay())
    twice = transition**2
    even = squared_norm
    odd = _cycle_product() / even
    push = drive[0] ** 2 * energy
    return [
        Obligation("w after two steps", twice[0, 0], -momentum),
        Obligation("the buffer drops out", twice[0, 1], Integer(0)),
        Obligation("so does the earlier gradient", (transition * drive)[0], Integer(0)),
        Obligation("the even squared norm stays", twice[0, 0] ** 2 * even + push / odd, even),
        Obligation("the odd squared norm stays", twice[0, 0] ** 2 * odd + push / even, odd),
    ]


def _limit() -> Expr:
    """The smallest p > 0 at which Nesterov's norm diverges."""
    found = [r for r in divergences(theory.equilibrium_of("nesterov")) if r.subs(momentum, Integer(1) / 2).is_positive]
    (limit,) = found
    return limit


def _at_minus_one() -> Expr:
    """Numerator of det(-1 - J) of Nesterov, negative at p = 0."""
    return numer(together(theory.equilibrium_of("nesterov").characteristic_polynomial.subs(multiplier, -1)))


def nesterov_region() -> list[Formula]:
    """Existence, and no flip."""
    return [Formula("p", positive_factors(_limit()), "<"), Formula(r"\det(-1 - J)", Integer(0), "<")]


def nesterov_region_obligations() -> list[Obligation]:
    """Ends and discriminant of det(-1 - J): it has no root between 0 and the limit at any momentum."""
    quartic = _at_minus_one()
    limit = _limit()
    inside = 1 / (1 + Symbol("t", positive=True))
    number = -discriminant(quartic, decay)
    end = factor(fraction(together(quartic.subs(decay, limit)))[0])
    pole = fraction(together(theory.equilibrium_of("nesterov").norm_power))[1]
    half = {momentum: Integer(1) / 2}
    between = Poly(quartic.subs(half), decay).count_roots(0, limit.subs(half))
    leading = Poly(quartic, decay).LC()
    return [
        Obligation("the norm diverges at the limit", pole.subs(decay, limit), Integer(0)),
        Obligation("the limit", limit * (1 + 2 * momentum), 2 * (1 + momentum)),
        Obligation("two roots in p are complex: the discriminant is negative", Integer(0), number, "<="),
        Obligation("no root leaves to infinity", Integer(0), -leading if leading.subs(half) < 0 else leading, "<="),
        Obligation("none lies between at alpha = 1/2 (Sturm)", Integer(between), Integer(0)),
        Obligation("negative at p = 0", Integer(0), -quartic.subs(decay, 0), "<="),
        Obligation("negative at the limit", Integer(0), factor(-end.subs(momentum, inside)), "<="),
    ]
