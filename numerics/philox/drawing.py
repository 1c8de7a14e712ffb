"""Entries for a batch of chains as tensors, in the fastest form that is there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from numerics.philox import arrays, tensors
from numerics.philox.arrays import compiled_form
from numerics.philox.kinds import Entries

FORMS = ("compiled", "tensors")


def entries(
    law: Entries,
    seed: int,
    chains: Sequence[int] | Tensor,
    step: int,
    stream: int,
    dim: int,
    dtype: torch.dtype = torch.float64,
    *,
    device: torch.device | str = "cpu",
    form: str | None = None,
) -> Tensor:
    """Entries [len(chains), dim] of a law at one step: a function of its arguments alone.

    Each chain has the entries that it would have by itself. ``form`` is "compiled" (numba, one thread, CPU
    only) or "tensors" (torch, any device); without it compiled where possible. Both agree with the
    reference, to rounding in ``dtype``, single or double precision. Raises ValueError for a seed outside
    [0, 2^64), another counter outside [0, 2^32), and a form that is unknown or not there.
    """
    chains = torch.as_tensor(chains, dtype=torch.int64, device=device)
    for name, value, limit in (("seed", seed, 64), ("step", step, 32), ("stream", stream, 32)):
        if not 0 <= value < 2**limit:
            raise ValueError(f"{name} = {value} is outside its range [0, 2^{limit})")
    if len(chains):
        lowest, highest = (int(end) for end in chains.aminmax())
        if lowest < 0 or highest >= 2**32:
            raise ValueError(f"chains = {lowest} to {highest} leave their range [0, 2^32)")
    compiled = compiled_form() if chains.device.type == "cpu" and form != "tensors" else None
    if form not in (None, *FORMS):
        raise ValueError(f"form = {form} is unknown; known are {', '.join(FORMS)}")
    if form == "compiled" and compiled is None:
        raise ValueError("form = compiled needs numba and the CPU; use tensors")
    if compiled is None:
        return tensors.entries(law, seed, chains, step, stream, dim, dtype)
    out = torch.empty(len(chains), dim, dtype=dtype)
    arrays.fill(out.numpy(), law, seed, chains.numpy(), step, stream)
    return out
