"""The effective learning rate: its recursion, its balance, and the second moment that it is like."""

import math

from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, simplify

from tests.compare import close
from theory import effective_lr
from theory.symbols import decay, direction_lr, lr, squared_norm, unit_gradient_square


@given(st.floats(0.01, 0.9), st.floats(0.01, 2), st.floats(0.1, 4), st.floats(0.1, 4))
def test_recursion_in_the_plane(p, rate, norm, gradient):
    """A step of two numbers: |w'|, the tangent and Phi' as derived."""
    along, across = (1 - p) * norm, rate * gradient / norm
    values = {lr: rate, decay: p, squared_norm: norm**2, unit_gradient_square: gradient**2}
    phi = float(effective_lr.effective_lr().subs(values))
    values[direction_lr] = phi
    assert math.sqrt(effective_lr.squared_tangent().subs(values)) == close(across / along, 1e-12)
    after = math.hypot(along, across)
    assert float(effective_lr.next_squared_norm().subs(values)) == close(after**2, 1e-12)
    values |= {effective_lr.later_lr: rate / 3, effective_lr.later_decay: p / 3}
    expected = rate / 3 / ((1 - p / 3) * after**2)
    assert float(effective_lr.next_effective_lr().subs(values)) == close(expected, 1e-12)
    assert float(effective_lr.next_effective_lr(0).subs(values)) != close(expected, 1e-6)


def test_balance_is_the_tangent_of_the_equilibrium_angle():
    """cos theta = a at the balance, whatever the degree of the update."""
    for degree in (0, 1):
        tangent = effective_lr.balanced_tangent_square(degree)
        assert simplify(1 / (1 + tangent) - (1 - decay) ** 2) == 0
    assert simplify(1 / (1 + 2 * decay) - (1 - decay) ** 2) != 0


def test_effective_lr_is_the_published_one_to_first_order():
    """Phi |w|^2 / lr = 1/a: one more than p above the published lr/|w|^2."""
    ratio = effective_lr.effective_lr() * squared_norm / lr
    assert ratio.series(decay, 0, 2).removeO() == 1 + decay


def test_adam_g_constants():
    """beta2 = a^4 and lr (2 a^4)^(-1/2) for v' = beta2 v + G; the fixed points differ by a factor 1 + p."""
    kept, rate, _ = effective_lr.adam_g()
    a = 1 - decay
    assert simplify(kept - a**4) == 0
    assert simplify(rate**2 - 1 / (2 * kept)) == 0
    assert simplify(effective_lr.adam_g_excess() - (1 + a**2) / (2 * a**2)) == 0
    assert effective_lr.adam_g_excess().series(decay, 0, 2).removeO() == 1 + decay


def test_adam_g_is_first_order_only():
    """At G = v/10 the exact v' exceeds AdamG's by a^4 G^2/v, a per cent of a^4 v."""
    at = {squared_norm: 1, unit_gradient_square: Rational(1, 10), decay: Rational(1, 2)}
    kept, rate, _ = (e.subs(at) for e in effective_lr.adam_g())
    exact = effective_lr.next_inverse_square().subs(at)
    assert exact - (kept + at[unit_gradient_square] / rate**2) == kept / 100
