"""lars in Triton: written by ``python -m numerics.engines.writing_triton`` from the rule's lines; do not edit."""
# mypy: ignore-errors

import triton
import triton.language as tl
from numpy import sqrt

from numerics.engines.triton_steps import NOISE, gradient_size, nonzero, places, sums
from numerics.philox.triton_form import entries


def numbers(lr, momentum, trust, wd):
    """What the kernel reads at every step, in double precision."""
    c0 = wd
    c1 = momentum
    r0 = trust
    r1 = wd
    r2 = lr
    return c0, c1, r0, r1, r2


@triton.jit(do_not_specialize=["first", "count", "replicas", "seed", "whole"])
def chains(
    weights, kept, memory, numbers, squares, norms, lost, turned, rows, first, count, replicas, seed,
    whole, large, small, old, new, mean, part, spread, length, grad_norm,
    DIM: tl.constexpr, BLOCK: tl.constexpr, SHARE: tl.constexpr, KIND: tl.constexpr, REMEMBERS: tl.constexpr,
    ORTHOGONAL: tl.constexpr, NORMALISED: tl.constexpr, SPREADS: tl.constexpr,
):
    """Advance a chain by the steps of its rows; w and what is kept stay in registers."""
    n = tl.program_id(0).to(tl.int64)
    stream = n % replicas if SHARE else n
    entry, inside = places(DIM, BLOCK)
    own = n * DIM
    w = tl.load(weights + own + entry, mask=inside, other=0.0)
    buffer = tl.load(kept + own + entry, mask=inside, other=0.0)
    noise = w
    if REMEMBERS:
        noise = tl.load(memory + own + entry, mask=inside, other=0.0)
    square = tl.load(squares + n)
    row = rows + n // replicas * count * 5
    for k in range(count):
        z = entries(seed, tl.arange(0, BLOCK // 4), first + k, stream, NOISE, KIND, whole, large, small)
        if REMEMBERS:
            noise = old * noise + new * z
            z = (mean + noise) * part
        if DIM < BLOCK:
            z = tl.where(inside, z, 0.0)
        scale = length
        if ORTHOGONAL:
            z -= tl.sum(z * w) / square * w
            scale /= tl.sqrt(square)
        if SPREADS:
            scale *= gradient_size(spread, seed, first + k, stream)
        rest = tl.sqrt(tl.sum(z * z))
        if NORMALISED:
            scale /= nonzero(rest)
        g = scale * z
        c0 = tl.load(row + 0)
        c1 = tl.load(row + 1)
        r0 = tl.load(row + 2)
        r1 = tl.load(row + 3)
        r2 = tl.load(row + 4)
        weight_norm = tl.sqrt(square)
        gradient_norm = scale * rest
        local = r0 * weight_norm / nonzero(gradient_norm + r1 * weight_norm)
        c2 = r2 * local
        c3 = -1.0
        g = g + c0 * w
        buffer = c1 * buffer + c2 * g
        next_buffer = buffer
        change = c3 * buffer
        if DIM < BLOCK:
            change = tl.where(inside, change, 0.0)
        buffer = next_buffer
        next_w = w + change
        after, loss, way = sums(next_w * next_w, -w * change, change * change)
        at = n * count + k
        tl.store(norms + at, after)
        tl.store(lost + at, loss)
        tl.store(turned + at, tl.maximum(way - loss / square * loss, 0.0))
        w, square = next_w, after
        row += 5
    tl.store(weights + own + entry, w, mask=inside)
    tl.store(kept + own + entry, buffer, mask=inside)
    if REMEMBERS:
        tl.store(memory + own + entry, noise, mask=inside)
    tl.store(squares + n, square)
