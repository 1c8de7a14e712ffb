"""The tensors of a model as a monitor sees them: rows in groups, small tensors end to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._utils import _flatten_dense_tensors
from torch.optim import Optimizer

from numerics.monitor.errors import BadMonitor

TOGETHER = 1 << 18
"""Entries of small tensors that are handled as one."""


@dataclass(frozen=True)
class Tracked:
    """A parameter that the optimizer moves, as ``rows`` groups of consecutive entries; a group is a ``unit``."""

    name: str
    parameter: nn.Parameter
    group: int
    rows: int
    unit: str

    @property
    def columns(self) -> int:
        """Entries of a row."""
        return self.parameter.numel() // self.rows


def tracked(
    model: nn.Module, optimizer: Optimizer, groups: Mapping[str, Any]
) -> tuple[list[Tracked], dict[str, nn.Parameter]]:
    """The optimizer's parameters by their names in the model, in its order, and the model's others, which are frozen.

    ``groups`` gives for a name the number of groups of rows, or what has ``groups`` and ``unit``. Else a matrix or a
    kernel has one for each entry of its first axis, a neuron, and a vector is one. Raises BadMonitor for a name that
    is not there, and a number that does not divide the first axis.
    """
    if not isinstance(model, nn.Module):
        raise BadMonitor(f"{type(model).__name__} is no torch.nn.Module")
    names: dict[int, str] = {}
    for name, parameter in model.named_parameters():
        names.setdefault(id(parameter), name)
    owner: dict[int, int] = {}
    moved: dict[str, nn.Parameter] = {}
    for number, group in enumerate(optimizer.param_groups):
        for place, parameter in enumerate(group["params"]):
            owner[id(parameter)] = number
            if parameter.requires_grad and parameter.numel():
                moved[names.get(id(parameter), f"param_groups[{number}][{place}]")] = parameter
    order = {name: place for place, name in enumerate(names.values())}
    found = [
        Tracked(name, parameter, owner[id(parameter)], *_rows(name, parameter, groups.get(name)))
        for name, parameter in sorted(moved.items(), key=lambda item: order.get(item[0], len(order)))
    ]
    if not found:
        raise BadMonitor("the optimizer moves no tensor that can be recorded")
    if not any(name in order for name in moved):
        raise BadMonitor("the optimizer moves none of the model's parameters")
    for name in groups:
        if name not in order:
            raise BadMonitor(f"groups: the model has no parameter {name}")
    return found, {name: parameter for name, parameter in model.named_parameters() if name not in moved}


def _rows(name: str, parameter: nn.Parameter, told: Any) -> tuple[int, str]:
    if told is None:
        return (parameter.shape[0], "neuron") if parameter.dim() > 1 else (1, "tensor")
    rows = int(getattr(told, "groups", told))
    if rows < 1 or (parameter.shape or (1,))[0] % rows:
        raise BadMonitor(f"groups: {rows} does not divide the first axis of {name}, {list(parameter.shape)}")
    return rows, str(getattr(told, "unit", "neuron" if rows == parameter.shape[0] else "group"))


class Bucket:
    """Tensors on one device and of one dtype end to end in one flat tensor; ``places`` are their numbers among all.

    ``ends`` [R + 1] is where their rows begin, and the end; ``columns`` the rows' length where all have one.
    """

    def __init__(self, places: list[int], tensors: list[Tracked]) -> None:
        self.places, self.tensors = places, tensors
        first = tensors[0].parameter
        self.dtype = first.dtype if first.dtype in (torch.float32, torch.float64) else torch.float32
        self.device = first.device
        self.sizes = [t.parameter.numel() for t in tensors]
        lengths = np.repeat([t.columns for t in tensors], [t.rows for t in tensors])
        self.columns = int(lengths[0]) if np.ptp(lengths) == 0 else None
        self.ends = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)])).to(self.device)

    def gather(self, values: Iterable[Tensor]) -> Tensor:
        """A copy of the tensors given, flat, end to end and in at least single precision."""
        parts = list(values)
        with torch.no_grad():
            whole = _flatten_dense_tensors(parts)
            # What is flat already comes back as it is; and even a conversion to the same dtype takes its time.
            return whole if len(parts) > 1 and whole.dtype == self.dtype else whole.to(self.dtype, copy=True)

    @property
    def weights(self) -> Tensor:
        """A copy of the weights now."""
        return self.gather(t.parameter for t in self.tensors)

    def gradients(self, scale: Tensor | None) -> tuple[Tensor, list[bool]]:
        """A copy of the gradients now, over the scale of mixed precision; zero and False where there is none."""
        dense, present = self._gradients()
        return _unscaled(self.gather(dense), scale), present

    def both(self, scale: Tensor | None) -> tuple[Tensor, Tensor, list[bool]]:
        """The weights and the gradients, copied at once."""
        dense, present = self._gradients()
        whole = self.gather([*(t.parameter for t in self.tensors), *dense])
        entries = len(whole) // 2
        return whole[:entries], _unscaled(whole[entries:], scale), present

    def _gradients(self) -> tuple[list[Tensor], list[bool]]:
        found = [t.parameter.grad for t in self.tensors]
        dense = [
            torch.zeros_like(t.parameter) if g is None else (g.to_dense() if g.is_sparse else g)
            for g, t in zip(found, self.tensors, strict=True)
        ]
        return dense, [g is not None for g in found]


def _unscaled(gradients: Tensor, scale: Tensor | None) -> Tensor:
    return gradients if scale is None else gradients / scale.to(gradients.device)


def buckets(tensors: list[Tracked], apart: Sequence[bool]) -> list[Bucket]:
    """All tensors in buckets of up to TOGETHER entries; those ``apart`` have one of their own."""
    found: dict[Any, list[list[int]]] = {}
    for place, one in enumerate(tensors):
        p = one.parameter
        lists = found.setdefault((p.device, p.dtype, place if apart[place] else None), [])
        size = sum(tensors[i].parameter.numel() for i in lists[-1]) if lists else TOGETHER
        if size + p.numel() > TOGETHER:
            lists.append([])
        lists[-1].append(place)
    return [Bucket(places, [tensors[i] for i in places]) for lists in found.values() for places in lists]
