"""Measuring the motion: torch simulators, gradient laws, estimators. Knows nothing of the theory."""

from numerics.arguments import check_run, device_of, update_for
from numerics.errors import BadSimulation
from numerics.geometry import random_weights
from numerics.gradients import LAWS, GradientLaw
from numerics.result import Result
from numerics.simulation import simulate
from numerics.updates import UPDATES, Start

__all__ = [
    "LAWS",
    "UPDATES",
    "BadSimulation",
    "GradientLaw",
    "Result",
    "Start",
    "check_run",
    "device_of",
    "random_weights",
    "simulate",
    "update_for",
]
