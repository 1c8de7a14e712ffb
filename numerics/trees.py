"""Nested state of torch, as ``state_dict`` returns it, as named arrays and back, bit for bit and without pickling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerics.errors import BadTraining

Array = np.ndarray
SKELETON = "skeleton"
AS_BITS = {torch.bfloat16: torch.int16}
"""Kinds that numpy does not have, and what holds their bits."""


def packed(tree: Any) -> dict[str, Array]:
    """Arrays by number, and the skeleton: JSON, in bytes, with the numbers where tensors and arrays are.

    ``tree`` may hold dictionaries with any plain keys, lists, tuples, tensors, arrays, numbers, text and None; else
    BadTraining names what it holds.
    """
    arrays: dict[str, Array] = {}
    skeleton = json.dumps(_skeleton(tree, arrays))
    return {SKELETON: np.frombuffer(skeleton.encode(), np.uint8), **arrays}


def unpacked(arrays: Mapping[str, Array]) -> Any:
    """The tree, with tensors on the CPU."""
    return _tree(json.loads(arrays[SKELETON].tobytes()), arrays)


def _skeleton(tree: Any, arrays: dict[str, Array]) -> Any:
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if isinstance(tree, Mapping):
        return {"mapping": [[_skeleton(name, arrays), _skeleton(value, arrays)] for name, value in tree.items()]}
    if isinstance(tree, list | tuple):
        return {type(tree).__name__: [_skeleton(value, arrays) for value in tree]}
    name = str(len(arrays))
    if isinstance(tree, Tensor):
        kind = str(tree.dtype).removeprefix("torch.")
        bits = tree.detach().cpu()
        arrays[name] = (bits.view(AS_BITS[tree.dtype]) if tree.dtype in AS_BITS else bits).numpy().copy()
        return {"tensor": [name, kind]}
    if isinstance(tree, np.ndarray | np.generic):
        arrays[name] = np.array(tree)
        return {"array": name}
    raise BadTraining(f"state of type {type(tree).__name__} cannot be kept in a checkpoint")


def _tree(skeleton: Any, arrays: Mapping[str, Array]) -> Any:
    if not isinstance(skeleton, dict):
        return skeleton
    ((kind, held),) = skeleton.items()
    if kind == "mapping":
        return {_tree(name, arrays): _tree(value, arrays) for name, value in held}
    if kind == "array":
        return arrays[held]
    if kind == "tensor":
        found = torch.from_numpy(np.array(arrays[held[0]]))
        dtype = getattr(torch, held[1])
        return found.view(dtype) if dtype in AS_BITS else found
    parts = [_tree(value, arrays) for value in held]
    return tuple(parts) if kind == "tuple" else parts
