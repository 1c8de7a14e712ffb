"""lamb_at_mean in Triton: written by ``python -m numerics.engines.writing_triton`` from the rule's lines; do not edit."""
# mypy: ignore-errors

import triton
import triton.language as tl
from numpy import sqrt

from numerics.engines.triton_steps import NOISE, gradient_size, nonzero, places, sums
from numerics.philox.triton_form import entries


def numbers(beta1, lr, wd):
    """What the kernel reads at every step, in double precision."""
    c0 = beta1
    c1 = 1 - beta1
    c2 = wd
    return c0, c1, c2, lr


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
    row = rows + n // replicas * count * 4
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
        c2 = tl.load(row + 2)
        lr = tl.load(row + 3)
        weight_norm = tl.sqrt(square)
        mean_square = grad_norm * grad_norm / DIM
        if ORTHOGONAL:
            mean_square /= square
        c3 = tl.sqrt(mean_square)
        buffer = c0 * buffer + c1 * g
        next_buffer = buffer
        step = c2 * w + buffer / c3
        if DIM < BLOCK:
            step = tl.where(inside, step, 0.0)
        buffer = next_buffer
        step_norm = tl.sqrt(tl.sum(step * step))
        change = -(lr * weight_norm / nonzero(step_norm)) * step
        next_w = w + change
        after, loss, way = sums(next_w * next_w, -w * change, change * change)
        at = n * count + k
        tl.store(norms + at, after)
        tl.store(lost + at, loss)
        tl.store(turned + at, tl.maximum(way - loss / square * loss, 0.0))
        w, square = next_w, after
        row += 4
    tl.store(weights + own + entry, w, mask=inside)
    tl.store(kept + own + entry, buffer, mask=inside)
    if REMEMBERS:
        tl.store(memory + own + entry, noise, mask=inside)
    tl.store(squares + n, square)
