"""Measuring the motion: torch simulators, gradient laws, estimators. Knows nothing of the theory."""

from numerics.gradients import LAWS
from numerics.noise import Correlated, Independent, simulate_noise
from numerics.simulation import (
    BadSimulation,
    Simulation,
    Start,
    check_run,
    device_of,
    random_weights,
    simulate,
    update_for,
)
from numerics.updates import UPDATES

__all__ = [
    "LAWS",
    "UPDATES",
    "BadSimulation",
    "Correlated",
    "Independent",
    "Simulation",
    "Start",
    "check_run",
    "device_of",
    "random_weights",
    "simulate",
    "simulate_noise",
    "update_for",
]
