from .arguments import check_run, device_of, update_for
from .errors import BadSimulation
from .geometry import random_weights
from .gradients import LAWS, GradientLaw
from .result import Result
from .simulation import simulate
from .updates import UPDATES, Start

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
