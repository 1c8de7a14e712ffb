"""Averages over independent replicas with their errors, and the autocorrelation time of a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
LEAST_AUTOCORRELATION_TIMES = 50
WINDOW = 5.0
AGREEMENT = 1e-12


class ShortChain(ValueError):
    """The chain is too short for its own autocorrelation time to be known."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error over ``replicas`` independent replicas."""

    value: float
    standard_error: float
    replicas: int

    def deviations(self, expected: float) -> float:
        """(value - expected) / standard error; infinite where the error is zero and they differ."""
        difference = self.value - expected
        if self.standard_error == 0:
            return 0.0 if difference == 0 else float(np.copysign(np.inf, difference))
        return difference / self.standard_error


def jackknife(samples: Array, statistic: Callable[[Array], Array]) -> Estimate:
    """A smooth function of replica means, bias-corrected, with the jackknife's standard error.

    ``samples`` is [replicas] or [replicas, k]; ``statistic`` maps means [..., k] to numbers [...].
    """
    columns = samples.reshape(len(samples), -1).astype(float)
    count = len(columns)
    if count < 2:
        raise ShortChain("a standard error needs at least two replicas")
    mean = columns.mean(axis=0)
    whole = statistic(mean)
    shifts = statistic(mean + (mean - columns) / (count - 1)) - whole
    error = np.sqrt((count - 1) * np.mean((shifts - shifts.mean()) ** 2))
    # Replicas that agree to rounding have no bias to correct; multiplied by their number it would be noise.
    bias = (count - 1) * shifts.mean() if error > AGREEMENT * abs(whole) else 0.0
    return Estimate(float(whole - bias), float(error), count)


def autocorrelation_time(chain: Array) -> float:
    """Integrated autocorrelation time tau = 1 + 2 sum rho_k of [steps] or [replicas, steps], in steps.

    The sum stops at the first window of WINDOW times tau (Sokal), but not below WINDOW steps. Raises
    ShortChain when a chain holds fewer than LEAST_AUTOCORRELATION_TIMES times tau, where the estimate
    cannot be trusted.
    """
    chains = np.atleast_2d(chain).astype(float)
    steps = chains.shape[1]
    centred = chains - chains.mean(axis=1, keepdims=True)
    size = 1 << (2 * steps - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = np.fft.irfft(spectrum * np.conj(spectrum), size, axis=1)[:, :steps].mean(axis=0)
    if covariance[0] == 0:
        raise ShortChain("a constant chain has no autocorrelation time")
    taus = 2 * np.cumsum(covariance / covariance[0]) - 1
    inside = np.flatnonzero(np.arange(steps) >= WINDOW * np.maximum(taus, 1.0))
    tau = float(taus[inside[0]] if inside.size else taus[-1])
    _refuse_short(steps, tau, bool(inside.size))
    return tau


def _refuse_short(steps: int, tau: float, settled: bool) -> None:
    if steps < LEAST_AUTOCORRELATION_TIMES * tau or not settled:
        raise ShortChain(
            f"a chain of {steps} steps holds fewer than {LEAST_AUTOCORRELATION_TIMES} times "
            f"its autocorrelation time {tau:.0f}"
        )


def block_autocorrelation_time(counts: Array, variances: Array) -> float:
    """Integrated autocorrelation time, in steps, from the variances of sums over blocks of 2^level steps [levels].

    ``counts`` [levels] says how many blocks each level has; level 0 are the steps themselves. With T_B the variance of
    a block's mean times its length B, tau = (2 T_{2B} - T_B) / T_1: the sum of correlations with weight 1 up to lag B
    that falls linearly to 0 at 2B (a flat-top window, Politis and Romano 1995). As in ``autocorrelation_time`` 2B is
    the first that reaches WINDOW times tau, here the largest so far, and ShortChain is raised under the same condition.
    """
    steps, lengths = int(counts[0]), 2.0 ** np.arange(len(counts))
    if not np.isfinite(variances[0]):
        raise ShortChain("a chain that is not finite has no autocorrelation time")
    if variances[0] == 0:
        raise ShortChain("a constant chain has no autocorrelation time")
    scaled = variances / lengths / variances[0]
    taus = (2 * scaled[1:] - scaled[:-1])[counts[1:] > 1]
    largest = np.maximum.accumulate(np.maximum(taus, 1.0))
    inside = np.flatnonzero(lengths[1 : len(taus) + 1] >= WINDOW * largest)
    tau = float(taus[inside[0]]) if inside.size else float(np.max(largest, initial=1.0))
    _refuse_short(steps, tau, bool(inside.size))
    return tau


def chain_estimate(chain: Array) -> Estimate:
    """Mean of one stationary chain [steps], its error widened by the autocorrelation time."""
    tau = autocorrelation_time(chain)
    return Estimate(float(np.mean(chain)), float(np.std(chain) * np.sqrt(tau / len(chain))), 1)
