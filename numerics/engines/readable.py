"""Chains advanced by torch, one line of the algorithm a line of code: any rule, any law, any device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from numerics import geometry
from numerics.engines.problem import Array, Problem, Take
from numerics.engines.starting import memory_of, weights_of
from numerics.philox.drawing import entries
from numerics.philox.kinds import Stream, normal
from numerics.updates.update import KEPT, Start, State, Update


class Readable:
    """The torch engine; each configuration steps by its own update."""

    name = "torch"

    def __init__(self, problem: Problem, device: torch.device | str) -> None:
        self.problem, self.device = problem, device
        self.dtype = torch.float32 if problem.dtype == "float32" else torch.float64
        shape = (len(problem.updates), problem.replicas, problem.dim)
        self.weights = list(self._tensor(weights_of(problem)).reshape(shape))
        if problem.start is None:
            self.states = [update.start(w) for update, w in zip(problem.updates, self.weights, strict=True)]
        else:
            self.states = [self._part(problem.start.state, c) for c in range(len(problem.updates))]
        self.memory = self._tensor(memory_of(problem)) if problem.law.remembers else None
        self.streams = torch.arange(problem.streams, device=device)

    def _part(self, state: State, configuration: int) -> State:
        """One configuration's part of all chains' state."""
        own, replicas = slice(configuration * self.problem.replicas, None), self.problem.replicas
        parts = {name: getattr(state, name) for name in KEPT}
        held = {
            k: x[..., own, :][..., :replicas, :].to(self.device, self.dtype) for k, x in parts.items() if x is not None
        }
        return replace(state, **held)

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, self.dtype)

    def fresh(self, step: int) -> Tensor:
        """Independent entries [streams, dim]."""
        law, seed, dim = self.problem.law, self.problem.seed, self.problem.dim
        return entries(law.entries, seed, self.streams, step, Stream.NOISE, dim, self.dtype, device=self.device)

    def _noise(self, step: int) -> tuple[Tensor, Tensor | float]:
        """Noise [streams, dim] and the factor of its length [streams, 1]."""
        law, seed = self.problem.law, self.problem.seed
        noise, self.memory = law.noise(self.memory, self.fresh(step))
        if not law.spread:
            return noise, 1.0
        xi = entries(normal(), seed, self.streams, step, Stream.SIZE, 1, self.dtype, device=self.device)
        return noise, torch.exp(law.spread * xi - law.spread**2)

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps, all replicas of a configuration at a time."""
        problem, replicas = self.problem, self.problem.replicas
        measured = torch.empty(3, count, problem.chains, dtype=torch.float64, device=self.device)
        for k in range(count):
            noise, factor = self._noise(first + k)
            for c, update in enumerate(problem.updates):
                own = slice(None) if problem.share else slice(c * replicas, (c + 1) * replicas)
                size = factor[own] if isinstance(factor, Tensor) else factor
                before = self.weights[c]
                gradient = problem.law.gradient(before, noise[own], problem.grad_norm, size)
                after, self.states[c] = self.at(update, first + k).step(before, gradient, self.states[c])
                self.weights[c] = after
                chains = slice(c * replicas, (c + 1) * replicas)
                measured[:, k, chains] = measure(before.double(), after.double())
        take(0, *measured.mT.contiguous().cpu().numpy())

    def at(self, update: Update, step: int) -> Update:
        """The update with the schedule's numbers of a step."""
        now = {name: float(values[step]) for name, values in self.problem.schedule.items()}
        return replace(update, **now) if now else update  # type: ignore[type-var]

    @property
    def arrays(self) -> dict[str, Array]:
        """Everything that the next step depends on."""
        found = {"weights": torch.stack(self.weights), "steps": torch.tensor([s.steps for s in self.states])}
        for name in KEPT:
            vectors = [getattr(state, name) for state in self.states]
            if vectors[0] is not None:
                found[name] = torch.stack(vectors)
        if self.memory is not None:
            found["memory"] = self.memory
        return {name: x.cpu().numpy() for name, x in found.items()}

    def squares(self) -> Array:
        """|w|^2 of the chains now."""
        return torch.cat([geometry.squared_norm(w.double()) for w in self.weights]).cpu().numpy()

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go back to where these arrays were taken."""
        self.weights = list(self._tensor(arrays["weights"]))
        self.states = [
            State(**{name: self._tensor(arrays[name][c]) for name in KEPT if name in arrays}, steps=int(count))
            for c, count in enumerate(arrays["steps"])
        ]
        self.memory = self._tensor(arrays["memory"]) if "memory" in arrays else None

    def end(self) -> Start | None:
        """Weights and state."""
        if len(self.states) == 1:
            return Start(self.weights[0], self.states[0])
        vectors = {name: [getattr(state, name) for state in self.states] for name in KEPT}
        whole = {name: torch.cat(parts) for name, parts in vectors.items() if parts[0] is not None}
        return Start(torch.cat(self.weights), State(**whole, steps=self.states[0].steps))


def measure(before: Tensor, after: Tensor) -> Tensor:
    """|w'|^2, <w, w - w'> and |the part of w' orthogonal to w|^2 of each chain, [3, chains], double precision."""
    lost = geometry.lost_overlap(before, after)
    square = geometry.squared_norm(before)
    across = after - before * (1 - lost / square)[..., None]
    return torch.stack([geometry.squared_norm(after), lost, geometry.squared_norm(across)])
