"""Norms rescaled when the learning rate drops, so that the new equilibrium is entered at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.base import Base
from numerics.optimizers.options import BadOptimizer, in_range
from numerics.optimizers.sgd import NGD, SGDW
from numerics.optimizers.trust import LAMB, LARS

QUARTER: tuple[type[Optimizer], ...] = (torch.optim.SGD, SGDW)
"""The gradient goes as 1/|w|, the decay as |w|."""
THIRD: tuple[type[Optimizer], ...] = (torch.optim.Adam, torch.optim.NAdam, torch.optim.RMSprop)
"""With coupled decay, which is divided by the gradient's size."""
HALF: tuple[type[Optimizer], ...] = (torch.optim.AdamW, torch.optim.Muon, Base, NGD, LARS)
"""An update whose size does not depend on |w|; of LARS's the decay is in proportion wd |w|^2 to the gradient."""
WATCHED = "rescaled_at"


def exponent_of(optimizer: Optimizer) -> float:
    """p where the equilibrium norm goes as (lr^2/decay)^p, decay the share of w taken off in a step.

    1/4 for SGD (key ``wan2021spherical``), 1/2 for updates of given size, 1/3 for Adam with coupled decay, 1 for LAMB.
    Raises BadOptimizer for a class that is not known.
    """
    cls, group = type(optimizer), optimizer.param_groups[0]
    if issubclass(cls, LAMB):
        return 1.0
    if issubclass(cls, QUARTER):
        return 0.25
    if issubclass(cls, HALF) or group.get("decoupled_weight_decay"):
        return 0.5
    if issubclass(cls, THIRD):
        return 1 / 3
    raise BadOptimizer(f"how the norm goes with lr is not known for {cls.__name__}; give exponent=")


class NormRescaling:
    """Divides scale-invariant weights by k^p before the first step at an lr that dropped by k.

    Key ``wan2021spherical``, where p = 1/4. It watches r = lr^2/decay of each group that holds one of ``parameters``,
    decay the share of w that is taken off in a step: r = lr/wd as a rule. When r falls by a factor k of ``least_drop``
    or more since it was last noted, the weights are divided by k^p, p = ``exponent``; a rise is noted and changes
    nothing. Smaller drops add up. The last note stands in the group as ``rescaled_at``, so a run that is saved and
    loaded goes on the same. Float32 masters are rescaled, too; momentum is left as it is. A group without decay or at
    lr 0 is passed over.

    ``parameters`` are those whose norm the function does not see: see ``numerics.networks.scale_invariant``.
    ``close`` ends it. Raises BadOptimizer for parameters that the optimizer does not have.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        parameters: Iterable[Tensor],
        *,
        exponent: float | None = None,
        least_drop: float = 1.0,
    ) -> None:
        self.optimizer, self.parameters = optimizer, set(parameters)
        known = {p for group in optimizer.param_groups for p in group["params"]}
        if not self.parameters <= known:
            missing = len(self.parameters - known)
            raise BadOptimizer(f"{missing} of the parameters to rescale are not the optimizer's")
        self.exponent = exponent_of(optimizer) if exponent is None else exponent
        self.least_drop = in_range("least_drop", least_drop)
        self.handle = optimizer.register_step_pre_hook(lambda *_: self.watch())
        for group in optimizer.param_groups:
            group.setdefault(WATCHED, self.ratio(group))

    def ratio(self, group: dict[str, Any]) -> float | None:
        """lr^2/decay, None where the equilibrium does not exist."""
        lr = float(group["lr"])
        optimizer = self.optimizer
        decay = optimizer.decay(group) if isinstance(optimizer, Base) else lr * group.get("weight_decay", 0.0)
        return lr * lr / decay if decay else None

    @torch.no_grad()
    def watch(self) -> None:
        """Rescales where lr dropped."""
        for group in self.optimizer.param_groups:
            now, before = self.ratio(group), group.get(WATCHED)
            if now is None:
                continue
            if before is not None and now < before:
                drop = before / now
                if drop < self.least_drop:
                    continue
                for p in self.parameters.intersection(group["params"]):
                    for w in (p, self.optimizer.state.get(p, {}).get("master")):
                        if w is not None:
                            w.div_(drop**self.exponent)
            group[WATCHED] = now

    def close(self) -> None:
        """Watches no more."""
        self.handle.remove()
