"""Rules whose step size is y eta: how the decay per step p = y eta lambda follows from the learning rate.

Every equilibrium quantity is explicit in p; eta is explicit in p too, eta = p / (lambda y) with y at the fixed point.
Near p = 0 this is a power law, which turns leading orders in p into leading orders in eta.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Expr,
    Integer,
    Poly,
    Rational,
    Symbol,
    cancel,
    diff,
    expand,
    factor,
    fraction,
    powdenest,
    powsimp,
    simplify,
)

from theory.gram import GramRecursion
from theory.leading_order import LeadingOrder, of_rational
from theory.symbols import decay, lr, wd

ROOT = 4
"""eta^2 is a power series in p^(1/4) for every rule here."""


@dataclass(frozen=True)
class StepSizeLaw:
    """eta^2 = coefficient * p^exponent * (1 + next_coefficient * p^next_exponent + ...)."""

    coefficient: Expr
    exponent: Expr
    next_coefficient: Expr
    next_exponent: Expr

    @property
    def decay(self) -> Expr:
        """p to leading order in eta."""
        return powdenest((lr**2 / self.coefficient) ** (1 / self.exponent), force=True)

    def inserted_into(self, law: LeadingOrder) -> LeadingOrder:
        """A leading order in p, as one in eta: p = p_0 (1 - next/exponent p_0^next_exponent + ...)."""
        power = simplify(decay * diff(law.leading, decay) / law.leading)
        through = (self.next_exponent, -power * self.next_coefficient / self.exponent)
        direct = (Integer(law.remainder_order), law.next_coefficient)
        order = min(through[0], direct[0])
        slope = sum((coefficient for at, coefficient in (through, direct) if at == order), Integer(0))
        leading = powdenest(law.leading.subs(decay, self.decay), force=True)
        return LeadingOrder(leading, order, factor(slope), small=self.decay)


def step_size_law(gain: Expr | None, recursion: GramRecursion, norm_power: Expr, norm_exponent: Expr) -> StepSizeLaw:
    """The law of eta^2 = p^2 / (lambda y)^2 from the moments near p = 0."""
    if gain is None:
        raise ValueError(f"{recursion.rule.name} has no gain: its decay per step is eta*lambda")
    exact = norm_exponent == 2
    squared = norm_power if exact else _two_terms_of(of_rational(norm_power, {}).to_power(2 / norm_exponent))
    at_rest = {}
    for i, j in recursion.entries:
        ratio = factor(recursion.unit_gram[i, j] / recursion.unit_gram[0, 0])
        at_rest[recursion.moments[i, j]] = squared * (ratio if exact else _to_first_order(ratio))
    square = (decay**2 / (wd * gain) ** 2).subs(at_rest)
    if exact:
        law = of_rational(cancel(square), {})
        exponent = simplify(decay * diff(law.leading, decay) / law.leading)
        return StepSizeLaw(factor(law.leading / decay**exponent), exponent, law.next_coefficient, Integer(1))
    return _puiseux(square)


def _two_terms_of(law: LeadingOrder) -> Expr:
    return law.leading * (1 + law.next_coefficient * decay)


def _to_first_order(ratio: Expr) -> Expr:
    return factor(ratio.subs(decay, 0)) + factor(cancel(diff(ratio, decay).subs(decay, 0))) * decay


def _puiseux(expression: Expr) -> StepSizeLaw:
    """First two terms in powers of p^(1/ROOT)."""
    root = Symbol("s", positive=True)
    inside = powsimp(powdenest(expand(expression).subs(decay, root**ROOT), force=True))
    leading = inside.as_leading_term(root)
    exponent = simplify(root * diff(leading, root) / leading)
    sides = fraction(cancel(powdenest(expand(inside / leading), force=True) - 1))
    ((above,), over), ((below,), under) = (Poly(side, root).terms()[-1] for side in sides)
    order = above - below if over else 2 * ROOT  # a power of p without a further term
    first = powdenest(factor(simplify(leading / root**exponent)), force=True)
    return StepSizeLaw(first, exponent / ROOT, factor(simplify(over / under)), Rational(order, ROOT))
