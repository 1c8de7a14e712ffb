"""The random numbers compiled by numba: loops without branches or library calls, which vectorise.

Words equal the reference's bit by bit. Normals in double precision agree with it to 1e-14, in single
precision to 2e-6, at every word. Logarithm, sine and cosine are the polynomials of the Cephes library
(Moshier, 1992). The result of a call depends on its arguments alone, on no thread and no neighbour.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

from numerics.compilation import compiled
from numerics.philox import reference
from numerics.philox.kinds import Kind, Stream

F, D, S, U, L = np.float32, np.float64, np.int32, np.uint32, np.uint64
"""In compiled code 32-bit integers grow to 64 bits unless every result is cast back."""

FAST: Any = {"fastmath": {"contract"}, "error_model": "numpy"}
"""Multiply-adds may fuse; nothing is reordered, and a division is no branch."""
INLINE: Any = {"forceinline": True, **FAST}

ROUNDS = reference.ROUNDS
M0, M1 = (L(value) for value in reference.MULTIPLIERS)
K0, K1 = (U(value) for value in reference.KEY_STEPS)
LAPLACE, MIXTURE, STUDENT = int(Kind.LAPLACE), int(Kind.MIXTURE), int(Kind.STUDENT)
MASK, CHI = int(Stream.MASK), int(Stream.CHI)
HALF = 2.0**-33
"""Half the spacing of (x + 1/2)/2^32."""

ROOT_HALF = S(0x3F3504F3)
ROOT_HALF_WIDE = L(0x3FE6A09E667F3BCD)
BIAS = L(1024)
MAGIC = L(0x4330000000000000)
"""The bits of sqrt(1/2) in single and double precision, and those of 2^52."""


def _widest(context: Any) -> Any:
    """Lets the function that calls it use the widest vectors of the processor; to every other function nothing happens.

    Without it LLVM keeps to 256 bits on many processors that have 512, which takes these loops half as long again.
    """

    def mark(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # an attribute that llvmlite does not list
        builder.function.attributes.alignstack = 64  # else vectors that find no register may lie across cache lines
        return context.get_dummy_value()

    return types.none(), mark


widest: Any = intrinsic(_widest)


@njit(**INLINE)
def philox4x32(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Ten rounds on one counter under one key, all 32-bit words: four words."""
    for _ in range(ROUNDS):
        first, second = M0 * L(c0), M1 * L(c2)
        c0, c2 = U(U(second >> L(32)) ^ c1 ^ k0), U(U(first >> L(32)) ^ c3 ^ k1)
        c1, c3 = U(second), U(first)
        k0, k1 = U(k0 + K0), U(k1 + K1)
    return c0, c1, c2, c3


@njit(**INLINE)
def uniform(x: Any) -> Any:
    """(x + 1/2)/2^32 of a word, in double precision."""
    return (D(x) + 0.5) * 2.0**-32


@njit(**INLINE)
def bits32(x: Any) -> Any:
    """The bits of a float as an integer."""
    return F(x).view(S)


@njit(**INLINE)
def bits64(x: Any) -> Any:
    """The bits of a float as an integer."""
    return D(x).view(L)


@njit(**INLINE)
def float32(bits: Any) -> Any:
    """The float of these bits."""
    return S(bits).view(F)


@njit(**INLINE)
def float64(bits: Any) -> Any:
    """The float of these bits."""
    return L(bits).view(D)


@njit(**INLINE)
def log32(x: Any, half: Any) -> Any:
    """log(x/2^32 + half) below 0 in single precision, to a few units of its own last place."""
    # From 1/2 on, u - 1 is converted in place of u: next to 1 single precision has no room for x.
    near = F(S(x)) * F(2.0**-32) + half
    bits = bits32(near + F(1) if near < F(0) else near)
    e = S(S(bits - ROOT_HALF) >> S(23))
    m = near if e == S(0) else float32(bits - S(e << S(23))) - F(1)
    p = F(7.0376836292e-2) * m + F(-1.1514610310e-1)
    p = p * m + F(1.1676998740e-1)
    p = p * m + F(-1.2420140846e-1)
    p = p * m + F(1.4249322787e-1)
    p = p * m + F(-1.6668057665e-1)
    p = p * m + F(2.0000714765e-1)
    p = p * m + F(-2.4999993993e-1)
    p = p * m + F(3.3333331174e-1)
    square = m * m
    return m + (p * m * square - F(0.5) * square) + F(e) * F(0.6931471805599453)


@njit(**INLINE)
def log64(x: Any, half: Any) -> Any:
    """log(x/2^32 + half) below 0 in double precision."""
    bits = bits64(x * 2.0**-32 + half)
    k = (bits - ROOT_HALF_WIDE + (BIAS << L(52))) >> L(52)
    # The exponent becomes a float by its bits: few processors convert 64-bit integers in vectors.
    e = float64(k | MAGIC) - (2.0**52 + 1024.0)
    m = float64(bits - ((k - BIAS) << L(52))) - 1.0
    p = 1.01875663804580931796e-4 * m + 4.97494994976747001425e-1
    p = p * m + 4.70579119878881725854
    p = p * m + 1.44989225341610930846e1
    p = p * m + 1.79368678507819816313e1
    p = p * m + 7.70838733755885391666
    q = m + 1.12873587189167450590e1
    q = q * m + 4.52279145837532221105e1
    q = q * m + 8.29875266912776603211e1
    q = q * m + 7.11544750618563894466e1
    q = q * m + 2.31251620126765340583e1
    square = m * m
    return m + (m * square * (p / q) - 0.5 * square) + e * 0.6931471805599453


@njit(**INLINE)
def normal_pair32(x: Any, y: Any) -> Any:
    """Two standard normals in single precision from two words."""
    radius = F(math.sqrt(F(-2) * log32(x, F(HALF))))
    a = F(S(U(y << U(2)))) * F(math.pi / 2**33)
    z = a * a
    sine = a + a * z * (F(-1.6666654611e-1) + z * (F(8.3321608736e-3) + z * F(-1.9515295891e-4)))
    cosine = F(4.166664568298827e-2) + z * (F(-1.388731625493765e-3) + z * F(2.443315711809948e-5))
    cosine = F(1) - F(0.5) * z + z * z * cosine
    turned = S(y) < S(0)
    signed = float32(bits32(radius) ^ S(U(y << U(1)) & U(1 << 31)))
    return signed * (sine if turned else cosine), signed * (-cosine if turned else sine)


@njit(**INLINE)
def normal_pair64(x: Any, y: Any) -> Any:
    """Two standard normals in double precision from two words."""
    radius = math.sqrt(-2.0 * log64(x, HALF))
    a = S(U(y << U(2))) * (math.pi / 2**33)
    z = a * a
    s = 1.58962301576546568060e-10 * z - 2.50507477628578072866e-8
    s = s * z + 2.75573136213857245213e-6
    s = s * z - 1.98412698295895385996e-4
    s = s * z + 8.33333333332211858878e-3
    s = s * z - 1.66666666666666307295e-1
    c = -1.13585365213876817300e-11 * z + 2.08757008419747316778e-9
    c = c * z - 2.75573141792967388112e-7
    c = c * z + 2.48015872888517045348e-5
    c = c * z - 1.38888888888730564116e-3
    c = c * z + 4.16666666666665929218e-2
    sine, cosine = a + a * z * s, 1.0 - 0.5 * z + z * z * c
    turned = S(y) < S(0)
    signed = -radius if S(U(y << U(1))) < S(0) else radius
    return signed * (sine if turned else cosine), signed * (-cosine if turned else sine)


def normal_pair(like: Any, x: Any, y: Any) -> Any:
    """Two standard normals from two words, in the precision of the array ``like``; inside compiled code only."""
    raise NotImplementedError


@overload(normal_pair, jit_options=INLINE, strict=False)  # not strict: lambdas bear no annotations
def _normal_pair(like: Any, x: Any, y: Any) -> Any:
    pair = normal_pair32 if like.dtype == types.float32 else normal_pair64
    return lambda like, x, y: pair(x, y)


def laplace(like: Any, x: Any) -> Any:
    """A Laplace entry of unit mean square from a word, in the precision of ``like``; inside compiled code only."""
    raise NotImplementedError


@overload(laplace, jit_options=INLINE, strict=False)
def _laplace(like: Any, x: Any) -> Any:
    log, number = (log32, F) if like.dtype == types.float32 else (log64, D)

    def entry(like: Any, x: Any) -> Any:
        size = number(math.sqrt(0.5)) * log(U(x << U(1)), number(2.0**-32))
        return size if S(x) < S(0) else -size

    return entry


@compiled(**FAST)
def fill_words(z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int) -> None:
    """Fill the first 4 n entries of z, 32-bit words, with the words of n blocks.

    In this and the next functions (k0, k1) is the key, and integers are taken modulo 2^32.
    """
    widest()
    t, c, s, low, high = U(step), U(chain), U(stream), U(k0), U(k1)
    for j in range(n):
        z[j], z[n + j], z[2 * n + j], z[3 * n + j] = philox4x32(U(j), t, c, s, low, high)


@compiled(**FAST)
def fill_normal(z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int) -> None:
    """Fill the first 4 n entries of z, single or double precision, with standard normals."""
    widest()
    t, c, s, low, high = U(step), U(chain), U(stream), U(k0), U(k1)
    for j in range(n):
        w0, w1, w2, w3 = philox4x32(U(j), t, c, s, low, high)
        z[j], z[n + j] = normal_pair(z, w0, w1)
        z[2 * n + j], z[3 * n + j] = normal_pair(z, w2, w3)


@compiled(**FAST)
def fill_laplace(z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int) -> None:
    """Fill the first 4 n entries of z with Laplace entries of unit mean square."""
    widest()
    words = np.empty(4 * n, np.uint32)
    fill_words(words, n, step, chain, stream, k0, k1)
    for i in range(4 * n):
        z[i] = laplace(z, words[i])


@compiled(**FAST)
def fill_mixture(
    z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int, share: float, large: float, small: float
) -> None:
    """Fill the first 4 n entries of z with normals times ``large`` with probability ``share``, else ``small``."""
    widest()
    words = np.empty(4 * n, np.uint32)
    fill_words(words, n, step, chain, MASK, k0, k1)
    fill_normal(z, n, step, chain, stream, k0, k1)
    often, seldom = z.dtype.type(small), z.dtype.type(large)
    for i in range(4 * n):
        z[i] *= seldom if uniform(words[i]) < share else often


@compiled(**FAST)
def fill_student(z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int, freedom: int) -> None:
    """Fill the first 4 n entries of z with Student's t of unit mean square."""
    widest()
    x, number = np.empty(4 * n, z.dtype), z.dtype.type
    for i in range(4 * n):
        z[i] = 0
    for k in range(freedom):
        fill_normal(x, n, step, chain, CHI + k, k0, k1)
        for i in range(4 * n):
            z[i] += x[i] * x[i]
    fill_normal(x, n, step, chain, stream, k0, k1)
    for i in range(4 * n):
        z[i] = x[i] * number(math.sqrt(number(freedom - 2) / z[i]))


@compiled(**INLINE)
def fill(z: Any, n: int, step: int, chain: int, stream: int, k0: int, k1: int, kind: int, parameters: Any) -> None:
    """Fill the first 4 n entries of z, single or double precision, with entries of a kind.

    ``parameters`` is an array of the kind's parameters; z must hold the entries up to a multiple of four.
    """
    widest()
    if kind == LAPLACE:
        fill_laplace(z, n, step, chain, stream, k0, k1)
    elif kind == MIXTURE:
        fill_mixture(z, n, step, chain, stream, k0, k1, parameters[0], parameters[1], parameters[2])
    elif kind == STUDENT:
        fill_student(z, n, step, chain, stream, k0, k1, int(parameters[0]))
    else:
        fill_normal(z, n, step, chain, stream, k0, k1)


@compiled(nogil=True, **FAST)
def fill_chains(out: Any, chains: Any, step: int, stream: int, k0: int, k1: int, kind: int, parameters: Any) -> None:
    """Fill out [chains, dim] with entries of a kind; threads may each fill some of the chains."""
    widest()
    dim = out.shape[1]
    n = (dim + 3) // 4
    z = np.empty(4 * n, out.dtype)
    for i in range(len(chains)):
        fill(z, n, step, chains[i], stream, k0, k1, kind, parameters)
        for j in range(dim):
            out[i, j] = z[j]
