"""The optimizers, one file a family, and their registry by name."""

from theory.optimizers.adam import ADAM_L2, ADAMW, NADAM_L2, NADAMW, RMSPROP, RMSPROPW
from theory.optimizers.adam_beta2 import ADAMW_BETA2, NADAMW_BETA2, RMSPROPW_BETA2
from theory.optimizers.lion import LION
from theory.optimizers.nesterov import NESTEROV, NESTEROVW
from theory.optimizers.normalised import NGD
from theory.optimizers.sgd import SGD
from theory.optimizers.sgdm import SGDM, SGDW
from theory.optimizers.sign import SIGNSGD, SIGNUM
from theory.optimizers.trust import LAMB, LARS
from theory.update_rule import UpdateRule

OPTIMIZERS: dict[str, UpdateRule] = {
    rule.name: rule
    for rule in (
        SGD, SGDM, SGDW, NESTEROV, NESTEROVW, NGD, ADAMW, NADAMW, RMSPROPW, ADAM_L2, NADAM_L2, RMSPROP,
        ADAMW_BETA2, NADAMW_BETA2, RMSPROPW_BETA2,
        LION, SIGNSGD, SIGNUM, LARS, LAMB,
    )
}  # fmt: skip
"""Every rule by the name that the command line takes."""
