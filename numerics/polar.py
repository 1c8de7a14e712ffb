"""The polar factor of batches of matrices, exact and by the steps of torch.optim.Muon."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def polar(matrix: Tensor) -> Tensor:
    """U V^T of the singular value decomposition U S V^T, for a batch of matrices [..., rows, columns]."""
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    return left @ right


def newton_schulz(matrix: Tensor, steps: int = 5, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """torch.optim.Muon's quintic iteration on a batch [replicas, rows, columns]: singular values near 1, not at it."""
    a, b, c = NEWTON_SCHULZ
    found = matrix.to(dtype)
    tall = matrix.shape[-2] > matrix.shape[-1]
    if tall:
        found = found.mT
    found = found / found.flatten(-2).norm(dim=-1).clamp(min=1e-7)[..., None, None]
    for _ in range(steps):
        gram = found @ found.mT
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return (found.mT if tall else found).to(matrix.dtype)


def correlated_polar_overlap(
    rows: int, columns: int, rho: float, samples: int, generator: Generator, dtype: torch.dtype = torch.float64
) -> Tensor:
    """<polar X, polar Y>/min(rows, columns) of independent pairs of Gaussian matrices of correlation rho: [samples]."""
    shape = (2, samples, rows, columns)
    first, other = torch.randn(shape, generator=generator, device=generator.device, dtype=dtype)
    second = rho * first + math.sqrt(1 - rho * rho) * other
    return (polar(first) * polar(second)).sum((-2, -1)) / min(rows, columns)
