# Triton evaluates annotations, and knows no type of Python's.
# ruff: noqa: ANN001, ANN201
# mypy: disable-error-code="no-untyped-def"
"""The random numbers as Triton functions, for kernels on a GPU: words equal the reference's bit by bit.

Import this module only where Triton is installed. Normals are the single-precision polynomials of the
compiled form; entries come as the four words of a block do, one tensor each, until ``together`` makes one of them.
"""

from __future__ import annotations

import triton
import triton.language as tl

from numerics.philox.kinds import Kind as _Kind
from numerics.philox.kinds import Stream as _Stream
from numerics.philox.reference import ROUNDS as _ROUNDS

ROUNDS = tl.constexpr(_ROUNDS)
LAPLACE, MIXTURE, STUDENT = (tl.constexpr(int(kind)) for kind in (_Kind.LAPLACE, _Kind.MIXTURE, _Kind.STUDENT))
MASK, CHI = tl.constexpr(int(_Stream.MASK)), tl.constexpr(int(_Stream.CHI))


@triton.jit
def words(seed, block, step, chain, stream):
    """Four tensors of words, one entry a block; counters may have any integer type and are taken modulo 2^32."""
    # A block of 64 bits would turn tl.philox into the generator of 64-bit words.
    c0, c1 = tl.cast(block, tl.uint32), tl.cast(step, tl.uint32)
    c2, c3 = tl.cast(chain, tl.uint32), tl.cast(stream, tl.uint32)
    return tl.philox(seed, c0, c1, c2, c3, ROUNDS)


@triton.jit
def log(x, half):
    """The logarithm of x/2^32 + half below 1, in single precision."""
    # From 1/2 on, u - 1 is converted in place of u: next to 1 single precision has no room for x.
    near = x.to(tl.int32, bitcast=True).to(tl.float32) * 2.3283064365386963e-10 + half
    bits = tl.where(near < 0, near + 1.0, near).to(tl.int32, bitcast=True)
    e = (bits - 0x3F3504F3) >> 23
    m = tl.where(e == 0, near, (bits - (e << 23)).to(tl.float32, bitcast=True) - 1.0)
    p = m * 7.0376836292e-2 - 1.1514610310e-1
    p = p * m + 1.1676998740e-1
    p = p * m - 1.2420140846e-1
    p = p * m + 1.4249322787e-1
    p = p * m - 1.6668057665e-1
    p = p * m + 2.0000714765e-1
    p = p * m - 2.4999993993e-1
    p = p * m + 3.3333331174e-1
    square = m * m
    return m + (p * m * square - 0.5 * square) + e.to(tl.float32) * 0.6931471805599453


@triton.jit
def normal_pair(x, y):
    """Two standard normals in single precision from two words."""
    radius = tl.sqrt(-2.0 * log(x, 1.1641532182693481e-10))
    a = (y << 2).to(tl.int32, bitcast=True).to(tl.float32) * 3.6572951981440635e-10
    z = a * a
    sine = a + a * z * (-1.6666654611e-1 + z * (8.3321608736e-3 + z * -1.9515295891e-4))
    cosine = 4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5)
    cosine = 1.0 - 0.5 * z + z * z * cosine
    radius = tl.where((y << 1).to(tl.int32, bitcast=True) < 0, -radius, radius)
    turned = y.to(tl.int32, bitcast=True) < 0
    return radius * tl.where(turned, sine, cosine), radius * tl.where(turned, -cosine, sine)


@triton.jit
def normals(seed, block, step, chain, stream):
    """Four tensors of standard normals in single precision, one entry a block each."""
    w0, w1, w2, w3 = words(seed, block, step, chain, stream)
    z0, z1 = normal_pair(w0, w1)
    z2, z3 = normal_pair(w2, w3)
    return z0, z1, z2, z3


@triton.jit
def laplace(x):
    """Laplace entries of unit mean square from words."""
    size = 0.7071067811865476 * log(x << 1, 2.3283064365386963e-10)
    return tl.where(x.to(tl.int32, bitcast=True) < 0, size, -size)


@triton.jit
def together(x0, x1, x2, x3):
    """One tensor [4 blocks] of four [blocks]: place 4 j + i has part i of block j."""
    return tl.ravel(tl.join(tl.join(x0, x2), tl.join(x1, x3)))


@triton.jit
def entries(seed, block, step, chain, stream, KIND: tl.constexpr, whole, large, small):
    """Entries of a kind [4 blocks], the parts of a block side by side.

    A mixture takes ``large`` where the mask's word is below ``whole``, else ``small``; Student's t has ``whole``
    degrees of freedom.
    """
    if KIND == LAPLACE:
        w0, w1, w2, w3 = words(seed, block, step, chain, stream)
        return laplace(together(w0, w1, w2, w3))
    z0, z1, z2, z3 = normals(seed, block, step, chain, stream)
    z = together(z0, z1, z2, z3)
    if KIND == MIXTURE:
        w0, w1, w2, w3 = words(seed, block, step, chain, MASK)
        z *= tl.where(together(w0, w1, w2, w3).to(tl.int64) < whole, large, small)
    if KIND == STUDENT:
        chi = tl.zeros_like(z)
        for k in range(whole):
            z0, z1, z2, z3 = normals(seed, block, step, chain, CHI + k)
            x = together(z0, z1, z2, z3)
            chi += x * x
        z *= tl.sqrt((whole - 2) / chi)
    return z
