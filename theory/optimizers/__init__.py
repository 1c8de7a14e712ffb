"""The optimizers, one file each, and their registry by name."""

from theory.optimizers.adamw import ADAMW
from theory.optimizers.lion import LION
from theory.optimizers.sgd import SGD
from theory.optimizers.sgdm import SGDM
from theory.update_rule import UpdateRule

OPTIMIZERS: dict[str, UpdateRule] = {rule.name: rule for rule in (SGD, SGDM, ADAMW, LION)}
"""Every rule by the name that the command line takes."""

__all__ = ["ADAMW", "LION", "OPTIMIZERS", "SGD", "SGDM"]
