"""Exact averages over an m x n matrix X of independent standard normals: power sums of its squared singular values.

    p_k = tr (X X^T)^k,   M_s = E tr (X X^T)^s for any s,   lambda-products p_lambda = p_k p_l ...

Gaussian integration by parts reduces E[tr (X X^T)^s p_lambda] to the M's, exactly. M_s comes from the
density of singular values (key ``adler2000``). Light: numpy only, but ``Invariants`` takes SymPy symbols too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np

Partition = tuple[int, ...]
Polynomial = dict[Partition, Any]
"""A polynomial in the power sums: coefficient by partition."""
NODES = 24
PANELS_PER_ROW = 0.4
MARGIN = 7.0
LARGE = 1e150


def partitions(total: int, largest: int) -> Iterator[Partition]:
    """The partitions of ``total`` into parts of at most ``largest``."""
    if total == 0:
        yield ()
    for first in range(min(total, largest), 0, -1):
        for rest in partitions(total - first, first):
            yield (first, *rest)


class Invariants:
    """Polynomials in the power sums p_k of an m x n Gaussian matrix, with their Laplacian and their means."""

    def __init__(self, rows: Any, columns: Any) -> None:
        self.rows, self.columns = rows, columns
        self.divergence = cache(self._divergence)
        self.mean = cache(self._mean)
        self.mean_with_power = cache(self._mean_with_power)

    def _divergence(self, k: int) -> Polynomial:
        """Divergence of X -> (X X^T)^(k-1) X: one term for each factor that is differentiated."""
        found: Polynomial = {}
        for i in range(k):
            left, right = i, k - 1 - i
            size = (self.rows if left == 0 else 1) * (self.columns if right == 0 else 1)
            _add(found, {_sorted([j for j in (left, right) if j]): size})
        if k > 1:
            _add(found, {(k - 1,): k - 1})
        return found

    def laplacian(self, polynomial: Polynomial) -> Polynomial:
        """Laplacian over the entries of X: grad p_k = 2k (X X^T)^(k-1) X, <grad p_k, grad p_l> = 4kl p_(k+l-1)."""
        found: Polynomial = {}
        for product, coefficient in polynomial.items():
            for i, k in enumerate(product):
                rest = product[:i] + product[i + 1 :]
                _add(found, _times(self.divergence(k), rest), 2 * k * coefficient)
                for j in range(i, len(rest)):
                    merged = _sorted([*rest[:j], *rest[j + 1 :], k + rest[j] - 1])
                    _add(found, {merged: 8 * k * rest[j] * coefficient})
        return found

    def hermite(self, product: Partition) -> Polynomial:
        """exp(-Laplacian/2) p_lambda, which is orthogonal to every polynomial of lower degree."""
        term: Polynomial = {product: 1}
        found = dict(term)
        for order in range(1, sum(product) + 1):
            term = {k: v * Fraction(-1, 2 * order) for k, v in self.laplacian(term).items()}
            _add(found, term)
        return found

    def _mean(self, product: Partition) -> Any:
        """E p_lambda, a polynomial in m and n."""
        if not product:
            return 1
        k, rest = product[0], product[1:]
        total = sum(c * self.mean(_sorted([*p, *rest])) for p, c in self.divergence(k).items())
        for j, other in enumerate(rest):
            total += 2 * other * self.mean(_sorted([other + k - 1, *rest[:j], *rest[j + 1 :]]))
        return total

    def _mean_with_power(self, twice: int, product: Partition) -> dict[int, Any]:
        """E[tr (X X^T)^s p_lambda] for s = twice/2 as a linear form {2s: coefficient} in the moments M_s."""
        if not product:
            return {twice: 1}
        k, rest = product[0], product[1:]
        found: dict[int, Any] = {}
        for p, c in self.divergence(k).items():
            _add(found, self.mean_with_power(twice, _sorted([*p, *rest])), c)
        _add(found, self.mean_with_power(twice + 2 * (k - 1), rest), twice)
        for j, other in enumerate(rest):
            merged = _sorted([other + k - 1, *rest[:j], *rest[j + 1 :]])
            _add(found, self.mean_with_power(twice, merged), 2 * other)
        return found


def _sorted(parts: list[int]) -> Partition:
    return tuple(sorted(parts, reverse=True))


def _times(polynomial: Polynomial, product: Partition) -> Polynomial:
    return {_sorted([*k, *product]): v for k, v in polynomial.items()}


def _add(total: dict, more: Mapping, factor: Any = 1) -> None:
    for key, value in more.items():
        total[key] = total.get(key, 0) + factor * value


@lru_cache(maxsize=64)
def moments(rows: int, columns: int, twice: tuple[int, ...]) -> tuple[float, ...]:
    """M_s = E sum_i sigma_i^(2s) for each 2s in ``twice``, by quadrature of the density; relative error near 1e-13.

    The density of x = sigma^2 for m <= n in the orthonormal Laguerre functions phi_k of weight x^(n-m) e^(-x) is
    sum_{k<m-1} phi_k^2 + x^(-1/2) phi_(m-1) [b - sqrt((m-1)(n-1))/2 int_0^x t^(-1/2) phi_(m-2) dt],
    b = m! Gamma(3/2) (Gamma(n)/Gamma(m))^(1/2) / (Gamma(1+m/2) Gamma(n/2) 2^((n+m-1)/2)).
    It is divided by its own integral over m, which removes the rounding of b and of phi_0.
    """
    small, large = sorted((rows, columns))
    nodes, weights, integrate = _grid(small, large)
    density = _density(small, large, nodes, integrate) * 2 * nodes * weights
    density *= small / density.sum()
    return tuple(float((density * nodes**power).sum()) for power in twice)


def _grid(small: int, large: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Gauss-Legendre panels over the singular values, and the running integral on them."""
    low = max(0.0, math.sqrt(large) - math.sqrt(small) - MARGIN)
    high = math.sqrt(large) + math.sqrt(small) + MARGIN
    panels = math.ceil(PANELS_PER_ROW * small) + 12
    x, w = np.polynomial.legendre.leggauss(NODES)
    width = (high - low) / panels
    nodes = (low + width * (np.arange(panels)[:, None] + (x + 1) / 2)).ravel()
    basis = np.eye(NODES)
    antiderivatives = np.polynomial.legendre.legint(basis, lbnd=-1, axis=0)
    to_coefficients = np.linalg.inv(np.polynomial.legendre.legvander(x, NODES - 1))
    running = np.polynomial.legendre.legvander(x, NODES) @ antiderivatives @ to_coefficients

    def integrate(values: np.ndarray) -> np.ndarray:
        rows = values.reshape(panels, NODES)
        whole = rows @ w
        before = np.concatenate(([0.0], np.cumsum(whole)[:-1]))
        return ((before[:, None] + rows @ running.T) * width / 2).ravel()

    return nodes, np.tile(w * width / 2, panels), integrate


def _density(small: int, large: int, sigma: np.ndarray, integrate: Any) -> np.ndarray:
    """Density of the squared singular values at sigma^2."""
    x, excess = sigma * sigma, large - small
    # Laguerre functions times exp(-scale): exponents leave double precision long before the functions do.
    scale = (2 * excess * np.log(sigma) - x - math.lgamma(excess + 1)) / 2 if excess else -x / 2
    before, now = np.zeros_like(x), np.ones_like(x)
    total, previous = np.zeros_like(x), np.zeros_like(x)
    for k in range(small - 1):
        previous = now * np.exp(scale)
        total += previous**2
        after = (2 * k + 1 + excess - x) * now - math.sqrt(k * (k + excess)) * before
        before, now = now, after / math.sqrt((k + 1) * (k + 1 + excess))
        big = np.abs(now) > LARGE
        before[big] /= LARGE
        now[big] /= LARGE
        scale[big] += math.log(LARGE)
    last = now * np.exp(scale)
    log_b = (
        math.lgamma(small + 1) - math.lgamma(small) / 2 + math.lgamma(1.5) + math.lgamma(large) / 2
        - math.lgamma(1 + small / 2) - math.lgamma(large / 2) - (large + small - 1) / 2 * math.log(2)
    )  # fmt: skip
    bracket = math.exp(log_b) - math.sqrt((small - 1) * (large - 1)) / 2 * integrate(2 * previous)
    return total + last / sigma * bracket
