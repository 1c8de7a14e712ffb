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
        return (self.measured.value - self.predicted) / math.hypot(self.measured.standard_error, self.rounding)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of Student's t with replicas - 1 degrees of freedom."""
        freedom = self.measured.replicas - 1
        return float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + self.deviations**2), regularized=True))


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

    def report(self) -> str:
        """What was predicted, measured and how far they lie apart."""
        at = ", ".join(f"{k}={v}" for k, v in {**self.hyperparameters, **self.conditions}.items())
        lines = [f"{self.claim} by {self.design} at {at}: p = {self.p_value:.2g}"]
        lines += [
            f"  {s.name}: predicted {s.predicted:.10g}, measured {s.measured.value:.10g} "
            f"+- {math.hypot(s.measured.standard_error, s.rounding):.2g} ({s.deviations:+.1f} errors)"
            for s in self.statistics
        ]
        return "\n".join(lines)
