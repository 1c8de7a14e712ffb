"""Weight decay as a growing learning rate, and decoupled decay as an average of updates.

On a scale-invariant loss only the direction of w matters, and g(w) = g(v)/P for w = P v, P > 0. Let
(P, b) be the weights and buffer that decay alone makes of (1, 0): the same optimizer and schedule on a
zero gradient. Then v = w/P and n = P m - b w obey the optimizer without decay at lr/(P P').
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sympy import Expr, Matrix, diag, discriminant, eye, lambdify, log, simplify, solve, sqrt, symbols

from theory.derivation import recorded
from theory.domain import OutOfDomain
from theory.optimizers.sgd import SGD
from theory.optimizers.sgdm import SGDM
from theory.symbols import (
    contraction,
    damped_decay,
    dampening,
    decay,
    decayed_buffer,
    decayed_norm,
    elapsed,
    growth_root,
    lr,
    momentum,
    multiplier,
    wd,
)
from theory.update_rule import UpdateRule


class NoEquivalentSchedule(OutOfDomain):
    """Decay alone turns the weights around, so that no positive learning rate replaces it."""


@recorded
def decay_only(rule: UpdateRule) -> Matrix:
    """(P', b') = M (P, b): one step on a zero gradient."""
    start = Matrix([decayed_norm, decayed_buffer])[: rule.transition.rows]
    return rule.transition * Matrix(start)


@recorded
def gauge(state: Matrix) -> Matrix:
    """The map from (w, m) to (v, n) = (w/P, P m - b w); from w to w/P without a buffer."""
    norm = state[0]
    return Matrix([[1 / norm]]) if state.rows == 1 else Matrix([[1 / norm, 0], [-state[1], norm]])


@recorded
def equivalent_lr(rule: UpdateRule) -> Expr:
    """lr / (P P')."""
    return lr / (decayed_norm * decay_only(rule)[0])


@recorded
def transported_step(rule: UpdateRule) -> tuple[Matrix, Matrix]:
    """Matrices of (v, n) <- A (v, n) + B g(v), by changing variables in the step with decay."""
    before = Matrix(Matrix([decayed_norm, decayed_buffer])[: rule.transition.rows])
    after = gauge(decay_only(rule))
    return after * rule.transition * gauge(before).inv(), after * rule.drive / decayed_norm


@recorded
def decay_free_step(rule: UpdateRule) -> tuple[Matrix, Matrix]:
    """The same optimizer's matrices without decay, at the equivalent learning rate."""
    at = {wd: 0, lr: equivalent_lr(rule)}
    return tuple(part.subs(at, simultaneous=True) for part in (rule.transition, rule.drive))


@recorded
def characteristic() -> Expr:
    """det(z - M) of the heavy ball with coupled decay, u = p (1 - dampening): z^2 - (1 + alpha - u) z + alpha."""
    transition, _ = SGDM.in_decay()
    written = transition.subs(dampening, 1 - damped_decay / decay)
    return simplify((multiplier * eye(2) - written).det()).expand()


@recorded
def decay_of_root() -> Expr:
    """u for which r is a root; the other root is alpha / r."""
    (at,) = _solve(characteristic().subs(multiplier, growth_root), damped_decay)
    return at


def _solve(equation: Expr, unknown: Expr) -> list[Expr]:
    return [simplify(found) for found in solve(equation, unknown)]


@recorded
def most_decay() -> Expr:
    """(1 - sqrt(alpha))^2, the largest u with real roots: the discriminant's smaller zero."""
    return min(_solve(discriminant(characteristic(), multiplier), damped_decay), key=lambda u: u.subs(momentum, 0.25))


@recorded
def buffer_of_root() -> Expr:
    """b/P for which decay alone multiplies (P, b) by r: the eigenvector of M at r."""
    transition = SGDM.in_decay()[0].subs(dampening, 1 - damped_decay / decay).subs(damped_decay, decay_of_root())
    (ratio,) = _solve(transition[0, 0] + transition[0, 1] * decayed_buffer - growth_root, decayed_buffer)
    return ratio


@recorded
def root_lr() -> Expr:
    """lr r^(-2t-1), the equivalent learning rate along the eigenvector."""
    return lr * growth_root ** (-2 * elapsed - 1)


@recorded
def decay_factor(share: Expr | None = None) -> Expr:
    """P_t from P_0 = 1 and an empty buffer: k r^t + (1 - k) (alpha/r)^t, k = ``start_share`` unless it is named."""
    share = start_share() if share is None else share
    return share * growth_root**elapsed + (1 - share) * (momentum / growth_root) ** elapsed


@recorded
def start_share() -> Expr:
    """k, the share of the root r in the decay from an empty buffer."""
    other = momentum / growth_root
    return simplify((1 - decay_of_root() - other) / (growth_root - other))


@recorded
def late_excess() -> Expr:
    """lr r^(-2t-1) over the equivalent learning rate lr/(P P') from an empty buffer, as t grows: k^2."""
    return start_share() ** 2


@recorded
def late_excess_slope() -> Expr:
    """d k^2 / du at u = 0 along the root near one."""
    at_one = {growth_root: 1}
    return simplify(late_excess().diff(growth_root).subs(at_one) / decay_of_root().diff(growth_root).subs(at_one))


@recorded
def decoupled_step() -> tuple[Matrix, Matrix]:
    """Matrices of (v, n) = (a^-t w, a^(t-1) m) for decoupled decay w' = a w - lr m', m' = alpha m + g."""
    scale = contraction**elapsed
    transition, drive = Matrix([[contraction, -lr * momentum], [0, momentum]]), Matrix([-lr, 1])
    back, after = diag(scale, contraction / scale), diag(1 / (contraction * scale), scale)
    return (after * transition * back).applyfunc(simplify), (after * drive / scale).applyfunc(simplify)


@recorded
def decoupled_equivalent() -> tuple[Expr, Expr]:
    """Learning rate lr a^(-2t-1) and momentum alpha a of the twin without decay."""
    return lr * contraction ** (-2 * elapsed - 1), momentum * contraction


@recorded
def ema_weight(age: Expr) -> Expr:
    """p (1 - p)^age: the weight of the update made ``age`` steps ago in w = sum of weight times (-u/lambda)."""
    return decay * (1 - decay) ** age


@recorded
def forgetting() -> Expr:
    """(1 - p)^t, the weight left to the start."""
    return (1 - decay) ** elapsed


@recorded
def mean_age() -> Expr:
    """Sum of (age + 1) times the weight, the newest update counted as one step old."""
    ratio = symbols("x", positive=True)
    # sum (k + 1) x^k is the derivative of the geometric sum 1/(1 - x)
    return simplify(decay * (1 / (1 - ratio)).diff(ratio).subs(ratio, 1 - decay))


@recorded
def e_folding() -> Expr:
    """Steps after which a weight has fallen by e."""
    return -1 / log(1 - decay)


@recorded
def equivalent_schedule(
    lrs: Sequence[float], wd_value: float, momentum_value: float = 0.0, dampening_value: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Decay-only norms P [steps + 1] and equivalent learning rates lr_t/(P_t P_{t+1}) [steps] of torch.optim.SGD.

    Coupled decay; buffer empty at the start, so that torch's first step is undampened. Raises
    NoEquivalentSchedule at the first step where P is not positive.
    """
    rule = SGDM if momentum_value else SGD
    arguments = (lr, wd, momentum, dampening)
    step = lambdify(arguments, rule.transition, modules="numpy")
    state, norms = np.eye(rule.transition.rows)[0], [1.0]
    for t, rate in enumerate(lrs):
        damped = dampening_value if t else 0.0
        state = np.asarray(step(rate, wd_value, momentum_value, damped), dtype=float) @ state
        if not state[0] > 0:
            raise NoEquivalentSchedule(
                f"lr = {rate:g}, wd = {wd_value:g}, momentum = {momentum_value:g}: decay alone turns the weights "
                f"around at step {t + 1}, so no positive learning rate replaces it"
            )
        norms.append(float(state[0]))
    found = np.array(norms)
    return found, np.asarray(lrs, dtype=float) / (found[:-1] * found[1:])


@recorded
def root_near_one() -> Expr:
    """The larger root as a function of u and alpha."""
    half = 1 + momentum - damped_decay
    return (half + sqrt(half**2 - 4 * momentum)) / 2
