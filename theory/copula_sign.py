"""The sign family under gradients of any law, zeros and autocorrelation: g_t = F^{-1}(Phi(z_t)), z Gaussian.

Each coordinate has its own symmetric law F, given by magnitudes sampled from it, exact zeros among them, and the normal
scores z of all have one autocorrelation, the one that gives g the measured one (``score_correlations``). With white z
the entries are independent in time, and only their law is seen: kurtosis, zeros.
With F Gaussian it is the arcsine law of the filter of a correlated sequence. Between the two there is no closed form:
paths are drawn, filtered as the optimizer does it, and the sign's autocorrelation is taken over them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from theory.domain import OutOfDomain
from theory.sign_family import MonteCarlo

Array = np.ndarray
BURN = 8.0
"""Burn-in, in memories of the buffer."""
ORDERS = 24
"""Odd Hermite polynomials in the expansion of a law."""
PARTS = 64
"""Groups of paths whose spread gives the standard error."""


@dataclass(frozen=True)
class SignLaw:
    """R_k of the sign for k = 0, 1, ... and standard errors, both [K + 1]; ``moving`` is the share of nonzero signs."""

    correlations: Array
    standard_error: Array
    moving: float

    @property
    def first(self) -> MonteCarlo:
        """R_1."""
        return MonteCarlo(float(self.correlations[1]), float(self.standard_error[1]))


def score_correlations(samples: Array, correlations: Sequence[float] | Array) -> Array:
    """r_k of the normal scores z from R_k = E g_t g_{t+k} / E g^2 of the gradients, which ``samples`` [S, F] are of.

    By Mehler's expansion R = sum_n c_n^2 r^n over odd n, c_n = E[g He_n(z)] / sqrt(n! E g^2), averaged over
    coordinates: heavy tails make R smaller than r. What the first ORDERS leave out counts as of the next order.
    """
    laws = np.sort(np.abs(_live(samples)), axis=0)
    scores = _quantiles(np.arange(len(laws)) + 0.5, len(laws))
    laws = laws / np.sqrt(np.square(laws).mean(axis=0))
    shares, before, now = [], np.zeros_like(scores), np.ones_like(scores)
    for n in range(2 * ORDERS):
        if n % 2:
            shares.append(float(np.square((laws * now[:, None]).mean(axis=0)).mean()))
        # He_{n+1} = z He_n - n He_{n-1}, divided by the square root of its factorial.
        before, now = now, (scores * now - math.sqrt(n) * before) / math.sqrt(n + 1)
    shares.append(max(0.0, 1 - sum(shares)))
    grid = np.linspace(-1, 1, 4001)
    value = np.array(shares) @ grid ** (2 * np.arange(ORDERS + 1) + 1)[:, None] / sum(shares)
    return np.asarray(np.interp(np.asarray(correlations, dtype=float), value, grid))


def _quantiles(ranks: Array, count: int) -> Array:
    """|z| below which a share rank / count of standard normal |z| lies."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(0.5 + rank / (2 * count)) for rank in ranks.tolist()])


def _live(samples: Array) -> Array:
    """The columns with something in them; raises OutOfDomain where there is none."""
    known = np.asarray(samples, dtype=float)
    if known.ndim != 2 or min(known.shape) < 1 or not np.isfinite(known).all() or not known.any():
        raise OutOfDomain("samples: gradients [samples, coordinates] must be finite, and some of them not zero")
    return known[:, known.any(axis=0)]


def gaussian_paths(correlations: Sequence[float] | Array, steps: int, paths: int, seed: int) -> Array:
    """Stationary Gaussian paths [steps, paths] of unit variance with autocorrelation r_1, r_2, ..., 0 beyond.

    A spectrum that is negative somewhere, as that of a measured autocorrelation can be, counts as 0 there.
    """
    known = np.asarray(correlations, dtype=float)
    generator = np.random.default_rng(seed)
    if not known.any():
        return generator.standard_normal((steps, paths))
    length = 1 << math.ceil(math.log2(steps + 2 * known.size + 2))
    circle = np.zeros(length)
    circle[0] = 1
    circle[1 : known.size + 1] = known
    circle[length - known.size :] = known[::-1]
    spectrum = np.maximum(np.fft.rfft(circle).real, 0)
    spectrum /= np.fft.irfft(spectrum, length)[0]
    white = np.fft.rfft(generator.standard_normal((length, paths)), axis=0)
    return np.asarray(np.fft.irfft(white * np.sqrt(spectrum)[:, None], length, axis=0)[:steps])


def copula_sign(
    samples: Array,
    correlations: Sequence[float] | Array = (),
    *,
    beta1: float,
    beta2: float,
    lags: int,
    steps: int = 4000,
    paths: int = 512,
    seed: int = 0,
) -> SignLaw:
    """R_k of sign(beta1 m + (1 - beta1) g), m an EMA at beta2, for magnitudes from columns of ``samples`` [S, F].

    Each of ``paths`` paths takes one column in turn. ``correlations`` are those of the normal scores at lags 1, 2, ...
    Signum is beta1 = beta2, up to a step that its sign does not see. Raises OutOfDomain.
    """
    live = _live(samples)
    for name, value in (("beta1", beta1), ("beta2", beta2)):
        if not 0 <= value < 1:
            raise OutOfDomain(f"{name} = {value:g} is outside its range [0, 1)")
    if not 1 <= lags < steps:
        raise OutOfDomain(f"lags = {lags} is outside its range [1, {steps - 1}]")
    laws = np.sort(np.abs(live) / np.abs(live).max(axis=0), axis=0)
    burn = math.ceil(BURN / (1 - beta2))
    scores = gaussian_paths(correlations, burn + steps, paths, seed)
    row = np.searchsorted(_quantiles(np.arange(1, len(laws)), len(laws)), np.abs(scores))
    drawn = np.sign(scores) * laws[row, np.arange(paths) % laws.shape[1]]
    buffers, stored = np.empty_like(drawn), np.zeros(paths)
    for buffer, entering in zip(buffers, (1 - beta2) * drawn, strict=True):
        buffer[:] = stored
        stored *= beta2
        stored += entering
    signs = np.sign(beta1 * buffers[burn:] + (1 - beta1) * drawn[burn:])
    share = live.shape[1] / np.shape(samples)[1] * float(np.abs(signs).mean())
    parts = np.array([_autocovariance(part, lags) for part in np.array_split(signs, min(PARTS, paths), axis=1)])
    found = parts / parts[:, :1].mean()
    error = found.std(axis=0, ddof=1) / math.sqrt(len(found)) if len(found) > 1 else np.full(lags + 1, np.nan)
    return SignLaw(found.mean(axis=0), error, share)


def _autocovariance(x: Array, lags: int) -> Array:
    """Mean of x_t x_{t+k} over paths and t, k = 0..lags, not centred."""
    steps, paths = x.shape
    length = 1 << math.ceil(math.log2(steps + lags + 1))
    power = np.square(np.abs(np.fft.rfft(x, length, axis=0))).sum(axis=1)
    return np.asarray(np.fft.irfft(power, length)[: lags + 1] / (steps - np.arange(lags + 1)) / paths)
