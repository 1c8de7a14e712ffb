"""Optimizer updates on tensors, written from the algorithms: one step of each rule on any batch of weights.

Each is a frozen dataclass of hyper-parameters with ``start(w)`` for a fresh state and
``step(w, gradient, state)`` for the next weights and state. Conventions are those of torch.optim.
"""

from numerics.updates.adam import Adam, AdamTensor, AdamW, AdamWTensor, NAdam, NAdamW, RMSprop, RMSpropW
from numerics.updates.sgd import SGD, SGDM, SGDW, Nesterov, NesterovW
from numerics.updates.sign import Lion, SignSGD, Signum
from numerics.updates.trust import LAMB, LARS, NGD
from numerics.updates.update import Rule, Start, State, Update

__all__ = [
    "LAMB",
    "LARS",
    "NGD",
    "SGD",
    "SGDM",
    "SGDW",
    "UPDATES",
    "Adam",
    "AdamTensor",
    "AdamW",
    "AdamWTensor",
    "Lion",
    "NAdam",
    "NAdamW",
    "Nesterov",
    "NesterovW",
    "RMSprop",
    "RMSpropW",
    "SignSGD",
    "Signum",
    "Start",
    "State",
    "Update",
]

UPDATES: dict[str, type[Rule]] = {
    "sgd": SGD,
    "sgdm": SGDM,
    "adamw": AdamW,
    "lion": Lion,
    "sgdw": SGDW,
    "nesterov": Nesterov,
    "nesterovw": NesterovW,
    "rmsprop": RMSprop,
    "rmspropw": RMSpropW,
    "adam_l2": Adam,
    "adam_l2_tensor": AdamTensor,
    "adamw_tensor": AdamWTensor,
    "nadam_l2": NAdam,
    "nadamw": NAdamW,
    "signsgd": SignSGD,
    "signum": Signum,
    "ngd": NGD,
    "lars": LARS,
    "lamb": LAMB,
}
"""The updates by the optimizer's name."""
