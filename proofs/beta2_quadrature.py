"""Adam's update at finite beta2, exactly, by quadrature: nothing of the theory's expansion enters.

Gradients of mean square 1 whose squares are gamma distributed, Gaussian at kurtosis 3: with c = K - 1,
E exp(-s g^2) = (1 + c s)^(-1/c) and E g^2 exp(-s g^2) = (1 + c s)^(-1/c - 1). Then

    E g_{t-i}^2 / v_t                    = int ds Phi(s) / (1 + c s w_i),            Phi(s) = E exp(-s v),
    E g_{t-i}^2 / sqrt(v_t v_{t+k})      = int int ds dr (s r)^(-1/2) Phi(z) Psi_k(r) / (1 + c z w_i) / pi

with z = s + beta2^k r, w_j = (1 - beta2) beta2^j and Psi_k the part of Phi with j < k. Products of different gradients
vanish because v is even in each. The trapezoidal rule converges geometrically in log s, and in the roots of s and r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.polynomial import Chebyshev

STEP = 0.25
ROOTS = STEP * np.arange(45)
WEIGHTS = np.where(ROOTS == 0, STEP / 2, STEP)
SINGLE = np.exp(np.arange(-37, math.log(2) + 2 * math.log(ROOTS[-1]), STEP))


NEGLIGIBLE = 1e-10
"""A product of a^k and beta1^k from which on lags are left out."""
Array = np.ndarray


@dataclass(frozen=True)
class Quadrature:
    """Moments of u = m / sqrt(v) with m an EMA of coefficient ``beta1`` and v one of ``beta2``.

    NAdam's m is (1 - mu) g + mu m with mu = ``lookahead``, which is 1 for Adam.
    """

    beta1: float
    beta2: float
    kurtosis: float = 3.0
    lookahead: float = 1.0

    @cached_property
    def weights(self) -> Array:
        """w_j, as far as double precision sees them."""
        count = math.ceil(math.log(1e-17) / math.log(self.beta2))
        return (1 - self.beta2) * self.beta2 ** np.arange(count)

    def _log_laplace(self, s: Array, weights: Array) -> Array:
        excess = self.kurtosis - 1
        return -np.log1p(excess * np.multiply.outer(s, weights)).sum(-1) / excess

    @cached_property
    def laplace(self) -> Chebyshev:
        """log Phi on the range of the rule."""
        return Chebyshev.interpolate(lambda s: self._log_laplace(s, self.weights), 150, (0, 2 * ROOTS[-1] ** 2))

    def _numerator(self, s: Array, k: int) -> Array:
        """sum_i h_i h_{i+k} / (1 + c s w_i) without the factor beta1^k that all products share."""
        taps = self.lookahead * (1 - self.beta1) * self.beta1 ** np.arange(len(self.weights), dtype=float)
        later = taps.copy()
        taps[0] = 1 - self.lookahead * self.beta1
        later[0] = later[0] if k else taps[0]
        seen = taps > 1e-12
        products = taps[seen] * later[seen]
        return np.asarray((products / (1 + (self.kurtosis - 1) * np.multiply.outer(s, self.weights[seen]))).sum(-1))

    def share(self, i: int) -> float:
        """E g_{t-i}^2 / v_t."""
        inside = np.exp(self.laplace(SINGLE)) / (1 + (self.kurtosis - 1) * SINGLE * self.weights[i])
        return float(STEP * SINGLE @ inside)

    def autocovariance(self, k: int) -> float:
        """E u_t u_{t+k}."""
        if k == 0:
            return float(STEP * SINGLE @ (np.exp(self.laplace(SINGLE)) * self._numerator(SINGLE, 0)))
        s = ROOTS**2
        z = s[:, None] + self.beta2**k * s
        recent = np.exp(self._log_laplace(s, self.weights[:k]))
        inside = np.exp(self.laplace(z)) * self._numerator(z, k) * recent
        return float(self.beta1**k * 4 / math.pi * WEIGHTS @ inside @ WEIGHTS)

    def walk(self, contraction: float) -> float:
        """E u^2 + 2 sum_k a^k E u_t u_{t+k}: the squared norm of weights that shrink by a, times (1 - a^2) / lr^2."""
        return self.autocovariance(0) + 2 * contraction * self._correlated(contraction)

    def one_minus_cosine(self, contraction: float) -> float:
        """1 - E<w, w'> / E|w|^2 of those weights: in E<w_t, u_t> the lag k has the weight -lr a^(k-1)."""
        return 1 - contraction - (1 - contraction**2) * self._correlated(contraction) / self.walk(contraction)

    @cache  # noqa: B019
    def _correlated(self, contraction: float) -> float:
        """sum_k a^(k-1) E u_t u_{t+k} over the lags from 1 on."""
        damped = abs(contraction) * self.beta1
        lags = math.ceil(math.log(NEGLIGIBLE) / math.log(damped)) if damped else 0
        return sum(contraction ** (k - 1) * self.autocovariance(k) for k in range(1, lags + 1))
