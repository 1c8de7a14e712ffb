"""Adam's update at finite beta2, exactly, by quadrature: nothing of the theory's expansion enters.

Gradients of mean square 1 whose squares are gamma distributed, Gaussian at kurtosis 3: with c = K - 1,
E exp(-s g^2) = (1 + c s)^(-1/c) and E g^2 exp(-s g^2) = (1 + c s)^(-1/c - 1). Then

    E g_{t-i}^2 / v_t                    = int ds Phi(s) / (1 + c s w_i),            Phi(s) = E exp(-s v),
    E g_{t-i}^2 / sqrt(v_t v_{t+k})      = int int ds dr (s r)^(-1/2) Phi(z) Psi_k(r) / (1 + c z w_i) / pi

with z = s + beta2^k r, w_j = (1 - beta2) beta2^j and Psi_k the part of Phi with j < k. Products of different gradients
vanish because v is even in each. The trapezoidal rule converges geometrically in log s, and in the roots of s and r.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import Chebyshev

STEP = 0.25
ROOTS = STEP * np.arange(45)
WEIGHTS = np.where(ROOTS == 0, STEP / 2, STEP)
SINGLE = np.exp(np.arange(-37, math.log(2) + 2 * math.log(ROOTS[-1]), STEP))


@dataclass(frozen=True)
class Quadrature:
    """Moments of u = m / sqrt(v) with m an EMA of coefficient ``beta1`` and v one of ``beta2``."""

    beta1: float
    beta2: float
    kurtosis: float = 3.0

    @cached_property
    def weights(self):
        """w_j, as far as double precision sees them."""
        count = math.ceil(math.log(1e-17) / math.log(self.beta2))
        return (1 - self.beta2) * self.beta2 ** np.arange(count)

    def _log_laplace(self, s, weights):
        excess = self.kurtosis - 1
        return -np.log1p(excess * np.multiply.outer(s, weights)).sum(-1) / excess

    @cached_property
    def laplace(self):
        """log Phi on the range of the rule."""
        return Chebyshev.interpolate(lambda s: self._log_laplace(s, self.weights), 150, (0, 2 * ROOTS[-1] ** 2))

    def _numerator(self, s):
        """sum_i h_i^2 / (1 + c s w_i)."""
        taps = (1 - self.beta1) * self.beta1 ** np.arange(len(self.weights), dtype=float)
        seen = taps > 1e-12
        return (taps[seen] ** 2 / (1 + (self.kurtosis - 1) * np.multiply.outer(s, self.weights[seen]))).sum(-1)

    def share(self, i):
        """E g_{t-i}^2 / v_t."""
        inside = np.exp(self.laplace(SINGLE)) / (1 + (self.kurtosis - 1) * SINGLE * self.weights[i])
        return float(STEP * SINGLE @ inside)

    def autocovariance(self, k):
        """E u_t u_{t+k}."""
        if k == 0:
            return float(STEP * SINGLE @ (np.exp(self.laplace(SINGLE)) * self._numerator(SINGLE)))
        s = ROOTS**2
        z = s[:, None] + self.beta2**k * s
        recent = np.exp(self._log_laplace(s, self.weights[:k]))
        inside = np.exp(self.laplace(z)) * self._numerator(z) * recent
        return float(self.beta1**k * 4 / math.pi * WEIGHTS @ inside @ WEIGHTS)

    def walk(self, contraction):
        """E u^2 + 2 sum_k a^k E u_t u_{t+k}: the squared norm of weights that shrink by a, times (1 - a^2) / lr^2."""
        lags = math.ceil(math.log(1e-7) / math.log(self.beta1)) if self.beta1 else 0
        later = sum(contraction**k * self.autocovariance(k) for k in range(1, lags + 1))
        return self.autocovariance(0) + 2 * later
