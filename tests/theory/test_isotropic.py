"""The isotropic model: fixed points, their stability, and the noise that decides it."""

import numpy as np
import pytest
from sympy import Rational, lambdify, simplify, sqrt

from tests.compare import close
from theory import isotropic
from theory.symbols import alignment, contraction, decay, direction_lr, noise_norm

SYMBOLS = (direction_lr, alignment, noise_norm, contraction)


def iterated(point, noise, a, steps):
    """(Phi, q) after many steps of the derived map."""
    step = lambdify(SYMBOLS, list(isotropic.step()), modules="math")
    for _ in range(steps):
        point = np.array(step(*point, noise**0.5, a))
    return point


def test_published_fixed_point_and_modulus():
    """q = sqrt((1+a)/2), Phi = sqrt(2(1+a))/a, modulus sqrt(1 + a - a^2)."""
    phi, q = isotropic.noise_free()
    assert simplify(q - sqrt((1 + contraction) / 2)) == 0
    assert simplify(phi - sqrt(2 * (1 + contraction)) / contraction) == 0
    determinant = simplify(isotropic.determinant().subs(alignment, q))
    assert simplify(determinant - (1 + contraction - contraction**2)) == 0


@pytest.mark.parametrize("a", [0.3, 0.9, 0.99])
def test_noise_decides_stability(a):
    """A start beside the fixed point returns above the critical noise and leaves below it."""
    critical = float(isotropic.critical_noise().subs(contraction, a))
    for ratio, returns in ((0.8, False), (1.25, True)):
        noise = ratio * critical
        q = float(_alignment(noise, a))
        point = np.array([float(isotropic.fixed_lr().subs({alignment: q, contraction: a})), q])
        gap = [abs(iterated(point * (1 - 1e-6), noise, a, steps) - point).max() for steps in (1, 20_000)]
        assert bool(gap[1] < gap[0]) is returns


def _alignment(noise, a):
    """q by bisection of the derived sigma^2(q), which falls with q."""
    squared = lambdify(alignment, isotropic.fixed_noise().subs(contraction, a))
    low, high = 1e-9, ((1 + a) / 2) ** 0.5
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if squared(middle) > noise else (low, middle)
    return high


def test_noise_falls_with_alignment():
    """sigma^2(q) falls from infinity to zero on (0, sqrt((1+a)/2)), so that each noise has one fixed point."""
    a = 0.7
    squared = lambdify(alignment, isotropic.fixed_noise().subs(contraction, a))
    values = squared(np.linspace(0.01, ((1 + a) / 2) ** 0.5, 200))
    assert (np.diff(values) < 0).all()
    assert abs(values[-1]) < 1e-12


def test_critical_noise_is_an_eighth_of_the_squared_decay():
    """sigma_c^2 = p^2/8 + 5 p^3/32 + ..., and not p^2/7."""
    series = isotropic.critical_noise().subs(contraction, 1 - decay).series(decay, 0, 4).removeO()
    assert simplify(series - decay**2 / 8 - 5 * decay**3 / 32) == 0
    assert isotropic.critical_noise().subs(contraction, Rational(99, 100)).evalf() == close(1.2657583526e-5, 1e-9)
