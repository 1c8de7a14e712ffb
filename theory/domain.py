"""Hyper-parameters with their ranges, and the one sentence that a value outside them earns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real


class OutOfDomain(ValueError):
    """A hyper-parameter has no meaning at this value; the message names it, the value and the range."""


class NoEquilibrium(OutOfDomain):
    """The hyper-parameters are meaningful but no attracting equilibrium exists; the message says why."""


def shown(value: object) -> str:
    """A value as a message names it: six digits of a number, anything else as it is."""
    return f"{value:g}" if _is_number(value) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class Parameter:
    """One hyper-parameter: its name in code, its range and its default (None: required, or optional)."""

    name: str
    low: float
    high: float
    low_included: bool
    default: float | None
    meaning: str
    whole: bool = False
    optional: bool = False
    absent: float | None = None
    """The number that an optional parameter stands for when it is not given."""

    @property
    def range(self) -> str:
        """The range in interval notation, e.g. ``[0, 1)``."""
        left = "[" if self.low_included else "("
        high = "inf" if math.isinf(self.high) else f"{self.high:g}"
        return f"{left}{self.low:g}, {high})" + (", whole" if self.whole else "")

    def check(self, value: float) -> float:
        """The value, or OutOfDomain."""
        if not _is_number(value):
            raise OutOfDomain(f"{self.name} = {value} is not a number")
        above = value >= self.low if self.low_included else value > self.low
        if not (math.isfinite(value) and above and value < self.high and (not self.whole or value == int(value))):
            raise OutOfDomain(f"{self.name} = {value:g} is outside its range {self.range}")
        return float(value)


LEARNING_RATE = Parameter("lr", 0, math.inf, False, None, "learning rate")
WEIGHT_DECAY = Parameter("wd", 0, math.inf, False, None, "weight decay coefficient")
MOMENTUM = Parameter("momentum", 0, 1, True, 0.9, "heavy-ball momentum")
DAMPENING = Parameter("dampening", 0, 1, True, 0.0, "dampening of the gradient")
BETA1 = Parameter("beta1", 0, 1, True, 0.9, "first EMA coefficient")
SECOND_BETA2 = Parameter("beta2", 0, 1, True, 0.999, "EMA coefficient of the squared gradient")
LION_BETA2 = Parameter("beta2", 0, 1, True, 0.99, "EMA coefficient of the momentum")
DIM = Parameter("dim", 1, math.inf, True, 1, "number of coordinates", whole=True)
GRAD_NORM = Parameter("grad_norm", 0, math.inf, False, 1.0, "RMS unit-gradient norm")
KURTOSIS = Parameter("kurtosis", 1, math.inf, True, 3.0, "kurtosis of the gradient's coordinates")
TRUST = Parameter("trust", 0, math.inf, False, 1e-3, "trust coefficient")
AT_STEP = Parameter(
    "at_step", 1, math.inf, True, None, "number of the step (none: the limit)", whole=True, optional=True, absent=1e300
)
MOMENTUM_DECAY = Parameter("momentum_decay", 0, math.inf, True, 4e-3, "exponent of NAdam's momentum schedule")
