"""Learning rate and weight decay of every step, put into an optimizer's param groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from numerics.arguments import schedule_of
from numerics.errors import BadTraining

Array = np.ndarray
OPTION = {"lr": "lr", "wd": "weight_decay"}
"""What the param groups of torch.optim call them."""


class Schedule:
    """``lr`` and ``wd`` of every step [steps], either or both, for the param groups of an optimizer.

    They are those of the first group whose own value, at the start, is not zero; the other groups keep their ratio to
    it, so that one without decay stays without. Where all are zero all get the schedule's. The values at the start are
    kept in the groups as ``initial_lr`` (as torch's schedulers do) and ``initial_weight_decay``.
    """

    def __init__(
        self, groups: list[dict[str, Any]], arrays: Mapping[str, Sequence[float] | Array] | None, steps: int
    ) -> None:
        self.groups, self.arrays = groups, schedule_of(arrays, steps)
        self.shares = {name: self._shares(OPTION[name]) for name in self.arrays}

    def _shares(self, option: str) -> list[float | None]:
        initial = [
            None if option not in group else float(group.get(f"initial_{option}", group[option]))
            for group in self.groups
        ]
        if all(value is None for value in initial):
            raise BadTraining(f"the schedule has {option}, which no param group of the optimizer has")
        for group, value in zip(self.groups, initial, strict=True):
            if value is not None:
                group.setdefault(f"initial_{option}", value)
        first = next((value for value in initial if value), None)
        if first is None:
            return [None if value is None else 1.0 for value in initial]
        return [None if value is None else value / first for value in initial]

    def put(self, step: int) -> None:
        """Put the values of a step into the groups."""
        for name, values in self.arrays.items():
            option = OPTION[name]
            for group, share in zip(self.groups, self.shares[name], strict=True):
                if share is None:
                    continue
                value = float(values[step]) * share
                if isinstance(group[option], Tensor):
                    group[option].fill_(value)
                else:
                    group[option] = value
