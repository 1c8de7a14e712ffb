"""Muon on long matrices, folded: an m x n chain as one of m x 3m, equal in law, for n above 3m.

Turning the columns turns Muon's steps with them, and white normal noise not at all. So columns can be turned until W
and the buffer, stacked, are lower triangular [2m, 2m]. Noise is then normal in those 2m columns, and the m x (n - 2m)
rest can be turned until it is lower triangular too: roots of chi squares with n - 2m, n - 2m - 1, ... degrees of
freedom on the diagonal, normals below (Bartlett, 1933). The step is Muon's own, on m x 3m.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from numerics.engines.problem import Array, Problem, Take
from numerics.engines.readable import Readable
from numerics.engines.starting import weights_of
from numerics.muon import SCALES, Muon
from numerics.philox.drawing import entries
from numerics.philox.kinds import Entries, Stream, laplace, normal
from numerics.updates.update import Start, State, Update


def triangular(stacked: Tensor) -> Tensor:
    """L of the decomposition L Q of matrices [..., k, l], k <= l."""
    return torch.linalg.qr(stacked.mT, mode="r").R.mT


def chi_squares(seed: int, streams: Tensor, step: int, freedom: Tensor) -> Tensor:
    """Chi squares [streams, k] with degrees of freedom [k] of 2 and more (Marsaglia and Tsang, 2000)."""
    found, attempt = torch.full((len(streams), len(freedom)), torch.nan, dtype=torch.float64), 0
    d = freedom.double() / 2 - 1 / 3

    def drawn(law: Entries, stream: int) -> Tensor:
        return entries(law, seed, streams, step, stream, len(freedom))

    while found.isnan().any():
        x = drawn(normal(), Stream.CHI + 2 * attempt)
        # Minus the logarithm of a uniform number is the size of a Laplace variable.
        log_u = -math.sqrt(2) * drawn(laplace(), Stream.CHI + 2 * attempt + 1).abs()
        v = (1 + x / (3 * d.sqrt())) ** 3
        accepted = (v > 0) & (log_u < x * x / 2 + d * (1 - v + v.clamp(min=1e-300).log()))
        found = torch.where(found.isnan() & accepted, 2 * d * v, found)
        attempt += 1
    return found


class FoldedMatrices(Readable):
    """The exact reduction of Muon, in double precision."""

    name = "reduction"

    def __init__(self, problem: Problem) -> None:
        shapes = {(u.rows, u.cols) for u in problem.updates if isinstance(u, Muon)}
        assert len(shapes) == 1
        (self.shape,) = shapes
        self.rows, self.cols = sorted(self.shape)
        narrow, bound = 3 * self.rows**2, int(problem.law.orthogonal)
        given = None if problem.start is None else problem.start.state.buffer
        weights = torch.from_numpy(weights_of(problem))
        buffer = torch.zeros_like(weights) if given is None else given.cpu().double()
        weights, buffer = self._fold(*(self._wide(x) for x in (weights, buffer)))
        length = 1.0 if problem.law.normalised else math.sqrt((narrow - bound) / (problem.dim - bound))
        start = Start(weights, State(buffer=buffer, steps=problem.steps_before))
        folded = replace(problem, dim=narrow, grad_norm=length * problem.grad_norm, start=start)
        super().__init__(folded, "cpu")

    def _wide(self, flat: Tensor) -> Tensor:
        """Matrices [chains, m, n] with n the longer side; Muon treats both alike."""
        matrices = flat.reshape(-1, *self.shape)
        return matrices if self.shape[0] == self.rows else matrices.mT

    def _fold(self, weights: Tensor, buffer: Tensor) -> tuple[Tensor, Tensor]:
        """Both [chains, m, ...] with columns turned, as [chains, m * 3m]."""
        found = triangular(torch.cat([weights, buffer], dim=1))
        found = torch.nn.functional.pad(found, (0, self.rows)).reshape(-1, 2, 3 * self.rows**2)
        return found[:, 0], found[:, 1]

    def fresh(self, step: int) -> Tensor:
        """The noise in the turned columns [streams, m * 3m]."""
        m, seed = self.rows, self.problem.seed
        below = torch.tril_indices(m, m, -1)
        z = entries(normal(), seed, self.streams, step, Stream.FOLD, 2 * m * m + below.shape[1])
        rest = torch.zeros(len(z), m, m, dtype=torch.float64)
        rest[:, below[0], below[1]] = z[:, 2 * m * m :]
        freedom = self.cols - 2 * m - torch.arange(m)
        rest += torch.diag_embed(chi_squares(seed, self.streams, step, freedom).sqrt())
        return torch.cat([z[:, : 2 * m * m].reshape(-1, m, 2 * m), rest], dim=2).flatten(1)

    def at(self, update: Update, step: int) -> Update:
        """Muon on the folded matrices, with the size of a step that the whole ones have."""
        now = super().at(update, step)
        assert isinstance(now, Muon)
        folded = (self.rows, 3 * self.rows)
        size = SCALES[now.scale](*self.shape) / SCALES[now.scale](*folded)
        return replace(now, rows=folded[0], cols=folded[1], lr=now.lr * size, wd=now.wd / size)

    def advance(self, first: int, count: int, take: Take) -> None:
        """Take steps, and turn the columns after each."""
        measured: list[tuple[Array, Array, Array]] = []
        for k in range(count):
            super().advance(first + k, 1, lambda low, *parts: measured.append(parts))
            for c, (weights, state) in enumerate(zip(self.weights, self.states, strict=True)):
                assert state.buffer is not None
                pair = (x.reshape(-1, self.rows, 3 * self.rows) for x in (weights, state.buffer))
                self.weights[c], buffer = self._fold(*pair)
                self.states[c] = replace(state, buffer=buffer)
        take(0, *(np.concatenate(parts, axis=1) for parts in zip(*measured, strict=True)))

    def end(self) -> None:
        """There are no matrices to give."""
