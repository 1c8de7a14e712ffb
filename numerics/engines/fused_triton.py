"""Chains advanced by Triton kernels on a GPU: one program a chain, whose weights stay in registers for a chunk."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from numerics.engines.problem import Array, Problem, Take
from numerics.engines.starting import ARRAYS, start_of
from numerics.engines.tables import table
from numerics.engines.transcription import transcribe
from numerics.gradients import GradientLaw
from numerics.philox.kinds import Entries, Kind
from numerics.updates.update import Rule, Start, State

LARGEST = 65536
"""Entries that one program takes; above 4096 the compiler keeps some of them outside of its registers."""

A_THREAD, THREADS = 16, 1024
"""Entries of a thread while there are threads left. Sums depend on it, and so it does on the dimension alone."""


def block_of(dim: int) -> int:
    """Places for dim entries: a power of two, at least 4."""
    return 4 * 2 ** (math.ceil(dim / 4) - 1).bit_length()


def warps_of(block: int) -> int:
    """Groups of 32 threads that one chain takes."""
    return max(1, min(block // A_THREAD, THREADS) // 32)


def parameters(entries: Entries) -> tuple[int, float, float]:
    """``whole``, ``large`` and ``small`` of ``triton_form.entries``."""
    if entries.kind is Kind.MIXTURE:
        share, large, small = entries.parameters
        return math.ceil(share * 2**32 - 0.5), large, small
    return int(entries.parameters[0]) if entries.kind is Kind.STUDENT else 0, 0.0, 0.0


def numbers_of(law: GradientLaw, grad_norm: float, dim: int) -> tuple[float, ...]:
    """A law's numbers in the kernels' order."""
    old, snr = law.persistence, law.snr
    length = grad_norm if law.normalised else grad_norm / math.sqrt(dim - law.orthogonal)
    noise = (old, math.sqrt(1 - old**2), math.sqrt(snr), 1 / math.sqrt(1 + snr))
    return (*parameters(law.entries), *noise, law.spread, length, grad_norm)


def flags_of(law: GradientLaw) -> dict[str, Any]:
    """What a law has, for which kernels are compiled apart."""
    return {
        "KIND": int(law.entries.kind),
        "REMEMBERS": law.remembers,
        "ORTHOGONAL": law.orthogonal,
        "NORMALISED": law.normalised,
        "SPREADS": law.spread != 0,
    }


class FusedTriton:
    """The Triton engine, in single precision."""

    name = "triton"

    def __init__(self, problem: Problem, device: torch.device | str) -> None:
        rule = problem.updates[0]
        assert isinstance(rule, Rule)
        self.problem, self.device, self.loop = problem, device, transcribe(rule.form)
        self.kernel = importlib.import_module(f"numerics.engines.triton_kernels.{rule.form.name}")
        start = start_of(problem, rule.form, problem.dim)
        # Chains that share their noise have a program each, and so a memory of it each.
        start["memory"] = start["memory"][[problem.stream_of(n) for n in range(problem.chains)]]
        self.restore(start)
        self.law = numbers_of(problem.law, problem.grad_norm, problem.dim)

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps, in one launch."""
        problem, held = self.problem, self.held
        asked = np.moveaxis(table(problem, self.loop.asked, first, count), -1, 0)
        rows = self._tensor(np.stack(np.broadcast_arrays(*self.kernel.numbers(*asked)), axis=-1))
        measured = torch.empty(3, problem.chains, count, dtype=torch.float32, device=self.device)
        block = block_of(problem.dim)
        self.kernel.chains[(problem.chains,)](
            *held.values(), *measured, rows, first, count, problem.replicas, problem.seed, *self.law,
            DIM=problem.dim, BLOCK=block, SHARE=problem.share, **flags_of(problem.law),
            num_warps=warps_of(block), enable_fp_fusion=True,
        )  # fmt: skip
        take(0, *measured.cpu().double().numpy())

    def _tensor(self, values: Array) -> torch.Tensor:
        return torch.from_numpy(np.array(values, dtype=np.float32)).to(self.device)

    @property
    def arrays(self) -> dict[str, Array]:
        """Everything that the next step depends on."""
        return {name: x.cpu().numpy() for name, x in self.held.items()}

    def squares(self) -> Array:
        """|w|^2 of the chains now."""
        return self.held["squares"].cpu().double().numpy()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""
        self.held = {name: self._tensor(arrays[name]) for name in ARRAYS}

    def end(self) -> Start:
        """Weights and state."""
        form = self.loop.form
        kept = dict(zip(form.vectors, self.held["kept"], strict=True))
        kept |= dict(zip(form.numbers, self.held["numbers"][:, :, None], strict=True))
        return Start(self.held["weights"], State(**kept, steps=self.problem.steps_before + self.problem.steps))
