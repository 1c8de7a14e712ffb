"""The statistics of a confrontation: t tests over replicas with a stated probability of a false alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import mpmath

from numerics.statistics import Estimate

FALSE_ALARM = 1e-9
"""Probability that one confrontation fails although all is right."""
ROUNDING = 64 * 2.0**-52
"""What rounding may add to an error bar, relative to the terms summed."""

Hyperparameters = Mapping[str, float | None]


@dataclass(frozen=True)
class Statistic:
    """One comparison: what was predicted, what replicas gave, and how much rounding may add."""

    name: str
    predicted: float
    measured: Estimate
    rounding: float

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
        freedom = self.measured.replicas - 1
        low, high = 0.0, 1.0
        while _two_sided(high, freedom) > false_alarm:
            high *= 2
        while high - low > 1e-3 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if _two_sided(middle, freedom) > false_alarm else (low, middle)
        return high * self.error


@dataclass(frozen=True)
class Confrontation:
    """The comparisons of one design at one point of the domain."""

    claim: str
    design: str
    hyperparameters: Hyperparameters
    conditions: Mapping[str, object]
    statistics: tuple[Statistic, ...]
    false_alarm: float = FALSE_ALARM

    @property
    def p_value(self) -> float:
        """Smallest p-value times the number of comparisons."""
        return min(1.0, len(self.statistics) * min(s.p_value for s in self.statistics))

    @property
    def agrees(self) -> bool:
        """Whether theory survives; wrong with probability ``false_alarm`` although all is right."""
        return self.p_value >= self.false_alarm

    def least_seen(self, statistic: Statistic) -> float:
        """The least difference of one of the comparisons from its prediction that would have been rejected."""
        return statistic.least_seen(self.false_alarm / len(self.statistics))

    def report(self) -> str:
        """What was predicted, measured and how far they lie apart."""
        at = ", ".join(f"{k}={v}" for k, v in {**self.hyperparameters, **self.conditions}.items())
        lines = [f"{self.claim} by {self.design} at {at}: p = {self.p_value:.2g}"]
        lines += [
            f"  {s.name}: predicted {s.predicted:.10g}, measured {s.measured.value:.10g} "
            f"+- {s.error:.2g} ({s.deviations:+.1f} errors)"
            for s in self.statistics
        ]
        return "\n".join(lines)


def _two_sided(deviations: float, freedom: int) -> float:
    if not math.isfinite(deviations):
        return 0.0
    return float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + deviations**2), regularized=True))
