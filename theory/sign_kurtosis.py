"""How kurtosis and sparsity move the sign family, in closed form where there is one.

Three regimes. *Small weights*: every gradient is a small part of the filter (Signum with beta near 1);
only the excess kurtosis kappa is seen, to first order. *Long buffer*: Lion's buffer is Gaussian, its
direct share of the fresh gradient is not; the law of the gradient enters. *Rare events*: the sign is that
of the last gradient that was not zero.
"""

from __future__ import annotations

from sympy import Expr, Symbol, asin, cancel, pi, sqrt

from theory.derivation import recorded
from theory.forms import positive_factors
from theory.gaussian_filter import GaussianFilter
from theory.symbols import beta2, contraction, correlation, density, lag

variances = Symbol("v_1", positive=True), Symbol("v_2", positive=True)
covariance = Symbol("v_12", real=True)


@recorded
def sign_covariance() -> Expr:
    """E[sign X sign Y] = (2/pi) arcsin(v_12 / sqrt(v_1 v_2)) of jointly normal X, Y."""
    return 2 / pi * asin(covariance / sqrt(variances[0] * variances[1]))


@recorded
def joint_fourths(filter_: GaussianFilter, k: Expr = lag) -> tuple[Expr, ...]:
    """Sum over common gradients of h_j^4, h_j^3 h_{j+k}, h_j^2 h_{j+k}^2, h_j h_{j+k}^3, over the variance squared."""
    kick, pole = filter_.readout * filter_.gain, filter_.pole

    def common(power: int) -> Expr:
        later = kick * pole ** (k - 1)
        return filter_.feedthrough ** (4 - power) * later**power + kick**4 * pole ** (power * k) / (1 - pole**4)

    own = filter_.feedthrough**4 + kick**4 / (1 - pole**4)
    return tuple(e / filter_.variance**2 for e in (own, common(1), common(2), common(3)))


@recorded
def curvature_form(fourths: tuple[Expr, ...], rho: Expr) -> Expr:
    """d R / d kappa at kappa = 0: half the second derivative of the sign covariance along the spread of the scales.

    v_1, v_2 and v_12 fluctuate with sigma^2, whose variance is kappa/3.
    """
    law = sign_covariance()
    v1, v2 = variances
    spread = {
        (v1, v1): fourths[0], (v2, v2): fourths[0], (covariance, covariance): fourths[2],
        (v1, v2): 2 * fourths[2], (v1, covariance): 2 * fourths[1], (v2, covariance): 2 * fourths[3],
    }  # fmt: skip
    at = {v1: 1, v2: 1, covariance: correlation}
    total = sum(law.diff(x, y).subs(at) * weight for (x, y), weight in spread.items()) / 6
    return total.subs(correlation, rho)


@recorded
def kurtosis_slope(filter_: GaussianFilter, k: Expr = lag) -> Expr:
    """d R_k / d kappa at kappa = 0 of the filter's sign, for gradients of random scale."""
    return curvature_form(joint_fourths(filter_, k), filter_.first_correlation * filter_.pole ** (k - 1))


@recorded
def signum_kurtosis_slope() -> Expr:
    """Signum's: eps rho / (6 pi sqrt(1 - rho^2)), rho = beta^k, eps = (1 - beta^2)/(1 + beta^2).

    Returned as a function of ``correlation`` (rho) and beta2, the momentum.
    """
    share = cancel((1 - beta2) ** 4 / (1 - beta2**4) / ((1 - beta2) ** 2 / (1 - beta2**2)) ** 2)
    fourths = tuple(share * correlation**n for n in range(4))
    slope = curvature_form(fourths, correlation) * sqrt(1 - correlation**2)
    return positive_factors(slope) / sqrt(1 - correlation**2)


@recorded
def rare_memory() -> Expr:
    """S of R_k = (1 - s)^k: the sign keeps its value until the next gradient that is not zero."""
    return (1 - density) / (1 - contraction * (1 - density))


@recorded
def rare_loss(filter_: GaussianFilter) -> Expr:
    """Bound on 1 - S/S_0 over max(1, h_1/(h_0 beta2)): a gradient may change c_t's sign and not that of m_{t+1}."""
    return 4 / pi * density**2 * filter_.pole / (1 - filter_.pole)


@recorded
def rare_excess(filter_: GaussianFilter) -> Expr:
    """Bound on S / S_0 - 1 over max(1, h_1/(h_0 beta2)), S_0 = ``rare_memory``: of order (s/(1 - beta2))^2."""
    pole = filter_.pole
    return density**2 * pole / ((1 - density) * (1 - pole) * (1 - contraction * pole))


@recorded
def long_buffer_correlation(filter_: GaussianFilter, k: Expr = lag) -> Expr:
    """R_k of the sign for sparse gradients with a long buffer, kappa (1 - beta2) -> 0.

    The buffer's variance stands at its mean given the gradients at the two ends of the lag, each of which is
    there with probability s. Exact at s = 1.
    """
    ends = ((0, 1 - density), (1 / density, density))
    return sum(
        before * after * 2 / pi * asin(end_correlation(filter_, k, scale, later))
        for scale, before in ends
        for later, after in ends
    )


@recorded
def end_correlation(filter_: GaussianFilter, k: Expr, scale: Expr, later: Expr) -> Expr:
    """Correlation over k steps for sigma^2 = ``scale`` at the start and ``later`` at the end, 1 on average between."""
    pole, gain, readout, direct = filter_.pole, filter_.gain, filter_.readout, filter_.feedthrough
    stored = gain**2 / (1 - pole**2)
    kept = pole ** (k - 1)
    first = readout**2 * stored + direct**2 * scale
    last = readout**2 * (stored + (kept * gain) ** 2 * (scale - 1)) + direct**2 * later
    joint = readout * kept * (readout * pole * stored + direct * gain * scale)
    return joint / sqrt(first * last)
