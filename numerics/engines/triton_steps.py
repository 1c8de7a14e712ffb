# Triton evaluates annotations, and knows no type of Python's.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"
"""What every chain does at every step on a GPU, whatever its rule; one program has one chain, in its registers.

Import this module only where Triton is installed. Entry i of dim stands at place 4 j + p, j = i mod n and
p = i // n with n = ceil(dim/4), where the random numbers leave it; places without an entry hold zeros.
"""

from __future__ import annotations

import triton
import triton.language as tl

from numerics.philox import triton_form
from numerics.philox.kinds import Stream as _Stream

NOISE, SIZE = tl.constexpr(int(_Stream.NOISE)), tl.constexpr(int(_Stream.SIZE))


@triton.jit
def places(DIM: tl.constexpr, BLOCK: tl.constexpr):
    """The entry of every place, and whether there is one."""
    blocks: tl.constexpr = (DIM + 3) // 4
    place = tl.arange(0, BLOCK)
    entry = place % 4 * blocks + place // 4
    return entry, (place // 4 < blocks) & (entry < DIM)


@triton.jit
def gradient_size(spread, seed, step, stream):
    """The factor of this step's gradient, log-normal of unit mean square."""
    w0, w1, _, _ = triton_form.words(seed, 0, step, stream, SIZE)
    xi, _ = triton_form.normal_pair(w0, w1)
    return tl.exp(spread * xi - spread * spread)


@triton.jit
def nonzero(x):
    """x, or 1 where x is 0."""
    return tl.where(x == 0.0, 1.0, x)


@triton.jit
def _add(a0, a1, a2, b0, b1, b2):
    return a0 + b0, a1 + b1, a2 + b2


@triton.jit
def sums(x, y, z):
    """The sums of three tensors, which wait for each other's threads once."""
    return tl.reduce((x, y, z), 0, _add)
