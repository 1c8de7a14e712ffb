"""The sign of a linear filter of white Gaussian noise: autocovariance, arcsine law, geometric mixture.

Arcsine law: jointly normal c_t, c_s with correlation rho have E[sign c_t sign c_s] = (2/pi) arcsin rho.
Source: keys ``grimmett2020`` and, for the use in optimizers, ``kosson2024rotational``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sympy import Expr, Integer, Symbol, asin, binomial, factor, pi, powsimp

from theory.autocorrelation import Autocorrelation
from theory.derivation import derived, recorded
from theory.forms import positive_factors
from theory.series import WeightedSeries
from theory.symbols import correlation, index, lag
from theory.update_rule import NotLinear, read_off


@dataclass(frozen=True)
class GaussianFilter:
    """c = H m + D g, m' = F m + E g with white standard normal g and a scalar buffer m."""

    pole: Expr
    gain: Expr
    readout: Expr
    feedthrough: Expr

    @classmethod
    def from_step(cls, step: Callable[..., Sequence[Expr]]) -> GaussianFilter:
        """A filter from its code, ``step(m, g) -> (m', c)``."""
        buffer, output = Symbol("s_m"), Symbol("c")
        # c is read off as a second state that the step overwrites.
        transition, drive = read_off(lambda m, c, g: step(m, g), ("m", "c"))
        if transition[0, 1] != 0 or transition[1, 1] != 0:
            raise NotLinear(f"the filter's output {output} may not feed back into {buffer}")
        return cls(transition[0, 0], drive[0], transition[1, 0], drive[1])

    @derived
    def variance(self) -> Expr:
        """E c^2 = D^2 + H^2 P with P = F^2 P + E^2."""
        stored = self.gain**2 / (1 - self.pole**2)
        return positive_factors(self.feedthrough**2 + self.readout**2 * stored)

    @recorded
    def autocovariance(self, k: Expr = lag) -> Expr:
        """E c_t c_{t+k} = H F^(k-1) (F P H + E D) for k >= 1."""
        stored = self.gain**2 / (1 - self.pole**2)
        first = self.readout * (self.pole * stored * self.readout + self.gain * self.feedthrough)
        return factor(first) * self.pole ** (k - 1)

    @derived
    def first_correlation(self) -> Expr:
        """rho_1 = E c_t c_{t+1} / E c^2; rho_k = rho_1 F^(k-1)."""
        return positive_factors(self.autocovariance(Integer(1)) / self.variance)

    @recorded
    def sign_autocorrelation_at(self, k: Expr = lag) -> Expr:
        """R_k = (2/pi) arcsin(rho_1 F^(k-1)) of the filter's sign, k >= 1."""
        return 2 / pi * asin(self.first_correlation * self.pole ** (k - 1))

    @recorded
    def sign_autocorrelation(self) -> Autocorrelation:
        """R_k as a geometric mixture: the Taylor series of arcsin, one power of rho_k a term.

        weight(n) = (2/pi) C(2n,n) 4^-n rho_1^(2n+1) / (2n+1), mode(n) = F^(2n+1); the weights' ratio
        rho_1^2 (2n+1)^2 / ((2n+2)(2n+3)) stays below rho_1^2, which bounds the tail.
        """
        rho, power = self.first_correlation, 2 * index + 1
        weight = 2 / pi * arcsin_coefficient(index) * rho**power
        mode = powsimp(self.pole**power)
        series = WeightedSeries(weight, mode, rho**2, mode)
        return Autocorrelation(series=series, source_modes=(self.pole,), abbreviations=((correlation, rho),))


def arcsin_coefficient(n: Expr) -> Expr:
    """Coefficient of x^(2n+1) in arcsin x."""
    return binomial(2 * n, n) / (Integer(4) ** n * (2 * n + 1))
