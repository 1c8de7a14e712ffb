"""How far steps turn the weights: across and aslant, rotational variants, whole runs, and early momentum.

A step w' = a w + s with s orthogonal to w is a right triangle: |w'| cos(angle) = a |w|. Its logarithm adds up over a
run, whatever the lengths of the steps. To leading order the slow law has the same sum for rules with momentum.
"""

from __future__ import annotations

from sympy import Expr, Integer, Symbol, atan, cancel, factor, log, series, solve, sqrt

from theory import transient
from theory.derivation import recorded
from theory.equilibrium import Equilibrium, equilibrium_of
from theory.forms import positive_factors, tidy
from theory.symbols import beta1, contraction, decay, persistence, squared_norm
from theory.update_rule import UpdateRule

later = Symbol("A'", positive=True)
"""|w'|^2."""
nominal = Symbol("eta_r", positive=True)
"""The angle per step that a rotational variant is told, as the length of its step over |w|."""
step_cosine = Symbol("c", real=True)
"""Cosine between w and the step -s that is taken off it."""
averaging = persistence
"""phi, the coefficient of a rotational variant's average of |d|^2, 0 <= phi < 1."""
update_square = Symbol("D", positive=True)
"""|d|^2 of one step, d the base update's part across w."""
average = Symbol("v", positive=True)
"""The average of |d|^2 after the step before, corrected for its start."""
later_average = Symbol("v'", positive=True)
"""The same after the step."""
kept = Symbol("c_t", nonnegative=True)
"""``kept_weight`` as a symbol."""
count = Symbol("t", integer=True, positive=True)
"""Number of the step, from 1 on."""


# --- one step ------------------------------------------------------------------------------------------------------


@recorded
def oblique_tangent(length: Expr = nominal, cosine: Expr = step_cosine) -> Expr:
    """tan of the angle when a vector of length x|w| at this cosine is taken off w: across over along."""
    return length * sqrt(1 - cosine**2) / (1 - length * cosine)


@recorded
def squared_secant() -> Expr:
    """1/cos^2 of a step w' = a w + s with s across w, from |w|^2 = A and |w'|^2 = A'."""
    overlap = contraction * squared_norm
    return squared_norm * later / overlap**2


@recorded
def owed(before: Expr = squared_norm, after: Expr = later) -> Expr:
    """Sum of -2 log cos over a run across w, but for the decay: log(A'/A)."""
    return log(after / before)


# --- rotational variants -------------------------------------------------------------------------------------------


@recorded
def held_weight(t: Expr = count) -> Expr:
    """1 + phi + ... + phi^(t-1): how many steps weigh on the average."""
    return (1 - averaging**t) / (1 - averaging)


@recorded
def kept_weight() -> Expr:
    """c_t: how many of them came before step t, each of weight phi^(its age)."""
    held, one = held_weight().as_numer_denom()
    return (held - one) / one


@recorded
def next_average(before: Expr = average) -> Expr:
    """v' = (c_t v + D)/(1 + c_t)."""
    return (kept * before + update_square) / (kept + 1)


@recorded
def squared_turn() -> Expr:
    """(tan/eta_r)^2 = D/v', by what the average was before and after."""
    (size,) = solve(next_average() - later_average, update_square)
    return 1 + (size / later_average - 1).expand().collect(kept)


@recorded
def largest_squared_turn() -> Expr:
    """The most that (tan/eta_r)^2 can be: D/v' after steps of no length."""
    return (update_square / next_average(Integer(0))).subs(kept, held_weight() - 1)


@recorded
def unprojected_squared_norm(t: Expr = count) -> Expr:
    """|w_t|^2/n^2 after t steps of length eta_r n across w that nothing takes back to the norm n."""
    return 1 + t * nominal**2


@recorded
def unprojected_tangent(t: Expr = count) -> Expr:
    """tan of the angle of the step after those."""
    return nominal / sqrt(unprojected_squared_norm(t))


@recorded
def equilibrium_squared_tangent(found: Equilibrium) -> Expr:
    """tan^2 of the angle at equilibrium: eta_r^2 of a variant that turns by exactly this angle."""
    kept = 1 - found.one_minus_cosine
    return factor(1 / kept**2 - 1)


@recorded
def nominal_shortfall(found: Equilibrium) -> Expr:
    """(atan(eta_r)/angle - 1)/p at p -> 0, eta_r the leading order of the angle: what is published as eta_r."""
    law = found.angle_leading_order_in_decay
    turned = series(atan(nominal) / nominal, nominal, 0, 4).removeO() - 1
    return tidy(cancel(turned.subs(nominal, law.leading) / decay) - law.next_coefficient)


# --- whole runs, to leading order ----------------------------------------------------------------------------------


@recorded
def turning_share(rule: UpdateRule) -> Expr:
    """gamma in sum of angle^2 = gamma (log(A_T/A_0) + 2 mu sum of p): angle^2 A^(1-e) over (1-e)^-1 the forcing."""
    slow = transient.slow_law(rule)
    return positive_factors((1 - slow.elasticity) * transient.angle_constant(rule) / slow.forcing)


@recorded
def squared_excess(rule: UpdateRule) -> Expr:
    """(angle/angle at equilibrium)^2 at |w|^2 = A, A_eq = ``later``: Q_eq/Q."""
    return (later / squared_norm) ** (1 - transient.slow_law(rule).elasticity)


@recorded
def warmup_growth(forcing: Expr) -> Expr:
    """Q_W/Q_0 over a linear warmup of W steps, before decay matters."""
    return transient.early_warmup(forcing, transient.warmup) / transient.start


@recorded
def constant_growth(forcing: Expr) -> Expr:
    """Q_W/Q_0 over as many steps at the peak learning rate."""
    return 1 + forcing * transient.warmup / transient.start


# --- momentum that begins empty ------------------------------------------------------------------------------------


@recorded
def early_mean_square(t: Expr = count) -> Expr:
    """E|m_t|^2/d of m <- beta m + (1 - beta) x from m = 0, x white with unit entries."""
    size = Symbol("C")
    (settled,) = solve(beta1**2 * size + (1 - beta1) ** 2 - size, size)
    return positive_factors(settled) * (1 - beta1 ** (2 * t))


@recorded
def corrected_mean_square(t: Expr = count) -> Expr:
    """The same of m_t/(1 - beta^t)."""
    return settled_mean_square() * (1 + beta1**t) / (1 - beta1**t)


@recorded
def squared_level(t: Expr = count) -> Expr:
    """f_t^2, f_t the factor on m_t/(1 - beta^t) that keeps its mean square where it settles."""
    return (1 - beta1**t) / (1 + beta1**t)


@recorded
def settled_mean_square() -> Expr:
    """E|m|^2/d in the long run, the corner of AdamW's Gram matrix."""
    return positive_factors(equilibrium_of("adamw").recursion.unit_gram[1, 1])


@recorded
def corrected_excess(t: Expr = count) -> Expr:
    """What step t turns more than a settled one, in squares: the mean square over its settled value, less one."""
    more, one = (corrected_mean_square(t) / settled_mean_square()).as_numer_denom()
    return (more - one) / one
