"""Weights and state at the end of a run, from tensors to arrays by name and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from numerics.engines.problem import STATE, Array
from numerics.updates import Start, State


def arrays_of(end: Start) -> dict[str, Array]:
    """Weights and state as arrays by name, as files hold them."""
    state = {STATE + field.name: getattr(end.state, field.name) for field in fields(end.state)}
    parts = {"weights": end.weights} | {name: value for name, value in state.items() if value is not None}
    return {k: v.detach().cpu().numpy() if isinstance(v, torch.Tensor) else np.array(v) for k, v in parts.items()}


def start_of(arrays: Mapping[str, Array]) -> Start:
    """Weights and state as tensors, which share the arrays' memory."""
    # A number of the state is kept as an array without axes; tensors have at least that of the coordinates.
    state: dict[str, Any] = {
        name.removeprefix(STATE): torch.from_numpy(array) if array.ndim else array.item()
        for name, array in arrays.items()
        if name.startswith(STATE)
    }
    return Start(torch.from_numpy(arrays["weights"]), State(**state))
