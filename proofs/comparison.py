"""The statistics of a confrontation: t tests over replicas with a stated probability of a false alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist

import mpmath

from numerics.statistics import Estimate

FALSE_ALARM = 1e-11
"""Probability that one confrontation fails although all is right.

By Student's t, so for means that are Gaussian as far out as this. Means of skew samples are so only nearly, and
how nearly that far out is not known: calibration shows it down to 1e-3.
"""
POWER = 0.99
"""Probability with which an error counts as one that is seen."""
ROUNDING = 64 * 2.0**-52
"""What rounding may add to an error bar, relative to the terms summed."""

Hyperparameters = Mapping[str, float | None]


@dataclass(frozen=True)
class Statistic:
    """One comparison: what was predicted, what replicas gave, and how much rounding may add.

    It speaks of a ``quantity`` (norm, angle, rate), and moves by ``per_unit`` for each unit of relative error in
    what is claimed of it; without one the prediction is itself the quantity.
    """

    name: str
    predicted: float
    measured: Estimate
    rounding: float
    quantity: str = ""
    per_unit: float | None = None

    @property
    def deviations(self) -> float:
        """(measured - predicted) over the error bar."""
        return (self.measured.value - self.predicted) / self.error

    @property
    def error(self) -> float:
        """The error bar: the standard error, widened by what rounding may add."""
        return math.hypot(self.measured.standard_error, self.rounding)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of Student's t with replicas - 1 degrees of freedom."""
        return _two_sided(self.deviations, self.measured.replicas - 1)

    def least_seen(self, false_alarm: float) -> float:
        """The least difference from the prediction that is rejected at a probability of a false alarm."""
        return critical(false_alarm, self.measured.replicas - 1) * self.error

    def resolves(self, false_alarm: float, power: float = POWER) -> float:
        """The least relative error of the quantity that is rejected with this probability; infinite if none is.

        The quantile of the noncentral t law in its normal approximation: for critical value c and f degrees of
        freedom, c (1 - 1/(4f)) + z sqrt(1 + c^2/(2f)) standard errors.
        """
        freedom = self.measured.replicas - 1
        c, z = critical(false_alarm, freedom), NormalDist().inv_cdf(power)
        deviations = c * (1 - 1 / (4 * freedom)) + z * math.sqrt(1 + c**2 / (2 * freedom))
        unit = abs(self.predicted if self.per_unit is None else self.per_unit)
        return deviations * self.error / unit if unit else math.inf


@dataclass(frozen=True)
class Confrontation:
    """The comparisons of one design at one point of the domain."""

    claim: str
    design: str
    hyperparameters: Hyperparameters
    conditions: Mapping[str, object]
    statistics: tuple[Statistic, ...]
    false_alarm: float = FALSE_ALARM
    command: str = ""
    """What repeats it."""

    @property
    def p_value(self) -> float:
        """Smallest p-value times the number of comparisons."""
        return min(1.0, len(self.statistics) * min(s.p_value for s in self.statistics))

    @property
    def is_rejected(self) -> bool:
        """Whether the p-value lies below ``false_alarm``: of mutants and power maps, where no test hangs on it."""
        return self.p_value < self.false_alarm

    @property
    def agrees(self) -> bool:
        """Whether theory survives; wrong with probability ``false_alarm`` although all is right."""
        return not self.is_rejected

    def least_seen(self, statistic: Statistic) -> float:
        """The least difference of one of the comparisons from its prediction that would have been rejected."""
        return statistic.least_seen(self.false_alarm / len(self.statistics))

    def resolves(self, quantity: str, power: float = POWER) -> float:
        """The least relative error of a quantity that one of the comparisons rejects with this probability."""
        alone = self.false_alarm / len(self.statistics)
        return min((s.resolves(alone, power) for s in self.statistics if s.quantity == quantity), default=math.inf)

    @property
    def resolution(self) -> dict[str, float]:
        """What it resolves of each quantity that its comparisons speak of."""
        return {
            quantity: self.resolves(quantity)
            for quantity in dict.fromkeys(s.quantity for s in self.statistics if s.quantity)
        }

    def with_error(self, quantity: str, error: float) -> Confrontation:
        """The same measurement beside a prediction whose ``quantity`` is larger by a relative ``error``."""
        shifted = (
            replace(s, predicted=s.predicted + error * (s.predicted if s.per_unit is None else s.per_unit))
            if s.quantity == quantity
            else s
            for s in self.statistics
        )
        return replace(self, statistics=tuple(shifted))

    @property
    def missed(self) -> float:
        """The probability that another run would agree, if the truth is as far from the prediction as measured."""
        margins = (abs(s.measured.value - s.predicted) - self.least_seen(s) for s in self.statistics)
        margin = max(m / s.error for m, s in zip(margins, self.statistics, strict=True))
        return NormalDist().cdf(-margin) if math.isfinite(margin) else 0.0

    def report(self) -> str:
        """What was predicted, measured and how far they lie apart."""
        at = ", ".join(f"{k}={v}" for k, v in {**self.hyperparameters, **self.conditions}.items())
        lines = [f"{self.claim} by {self.design} at {at}: p = {self.p_value:.2g}"]
        lines += [
            f"  {s.name}: predicted {s.predicted:.10g}, measured {s.measured.value:.10g} "
            f"+- {s.error:.2g} ({s.deviations:+.1f} errors)"
            for s in self.statistics
        ]
        if self.command:
            lines.append(f"  again: {self.command}")
        return "\n".join(lines)


@cache
def critical(false_alarm: float, freedom: int) -> float:
    """The deviation that Student's t with this many degrees of freedom exceeds with this probability, to 1e-3."""
    low, high = 0.0, 1.0
    while _two_sided(high, freedom) > false_alarm:
        high *= 2
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _two_sided(middle, freedom) > false_alarm else (low, middle)
    return high


def _two_sided(deviations: float, freedom: int) -> float:
    if not math.isfinite(deviations):
        return 0.0
    return float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + deviations**2), regularized=True))
