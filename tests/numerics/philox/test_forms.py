"""Every form against the reference: words bit by bit, entries to rounding, and the law of the entries.

A comparison with a probability holds within six standard errors: a false alarm in 5e8.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from numerics import philox
from numerics.philox import drawing, reference, tensors
from tests.numerics.philox.test_words import KNOWN

compiled = pytest.importorskip("numerics.philox.compiled", reason="numba is not installed")

SEED = (0x299F31D0 << 32) + 0xA4093822
CHAINS = [0, 7, 2**32 - 1]
LAWS = {
    "normal": philox.normal(),
    "laplace": philox.laplace(),
    "sparse": philox.sparse(0.1),
    "rare_large": philox.rare_large(0.1, 10.0),
    "student": philox.student(5),
}
FOURTH = {
    "normal": 3.0,
    "laplace": 6.0,
    "sparse": 30.0,
    "rare_large": 3 * (0.9 + 0.1 * 10**4) / (0.9 + 0.1 * 10**2) ** 2,
}
LIMITS = {torch.float32: 5e-6, torch.float64: 1e-13}


def expected(law, dim, chains=CHAINS, step=11):
    """The reference's entries [chains, dim]."""
    return np.stack([reference.entries(law, SEED, chain, step, philox.Stream.NOISE, dim) for chain in chains])


def pairs(x, y, dtype):
    """Normal pairs [2, n] of the compiled form, at given words."""
    fill = np.empty((2, len(x)), dtype)
    PAIR[dtype](x, y, fill)
    return fill


def _pairs_of(pair):
    @compiled.njit(**compiled.FAST)
    def loop(x, y, out):
        for i in range(len(x)):
            out[0, i], out[1, i] = pair(x[i], y[i])

    return loop


PAIR = {np.float32: _pairs_of(compiled.normal_pair32), np.float64: _pairs_of(compiled.normal_pair64)}


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers(counter, key, answer):
    """The forms number their blocks themselves: they reach the known answers whose block they can count to."""
    block, step, chain, stream = counter
    seed = key[0] + (key[1] << 32)
    if block == 0:
        words = np.empty(4, np.uint32)
        compiled.fill_words(words, 1, step, chain, stream, *key)
        assert tuple(words) == answer
        assert tuple(tensors.words(seed, torch.tensor([chain]), step, stream, 1)[0, 0].tolist()) == answer
    assert tuple(compiled.philox4x32(*map(np.uint32, (*counter, *key)))) == answer


@pytest.mark.parametrize("stream", philox.Stream)
def test_words_are_the_reference(stream):
    """Words of every chain and stream, under a seed of 64 bits and at a step of 32."""
    step, blocks = 2**32 - 5, 33
    found = tensors.words(SEED, torch.tensor(CHAINS), step, stream, blocks).numpy()
    words = np.empty(4 * blocks, np.uint32)
    for row, chain in zip(found, CHAINS, strict=True):
        right = reference.words(SEED, chain, step, stream, blocks)
        assert np.array_equal(row, right)
        compiled.fill_words(words, blocks, step, chain, stream, SEED % 2**32, SEED >> 32)
        assert np.array_equal(words.reshape(4, blocks).T, right)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("form", drawing.FORMS)
@pytest.mark.parametrize("law", LAWS)
def test_entries_are_the_reference(law, form, dtype):
    """Entries of every kind, relative to the largest where it exceeds one; dim is no multiple of four."""
    right = expected(LAWS[law], 203)
    found = philox.entries(LAWS[law], SEED, CHAINS, 11, philox.Stream.NOISE, 203, dtype, form=form)
    assert found.dtype == dtype
    assert np.abs(found.numpy() - right).max() < LIMITS[dtype] * max(1, np.abs(right).max())
    other = philox.entries(LAWS[law], SEED, CHAINS, 12, philox.Stream.NOISE, 203, dtype, form=form)
    assert np.abs(other.numpy() - right).max() > 0.1


@pytest.mark.parametrize(("dtype", "limit"), [(np.float32, 2e-6), (np.float64, 1e-14)])
def test_normals_at_the_ends_of_the_words(dtype, limit):
    """Both words next to every power of two, where logarithm, sine and sign change their branch."""
    edges = np.unique([(2**k + i) % 2**32 for k in range(33) for i in range(-3, 4)]).astype(np.uint32)
    root = np.arange(-50, 50) + int(2**32 * math.sqrt(0.5))
    x, y = (grid.ravel() for grid in np.meshgrid(np.concatenate([edges, root.astype(np.uint32)]), edges))
    assert np.abs(pairs(x, y, dtype) - reference.normal_pair(x, y)).max() < limit


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("law", LAWS)
def test_threads_and_batches_change_nothing(law, dtype):
    """The chains one by one, from four threads, in another order: the same bits."""
    chains = list(range(16))

    def draw(part):
        return philox.entries(LAWS[law], SEED, part, 3, philox.Stream.NOISE, 50, dtype, form="compiled")

    whole = draw(chains)
    with ThreadPoolExecutor(4) as pool:
        assert torch.equal(torch.cat(list(pool.map(draw, ([chain] for chain in chains)))), whole)
    assert torch.equal(draw(chains[::-1]).flip(0), whole)
    assert not torch.equal(draw([chain + 1 for chain in chains]), whole)


def within(samples, mean):
    """Whether the mean of independent samples is the given one to six standard errors."""
    return abs(samples.mean() - mean) < 6 * samples.std(ddof=1) / math.sqrt(samples.size)


@pytest.mark.parametrize("law", LAWS)
def test_moments(law):
    """Mean 0, mean square 1, the fourth moment of the law, and neighbours that are not correlated."""
    z = philox.entries(LAWS[law], 5, range(64), 0, philox.Stream.NOISE, 4096).numpy()
    assert within(z, 0)
    assert within(z**2, 1)
    assert not within(z**2, 1.1)
    for shift in (1, 1024, 2048):
        assert within(z[:, shift:] * z[:, :-shift], 0)
    assert within(z[1:] * z[:-1], 0)
    if law in FOURTH:
        assert within(z**4, FOURTH[law])
        assert not within(z**4, 1.5 * FOURTH[law])


def test_words_are_uniform():
    """Chi square of each byte of each word over 2^16 blocks, within six standard deviations of 255."""
    words = reference.words(1, 2, 3, 4, 2**16)
    for shift in (0, 8, 16, 24):
        for column in (words >> np.uint32(shift) & np.uint32(255)).T:
            counts = np.bincount(column, minlength=256)
            assert abs(((counts - 256) ** 2).sum() / 256 - 255) < 6 * math.sqrt(2 * 255)


def test_laplace_sizes_are_exponential():
    """P(z > x) = exp(-x sqrt(2))/2 on either side."""
    z = philox.entries(philox.laplace(), 5, range(64), 0, philox.Stream.NOISE, 1024).numpy()
    for x in (0.1, 1.0, 3.0):
        for side in (z, -z):
            assert within((side > x).astype(float), math.exp(-x * math.sqrt(2)) / 2)


def test_student_has_its_kurtosis():
    """3 + 6/(freedom - 4), at a freedom whose eighth moment is finite."""
    z = philox.entries(philox.student(12), 5, range(64), 0, philox.Stream.NOISE, 1024).numpy()
    assert within(z**4, 3.75)
    assert not within(z**4, 3.0)


def test_mask_of_share_one_is_no_mask():
    """sparse(1) is the normal law, exactly."""
    assert np.array_equal(expected(philox.sparse(1.0), 64), expected(philox.normal(), 64))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: philox.mixture(0.5, 2.0, 1.0), "large = 2.0 and small = 1.0"),
        (lambda: philox.mixture(0.0, 1.0, 1.0), "share = 0.0"),
        (lambda: philox.sparse(0.0), "density = 0.0"),
        (lambda: philox.rare_large(1.5, 2.0), "share = 1.5"),
        (lambda: philox.student(2), "freedom = 2"),
        (lambda: philox.entries(philox.normal(), -1, [0], 0, 0, 4), "seed = -1"),
        (lambda: philox.entries(philox.normal(), 0, [0], 2**32, 0, 4), "step = 4294967296"),
        (lambda: philox.entries(philox.normal(), 0, [-1, 2], 0, 0, 4), "chains = -1 to 2"),
        (lambda: philox.entries(philox.normal(), 0, [0], 0, 0, 4, form="dice"), "form = dice"),
    ],
)
def test_bad_input_is_named(make, named):
    """One line that names what is wrong."""
    with pytest.raises(ValueError, match=named):
        make()


def test_without_numba_torch_draws(monkeypatch):
    """The same entries, and a clear word for who insists on numba."""
    right = philox.entries(philox.normal(), SEED, CHAINS, 11, 0, 64)
    monkeypatch.setattr(drawing, "compiled_form", lambda: None)
    found = philox.entries(philox.normal(), SEED, CHAINS, 11, 0, 64)
    assert found.numpy() == pytest.approx(right.numpy(), abs=1e-13)
    with pytest.raises(ValueError, match="needs numba"):
        philox.entries(philox.normal(), SEED, CHAINS, 11, 0, 64, form="compiled")
