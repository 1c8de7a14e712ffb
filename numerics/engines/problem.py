"""What every engine is asked to do: chains of weights under rules, a gradient law, a schedule and a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from numerics.gradients import GradientLaw
from numerics.updates.update import KEPT, Start, Update

Array = np.ndarray
STATE = "state."
"""What goes before the names of the state where weights and state are arrays by name."""


@dataclass(frozen=True)
class Problem:
    """Configurations of one rule, each with ``replicas`` chains of ``dim`` entries, ``steps`` long.

    Chain n belongs to configuration n // replicas. Its noise is stream n, or n % replicas where configurations
    ``share`` theirs. ``schedule`` gives lr or wd of every step [steps] in place of the update's. ``start`` holds
    weights and state of all chains [chains, dim].
    """

    updates: tuple[Update, ...]
    law: GradientLaw
    grad_norm: float
    dim: int
    replicas: int
    steps: int
    seed: int
    share: bool
    dtype: str
    schedule: Mapping[str, Array]
    start: Start | None
    start_norm: float

    @property
    def chains(self) -> int:
        """All chains."""
        return len(self.updates) * self.replicas

    @property
    def streams(self) -> int:
        """Independent streams of noise."""
        return self.replicas if self.share else self.chains

    @property
    def key(self) -> tuple[int, int]:
        """The seed as two words."""
        return self.seed & 0xFFFFFFFF, self.seed >> 32

    @property
    def fresh(self) -> bool:
        """Whether the first step begins from nothing kept."""
        return self.start is None or all(getattr(self.start.state, name) is None for name in KEPT)

    @property
    def steps_before(self) -> int:
        """Steps that were done before the first."""
        return 0 if self.start is None else self.start.state.steps

    def stream_of(self, chain: int) -> int:
        """The noise of a chain."""
        return chain % self.replicas if self.share else chain


class Take(Protocol):
    """Where measurements go; threads may each hand over chains of their own."""

    def __call__(self, low: int, squared_norm: Array, lost_overlap: Array, perpendicular: Array, /) -> None:
        """Of the chains from ``low`` on: |w|^2 after each step, <w, w - w'>, |the part of w' orthogonal to w|^2.

        Each is [some, count], and may be written over afterwards.
        """


class Engine(Protocol):
    """Chains that can be advanced."""

    name: str

    @property
    def arrays(self) -> dict[str, Array]:
        """All that the next step depends on."""

    def squares(self) -> Array:
        """|w|^2 of the chains [chains] now."""

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps first ... first + count - 1, and hand every chain's measurements over."""

    def end(self) -> Start | dict[str, Array] | None:
        """Weights and state of all chains, as tensors or arrays by name; None where the engine does not hold them."""
