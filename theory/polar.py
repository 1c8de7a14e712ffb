"""Correlation of the polar factors of correlated Gaussian matrices: what Muon's update remembers.

    C(rho) = E<polar X, polar Y> / min(m, n),   X, Y m x n Gaussian, entrywise correlation rho,

where polar(U S V^T) = U V^T. C is an odd power series sum_j c_j rho^(2j+1) with c_j >= 0 and sum c_j = 1:
c_j min(m, n) is the energy of polar(X) in the Wiener chaos of order 2j+1. polar is the gradient of the
nuclear norm, so that energy is (2j+2) times the nuclear norm's in order 2j+2, and it lies in the span of
the Hermite forms of p_lambda = prod tr (X X^T)^k, lambda a partition of j+1. Light: numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from theory.derivation import recorded
from theory.wishart import Invariants, Partition, moments, partitions

Array = np.ndarray

EXACT_TERMS = 6
"""How many coefficients are computed exactly; only the sum of the others is exact."""
EXACT_ROWS = 128
"""Above this smaller side, coefficients are interpolated in 1/m between this side and the limit."""
MAX_TERMS = 1 << 20


@recorded
def hermite_energy(rows: Any, columns: Any, order: int, largest: int | None = None) -> tuple[list[list], list[dict]]:
    """(G, v): Gram matrix of the Hermite forms of degree 2*order and their overlaps with the nuclear norm.

    The nuclear norm's energy in that chaos is v^T G^-1 v. v_lambda = {2s: coefficient} is linear in the
    moments M_s. ``largest`` bounds the parts: beyond min(m, n) power sums depend on the lower ones.
    """
    ring = Invariants(rows, columns)
    products = list(partitions(order, largest or order))
    forms = [ring.hermite(p) for p in products]

    def merged(left: Partition, right: Partition) -> Partition:
        return tuple(sorted(left + right, reverse=True))

    gram = [[sum(c * ring.mean(merged(p, other)) for p, c in form.items()) for other in products] for form in forms]
    overlaps = []
    for form in forms:
        overlap: dict[int, Any] = {}
        for p, c in form.items():
            for twice, x in ring.mean_with_power(1, p).items():
                overlap[twice] = overlap.get(twice, 0) + c * x
        overlaps.append(overlap)
    return gram, overlaps


def coefficient(rows: int, columns: int, j: int) -> float:
    """c_j, exact but for the rounding of the moments M_(1/2), ..., M_(j+1/2)."""
    small, large = sorted((rows, columns))
    gram, overlaps = hermite_energy(small, large, j + 1, small)
    halves = tuple(range(1, 2 * j + 2, 2))
    # Exact arithmetic on the rounded moments: what cancels is then not rounded again.
    exact = {twice: Fraction(value) for twice, value in zip(halves, moments(small, large, halves), strict=True)}
    vector = [sum(c * exact[twice] for twice, c in overlap.items()) for overlap in overlaps]
    return float(Fraction(2 * (j + 1), small) * _energy(gram, vector))


def _energy(gram: list[list], vector: list) -> Any:
    """v^T G^-1 v by elimination; G is positive definite, so no pivot is zero."""
    rows = [[Fraction(x) for x in row] + [v] for row, v in zip(gram, vector, strict=True)]
    total = Fraction(0)
    for i, row in enumerate(rows):
        total += row[-1] * row[-1] / row[i]
        for other in rows[i + 1 :]:
            ratio = other[i] / row[i]
            for k in range(i, len(row)):
                other[k] -= ratio * row[k]
    return total


def vector_coefficients(dim: int, terms: int) -> Array:
    """c_j at m = 1: C(rho) = c_0 rho 2F1(1/2, 1/2; n/2 + 1; rho^2), c_0 = (2/n) (Gamma((n+1)/2)/Gamma(n/2))^2."""
    first = 2 / dim * math.exp(2 * (math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2)))
    return first * np.concatenate(([1.0], np.cumprod(vector_ratio(dim, np.arange(terms - 1.0)))))


@recorded
def square_limit(j: Any, pi: Any = math.pi) -> Any:
    """c_j of large square matrices, (64/pi^2) (j+1)^2 / ((2j+1)^2 (2j+3)^2); j may be a SymPy symbol."""
    return 64 * (j + 1) ** 2 / (pi * (2 * j + 1) * (2 * j + 3)) ** 2


@recorded
def vector_ratio(dim: Any, j: Any) -> Any:
    """c_(j+1)/c_j at m = 1, of 2F1(1/2, 1/2; n/2 + 1; .)."""
    return (2 * j + 1) ** 2 / (2 * (2 * j + dim + 2) * (j + 1))


def limit_coefficients(aspect: float, terms: int) -> Array:
    """c_j as m, n -> infinity at m/n = aspect <= 1, from Marchenko and Pastur's law.

    c_j = ((2/pi) int_0^pi sin((j+1)t) sin t / |1 + sqrt(aspect) e^(it)| dt)^2, at aspect 1 ``square_limit``.
    """
    samples = 1 << max(14, math.ceil(math.log2(40 / max(1 - math.sqrt(aspect), 1e-9))))
    if samples > MAX_TERMS:
        return square_limit(np.arange(float(terms)))
    return spectral_limit(lambda sigma: np.ones_like(sigma), aspect, terms, samples)[1]


def spectral_limit(
    spectrum: Callable[[Array], Array], aspect: float, terms: int, samples: int = 1 << 14
) -> tuple[float, Array]:
    """(energy, c_j) of U f(S) V^T in place of U V^T, in the same limit; f acts on singular values of X / sqrt(n).

    The energy is E sum f^2/m. With sigma = |1 + sqrt(aspect) e^(it)| the overlap of f with the Chebyshev polynomial of
    order 2j+1 is (2/pi) int_0^pi sin((j+1)t) sin t f(sigma)/sigma dt, and c_j is its square over the energy.
    """
    angle = 2 * math.pi * (np.arange(samples) + 0.5) / samples
    sigma = np.abs(1 + math.sqrt(aspect) * np.exp(1j * angle))
    values = spectrum(sigma) / sigma
    energy = float((values**2 * np.sin(angle) ** 2).mean() * 2)
    # Samples stand half a step off the singular point at t = pi, which turns the transform's phase.
    phase = np.exp(-1j * math.pi * np.arange(samples // 2 + 1) / samples)
    fourier = (np.fft.rfft(values) * phase).real / samples
    found = np.zeros(terms)
    found[: len(fourier) - 2] = (fourier[:-2] - fourier[2:])[:terms] ** 2
    return energy, found / energy


@dataclass(frozen=True)
class PolarCorrelation:
    """C(rho) of m x n: ``leading`` are the first c_j, ``tail`` an estimate of the others with the exact sum.

    C lies between the leading terms alone and the same with the whole remaining mass on the next power.
    ``exact`` says whether ``leading`` are the finite m x n values, not interpolated, and ``closed`` whether
    the tail is exact too (m = 1 or n = 1).
    """

    rows: int
    columns: int
    leading: Array
    tail: Array
    exact: bool
    closed: bool

    @property
    def mass(self) -> float:
        """1 - sum of ``leading``: what the enclosure does not place."""
        return max(0.0, 1 - float(self.leading.sum()))

    @property
    def coefficients(self) -> Array:
        """Every c_j, the tail estimated."""
        return np.concatenate((self.leading, self.tail))

    def weigh(self, terms: Array) -> tuple[float, float, float]:
        """(low, estimate, high) of sum_j c_j terms_j for positive terms."""
        count = len(self.leading)
        low = float(self.leading @ terms[:count])
        estimate = low + float(self.tail @ terms[count:])
        if self.closed:
            return estimate, estimate, estimate
        return low, estimate, low + self.mass * float(terms[count:].max())

    def at(self, rho: float) -> tuple[float, float, float]:
        """(low, estimate, high) of C(rho), 0 <= rho <= 1."""
        return self.weigh(rho ** (2 * np.arange(len(self.leading) + len(self.tail)) + 1.0))


@lru_cache(maxsize=64)
def polar_correlation(rows: int, columns: int, terms: int = 1 << 12) -> PolarCorrelation:
    """C for m x n matrices with ``terms`` coefficients, of which the first EXACT_TERMS are exact.

    The tail is a numerical estimate: the vector law of dimension |m - n| + 1, which is how the smallest singular
    value behaves, and the limit law, mixed so that the last exact coefficient and the sum are met.
    """
    small, large = sorted((rows, columns))
    terms = max(terms, EXACT_TERMS + 2)
    if small == 1:
        found = vector_coefficients(large, terms)
        return PolarCorrelation(rows, columns, found[:EXACT_TERMS], found[EXACT_TERMS:], True, True)
    leading = _leading(small, large)
    edge, limit = vector_coefficients(large - small + 1, terms), limit_coefficients(small / large, terms)
    mass = 1 - leading.sum()
    shapes = np.array([[s[EXACT_TERMS - 1], 1 - s[:EXACT_TERMS].sum()] for s in (edge, limit)]).T
    shares = np.linalg.solve(shapes, [leading[-1], mass]) if abs(np.linalg.det(shapes)) > 1e-300 else np.array([-1, 0])
    if (shares < 0).any():
        shares = np.array([0.0, mass / shapes[1, 1]]) if shapes[1, 1] > 0 else np.array([mass / shapes[1, 0], 0.0])
    tail = shares[0] * edge[EXACT_TERMS:] + shares[1] * limit[EXACT_TERMS:]
    return PolarCorrelation(rows, columns, leading, tail, small <= EXACT_ROWS, False)


def _leading(small: int, large: int) -> Array:
    if small <= EXACT_ROWS:
        return np.array([coefficient(small, large, j) for j in range(EXACT_TERMS)])
    near = round(large * EXACT_ROWS / small)
    limit, nearby = (limit_coefficients(aspect, EXACT_TERMS) for aspect in (small / large, EXACT_ROWS / near))
    return limit + EXACT_ROWS / small * (_leading(EXACT_ROWS, near) - nearby)
