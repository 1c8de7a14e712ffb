"""Norm and angle of the sign family (Lion, Signum) under gradient entries of random scale.

For g = sigma z the filter c = sum_j h_j g_{t-j} is Gaussian given the scales, so that
R_k = (2/pi) E arcsin rho_k(scales). The average over scales is taken by Monte Carlo over independent
chains, with its standard error; everything after it is ``theory.stationary_update``, exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from theory.domain import BETA1, DIM, LEARNING_RATE, WEIGHT_DECAY, NoEquilibrium, OutOfDomain
from theory.scale_mixtures import ScaleMixture

Array = np.ndarray
CHAINS = 32
STARTS = 4000
HORIZON = 30.0
BINS = 40


@dataclass(frozen=True)
class MonteCarlo:
    """A mean over independent chains with its standard error."""

    value: float
    standard_error: float

    @classmethod
    def of(cls, samples: Array) -> MonteCarlo:
        """Of one number a chain."""
        return cls(float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples))))


@dataclass(frozen=True)
class SignEquilibrium:
    """Norm, 1 - cos and angle (radians) with standard errors of the average over scales.

    ``memory`` is S = sum_{k>=1} a^(k-1) R_k; ``energy`` is E|u|^2, the number of entries that move.
    """

    equilibrium_norm: MonteCarlo
    one_minus_cosine: MonteCarlo
    angular_update: MonteCarlo
    memory: MonteCarlo
    energy: float


class Scales:
    """Stationary paths of the filter's conditional variances, in logarithms: a long gap underflows nothing.

    c_t = beta1 m_t + (1 - beta1) g_t, m_{t+1} = beta2 m_t + (1 - beta2) g_t with
    P_t = var(m_t), V_t = var(c_t), C_t = cov(c_t, m_{t+1}) given the scales.
    """

    def __init__(self, law: ScaleMixture, beta1: float, beta2: float, length: int, chains: int, seed: int) -> None:
        if not 0 < beta2 < 1:
            raise OutOfDomain(f"beta2 = {beta2:g} is outside its range (0, 1)")
        BETA1.check(beta1)
        generator = np.random.default_rng(seed)
        burn = math.ceil(HORIZON / (1 - beta2) + HORIZON / law.density)
        with np.errstate(divide="ignore"):
            squares = np.log(law.draw(generator, (burn + length, chains)))
            self.fade, added = math.log(beta2), 2 * math.log1p(-beta2)
            share, rest = np.log(beta1), math.log1p(-beta1)
        stored = np.empty((length, chains))
        state = np.full(chains, added - math.log1p(-(beta2**2)))
        for t in range(burn + length):
            if t >= burn:
                stored[t - burn] = state
            state = np.logaddexp(2 * self.fade + state, added + squares[t])
        squares = squares[burn:]
        self.variance = np.logaddexp(2 * share + stored, 2 * rest + squares)
        to_buffer = np.logaddexp(share + self.fade + stored, rest + added / 2 + squares)
        with np.errstate(invalid="ignore"):  # 0/0 where the output is 0; its correlation counts as 0
            self.forward = share + to_buffer - self.variance / 2

    def correlation(self, start: Array, lag: Array, chain: Array) -> Array:
        """rho of c_start and c_{start + lag} given the scales; 0 where one of them is 0."""
        with np.errstate(invalid="ignore"):
            log = self.forward[start, chain] + (lag - 1) * self.fade - self.variance[start + lag, chain] / 2
        return np.exp(np.minimum(np.nan_to_num(log, nan=-np.inf), 0.0))


def sign_correlations(
    law: ScaleMixture, lags: Sequence[int], beta1: float, beta2: float, *, starts: int = STARTS, seed: int = 0
) -> list[MonteCarlo]:
    """R_k of the sign at the given lags k >= 1; each a Monte Carlo mean over CHAINS chains."""
    scales = Scales(law, beta1, beta2, starts + max(lags), CHAINS, seed)
    start, chain = np.arange(starts)[:, None], np.arange(CHAINS)[None, :]
    energy = np.isfinite(scales.variance).mean()
    return [
        MonteCarlo.of((2 / np.pi) * np.arcsin(scales.correlation(start, np.asarray(k), chain)).mean(axis=0) / energy)
        for k in lags
    ]


def sign_persistence(
    law: ScaleMixture, beta1: float, beta2: float, decay: float, *, starts: int | None = None, seed: int = 0
) -> tuple[MonteCarlo, float]:
    """(S, share of signs that are not zero), S = sum_{k>=1} (1 - p)^(k-1) R_k for 0 < p < 1.

    The lags up to the last one that matters are cut into bins and each start draws one lag a bin, so the
    estimate is unbiased but for the lags beyond, of relative weight exp(-HORIZON).
    """
    if not 0 < decay < 1:
        raise OutOfDomain(f"lr*wd = {decay:g} is outside its range (0, 1) for the sign law")
    starts = starts or max(STARTS, math.ceil(20 / law.density))
    last = math.ceil(min(HORIZON / decay, HORIZON / (1 - beta2) + HORIZON / law.density))
    scales = Scales(law, beta1, beta2, starts + last, CHAINS, seed)
    generator = np.random.default_rng((seed, 1))
    start, chain = np.arange(starts)[:, None], np.arange(CHAINS)[None, :]
    edges = np.unique(np.round(np.geomspace(1, last + 1, BINS)).astype(int))
    total = np.zeros(CHAINS)
    for low, high in pairwise(edges):
        lag = generator.integers(low, high, (starts, CHAINS))
        term = np.exp((lag - 1) * math.log1p(-decay)) * np.arcsin(scales.correlation(start, lag, chain))
        total += (high - low) * (2 / np.pi) * term.mean(axis=0)
    moving = float(np.isfinite(scales.variance).mean())
    return MonteCarlo.of(total / moving), moving


def sign_law(
    law: ScaleMixture,
    *,
    lr: float,
    wd: float,
    beta1: float = 0.9,
    beta2: float = 0.99,
    dim: int = 1,
    starts: int | None = None,
    seed: int = 0,
) -> SignEquilibrium:
    """Lion's equilibrium for gradients with entries of ``law``; Signum's at beta1 = beta2 = its momentum.

    Numerical: exact but for the average over scales, whose standard error each number carries
    (to first order in it). Raises OutOfDomain, or NoEquilibrium.
    """
    from theory.stationary_update import numbers

    for parameter, value in ((LEARNING_RATE, lr), (WEIGHT_DECAY, wd), (DIM, dim)):
        parameter.check(value)
    if lr * wd >= 1:
        raise NoEquilibrium(f"lr*wd = {lr * wd:g} is outside (0, 1), where the sign law is summed")
    s, moving = sign_persistence(law, beta1, beta2, lr * wd, starts=starts, seed=seed)

    def values(memory: float) -> Array:
        square, lost = numbers(lr, lr * wd, dim * moving, memory)
        return np.array([math.sqrt(square), lost, 2 * math.asin(math.sqrt(lost / 2))])

    centre, step = values(s.value), max(1e-6 * abs(s.value), 1e-12)
    slopes = np.abs(values(s.value + step) - values(s.value - step)) / (2 * step)
    norm, lost, angle = (MonteCarlo(float(v), float(e * s.standard_error)) for v, e in zip(centre, slopes, strict=True))
    return SignEquilibrium(norm, lost, angle, s, dim * moving)
