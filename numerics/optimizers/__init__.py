"""Optimizers for real networks, by torch.optim's conventions: those of the theory by name, and controlled ones."""

from numerics.optimizers.adam import AdamC, AdamW, RMSpropW
from numerics.optimizers.base import Base
from numerics.optimizers.building import NAMES, build
from numerics.optimizers.conventions import decay_convention
from numerics.optimizers.lion_a import LionA, LionAR
from numerics.optimizers.muon import Muon
from numerics.optimizers.options import BadOptimizer
from numerics.optimizers.projected import ProjectedSGD
from numerics.optimizers.rates import published_rate
from numerics.optimizers.representation import RepresentationCompensated
from numerics.optimizers.rescaling import NormRescaling
from numerics.optimizers.rotational import Rotational
from numerics.optimizers.sgd import NGD, SGDW
from numerics.optimizers.sign import Lion, SignSGD, Signum
from numerics.optimizers.trust import LAMB, LARS
from numerics.optimizers.wrapper import Wrapper

__all__ = [
    "LAMB",
    "LARS",
    "NAMES",
    "NGD",
    "SGDW",
    "AdamC",
    "AdamW",
    "BadOptimizer",
    "Base",
    "Lion",
    "LionA",
    "LionAR",
    "Muon",
    "NormRescaling",
    "ProjectedSGD",
    "RMSpropW",
    "RepresentationCompensated",
    "Rotational",
    "SignSGD",
    "Signum",
    "Wrapper",
    "build",
    "decay_convention",
    "published_rate",
]
