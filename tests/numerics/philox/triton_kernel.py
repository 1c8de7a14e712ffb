"""A kernel that stores what the Triton form makes."""

import triton
import triton.language as tl

from numerics.philox import triton_form


@triton.jit
def fill(words, normals, seed, step, stream, BLOCKS: tl.constexpr):
    """Words and normals [programs, 4, BLOCKS] of one step and stream."""
    chain = tl.program_id(0)
    block = tl.arange(0, BLOCKS)
    at = chain * 4 * BLOCKS + block
    w0, w1, w2, w3 = triton_form.words(seed, block, step, chain, stream)
    z0, z1, z2, z3 = triton_form.normals(seed, block, step, chain, stream)
    tl.store(words + at, w0.to(tl.int64))
    tl.store(words + at + BLOCKS, w1.to(tl.int64))
    tl.store(words + at + 2 * BLOCKS, w2.to(tl.int64))
    tl.store(words + at + 3 * BLOCKS, w3.to(tl.int64))
    tl.store(normals + at, z0)
    tl.store(normals + at + BLOCKS, z1)
    tl.store(normals + at + 2 * BLOCKS, z2)
    tl.store(normals + at + 3 * BLOCKS, z3)
