"""AdamW, NAdamW and RMSprop at finite beta2: norm and angle to first order in 1 - beta2 (key ``kingma2015adam``).

The update is u_t = sum_i h_i g_{t-i} / sqrt(v_t) with v_t = sum_j w_j g_{t-j}^2 and w_j = (1 - beta2) beta2^j. For iid
gradients with even distribution, E g^2 = 1 and kurtosis K, write v = 1 + e. To first order in 1 - beta2,

    E u_t u_{t+k} = E m_t m_{t+k} (1 - e_t/2 - e_{t+k}/2 + 3 e_t^2/8 + 3 e_{t+k}^2/8 + e_t e_{t+k}/4),

with E e_t e_{t+k} = s beta2^k, s = (K - 1)(1 - beta2)/(1 + beta2), and
E m_t m_{t+k} e_t = sum_i h_i h_{i+k} (K - 1) w_i: a mixture of the geometric sequences beta1^k and (beta1 beta2)^k.
No tail of range 1/(1 - beta2) appears, because v is even in each gradient; a skewed distribution would add
one at second order.

Without momentum the next order is known too (``next_order``). It needs the third cumulant of g^2, which is 2 (K - 1)^2
where g^2 is gamma distributed, as for Gaussian gradients.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Integer, Poly, Symbol, cancel, factor, factorial, log, sqrt, symbols

from theory.autocorrelation import Autocorrelation
from theory.domain import AT_STEP, BETA1, DIM, KURTOSIS, LEARNING_RATE, MOMENTUM_DECAY, SECOND_BETA2, WEIGHT_DECAY
from theory.forms import factored
from theory.optimizers.adam import ADAMW, NADAMW, RMSPROPW, rmspropw_step
from theory.optimizers.hypotheses import STILL
from theory.symbols import beta1, beta2, dim, kurtosis, lookahead
from theory.update_rule import UpdateRule

ENERGY = Symbol("S", positive=True)
"""E u^2."""
STEADY, LAGGING = symbols("B C", real=True)
"""Weights of beta1^k and (beta1 beta2)^k in E u_t u_{t+k}."""


def lagged_products(k: int, first: Expr, later: Expr, damping: Expr) -> Expr:
    """sum_i h_i h_{i+k} y^i beta1^(-k) for the weights h_0 = first, h_i = later beta1^i."""
    tail = later**2 * beta1**2 * damping / (1 - beta1**2 * damping)
    return tail + (first**2 if k == 0 else first * later)


@cache
def autocovariance(first: Expr, later: Expr) -> tuple[Expr, Expr, Expr]:
    """(E u^2, B, C) with E u_t u_{t+k} = B beta1^k + C (beta1 beta2)^k for k >= 1, at unit gradient variance."""
    excess = (kurtosis - 1) * (1 - beta2)
    spread = excess / (1 + beta2)

    def terms(k: int) -> tuple[Expr, Expr]:
        plain, weighted = (lagged_products(k, first, later, y) for y in (Integer(1), beta2))
        steady = plain * (1 + 3 * spread / 4) - excess * weighted / 2
        lagging = plain * spread / 4 - excess * weighted / 2
        return steady, lagging

    return factored(sum(terms(0))), *map(factored, terms(1))


def next_order(third: Expr) -> Expr:
    """E u^2 without momentum beyond its first order: the term in (1 - beta2)^2, for the third cumulant of g^2.

    E g_t^2/v_t = -int_0^oo C'(w_0 s) exp(sum_j C(w_j s)) ds with C(s) = log E exp(-s g^2). The cumulants of g^2 are
    1, K - 1, ``third``, and the n-th one enters the sum with sum_j w_j^n.
    """
    delta, s = symbols("delta s")
    excess = kurtosis - 1
    # sum_j w_j^n = delta^n / (1 - (1 - delta)^n), to second order in delta
    squares, cubes = (delta ** (n - 1) / n * (1 + (n - 1) * delta / 2) for n in (2, 3))
    spread = excess * squares * s**2 / 2 - third * cubes * s**3 / 6
    own = 1 - excess * delta * s + third * (delta * s) ** 2 / 2
    integrand = Poly(own, delta, s) * Poly(1 + spread + spread**2 / 2, delta, s)
    energy = sum(coefficient * factorial(power) for (order, power), coefficient in integrand.terms() if order == 2)
    first = autocovariance(Integer(1), Integer(0))[0].diff(beta2, 2).subs(beta2, 1) / 2
    return factored(energy - first) * (1 - beta2) ** 2


def gamma_cumulant(order: int) -> Expr:
    """Cumulant of g^2 where it is gamma distributed with mean 1 and variance K - 1, from C(s)."""
    s, excess = Symbol("s"), kurtosis - 1
    return factor((-1) ** order * (-log(1 + excess * s) / excess).diff(s, order).subs(s, 0))


NEXT_ORDER = next_order(gamma_cumulant(3))
HYPOTHESES = (
    "gradients are iid in time with an even distribution of constant scale, of kurtosis K in each coordinate",
    f"to first order in 1 - beta2; the next order is about {cancel(NEXT_ORDER / ((kurtosis - 1) * (1 - beta2)) ** 2)} "
    "((K - 1)(1 - beta2))^2 of the squared norm, which it is without momentum for Gaussian gradients",
    "eps = 0, no bias correction",
)


def at_finite_beta2(rule: UpdateRule, first: Expr, later: Expr) -> UpdateRule:
    """The rule driven by its own update as a correlated input, whose energy and weights have names of their own."""
    modes = ((STEADY * beta1 / ENERGY, beta1), (LAGGING * beta1 * beta2 / ENERGY, beta1 * beta2))
    buffered = later != 0
    momentum = tuple(p for p in (BETA1, AT_STEP, MOMENTUM_DECAY) if p in rule.parameters)
    named = zip((ENERGY, STEADY, LAGGING), autocovariance(first, later), strict=True)
    return UpdateRule.from_step(
        f"{rule.name}_beta2",
        rmspropw_step,
        ("w",),
        title=f"{rule.title} at finite beta2",
        amplitude=dim * ENERGY,
        # v is a second moment: it relaxes by beta2, the square of a linear mode.
        autocorrelation=Autocorrelation(modes, source_modes=(beta1, sqrt(beta2)))
        if buffered
        else Autocorrelation(source_modes=(sqrt(beta2),)),
        parameters=(LEARNING_RATE, WEIGHT_DECAY, *momentum, SECOND_BETA2, KURTOSIS, DIM),
        convention=rule.convention,
        hypotheses=(*HYPOTHESES, *(h for h in rule.hypotheses if h == STILL)),
        neglected=NEXT_ORDER,
        definitions=(*rule.definitions, *(named if buffered else [next(named)])),
        references=rule.references,
    )


ADAMW_BETA2 = at_finite_beta2(ADAMW, 1 - beta1, 1 - beta1)
NADAMW_BETA2 = at_finite_beta2(NADAMW, 1 - lookahead * beta1, lookahead * (1 - beta1))
RMSPROPW_BETA2 = at_finite_beta2(RMSPROPW, Integer(1), Integer(0))
