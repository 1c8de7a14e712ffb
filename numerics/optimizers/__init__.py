"""Optimizers for real networks, by torch.optim's conventions: those of the theory by name, and controlled ones."""

from numerics.optimizers.adam import AdamC, AdamW, RMSpropW
from numerics.optimizers.base import Base
from numerics.optimizers.building import NAMES, build
from numerics.optimizers.muon import Muon
from numerics.optimizers.options import BadOptimizer
from numerics.optimizers.sgd import NGD, SGDW
from numerics.optimizers.sign import Lion, SignSGD, Signum
from numerics.optimizers.trust import LAMB, LARS

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
    "Muon",
    "RMSpropW",
    "SignSGD",
    "Signum",
    "build",
]
