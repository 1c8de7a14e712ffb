"""The recorder against all steps at once: moments, trajectories, histograms, autocorrelation, restored states."""

import math

import numpy as np
import pytest

from numerics import accumulate, recording
from numerics.accumulate import CHUNK, COUNTED, OCTAVE_BITS, QUANTITIES
from numerics.errors import BadSimulation
from numerics.recording import STATISTICS, Recorder
from numerics.slices import in_slices
from numerics.statistics import ShortChain, autocorrelation_time, block_autocorrelation_time
from tests.compare import close
from tests.numerics.test_statistics import ar1

BACKENDS = ["numpy", "compiled"]


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """The recorder with numpy and with numba."""
    if request.param == "numpy":
        monkeypatch.setattr(recording, "compiled", accumulate)
    else:
        pytest.importorskip("numba", reason="numba is not installed")


def walk(chains, steps, seed=0):
    """|w_t|^2 [chains, steps + 1], lost overlap and squared perpendicular part [chains, steps] of random turns."""
    generator = np.random.default_rng(seed)
    norms = np.exp(0.1 * generator.standard_normal((chains, steps + 1)))
    angles = np.abs(0.1 + 0.02 * generator.standard_normal((chains, steps)))
    before, after = norms[:, :-1], norms[:, 1:]
    return norms, before - np.sqrt(before * after) * np.cos(angles), after * np.sin(angles) ** 2


def feed(recorder, chunks, until=None, threads=1):
    """Hand over the steps from the recorder's own on, chunk by chunk; some of the chains by each of several threads."""
    norms, losts, perpendiculars = chunks
    if recorder.step == 0:
        recorder.start(norms[:, 0])
    while recorder.step < (until or recorder.steps):
        now = slice(recorder.step, min(recorder.step + CHUNK, recorder.steps))
        after = slice(now.start + 1, now.stop + 1)
        chunk = norms[:, after], losts[:, now], perpendiculars[:, now]
        if threads == 1:
            recorder.add(recorder.step, *chunk)
        else:
            in_slices(lambda a, b, chunk=chunk: recorder.take(a, *(x[a:b] for x in chunk)), len(norms), threads)
            recorder.complete()
    return recorder


def whole(chunks):
    """The QUANTITIES of every step [5, chains, steps] by the textbook."""
    norms, losts, perpendiculars = chunks
    before = norms[:, :-1]
    angle = np.arctan2(np.sqrt(perpendiculars * before), before - losts)
    return np.stack([before, losts, angle, 2 * np.sin(angle / 2) ** 2, 2 * np.sin(angle / 2)])


@pytest.mark.parametrize("burn_in", [0, 100, 256, 300, 699])
def test_moments_are_those_of_all_steps(backend, burn_in):
    """Mean and variance of each quantity run over the steps from the burn-in on, and over no others."""
    chunks = walk(6, 700)
    mean, variance = feed(Recorder(2, 3, 700, 0, burn_in), chunks).moments
    late = whole(chunks)[:, :, burn_in:]
    assert mean == close(late.mean(axis=2), 1e-13)
    assert variance == pytest.approx(late.var(axis=2), rel=1e-11, abs=1e-30)
    shifted = whole(chunks)[:, :, burn_in - 1 if burn_in else 1 :]
    assert mean != close(shifted.mean(axis=2), 1e-7)


@pytest.mark.parametrize("record", [1, 7, 256, 300])
def test_trajectories_are_every_record_th_step(backend, record):
    """Norms at 0, r, 2r, ... and what the steps that leave there lost and turned."""
    chunks = walk(4, 1000)
    norms, losts, angles = feed(Recorder(1, 4, 1000, record), chunks).trajectories
    records = 1000 // record
    assert np.array_equal(norms, chunks[0].T[::record])
    assert np.array_equal(losts, chunks[1].T[::record][:records])
    assert angles == close(whole(chunks)[2].T[::record][:records], 1e-14)
    assert norms.shape == (records + 1, 4)
    if record > 1:
        assert not np.array_equal(norms[1:], chunks[0].T[: records * record : record][:records])


def test_no_records_are_kept_where_none_are_asked_for(backend):
    """With record 0 the trajectories are empty and the means the same."""
    chunks = walk(4, 300)
    none, every = (feed(Recorder(1, 4, 300, record), chunks) for record in (0, 1))
    assert [len(x) for x in none.trajectories] == [0, 0, 0]
    assert all(np.array_equal(a, b) for a, b in zip(none.moments, every.moments, strict=True))


def hard_turns():
    """Squared norms and turns over many magnitudes, angles from 1e-9 to pi: [16, 256] each."""
    generator = np.random.default_rng(1)
    small = 10.0 ** generator.uniform(-9, 0, (8, CHUNK))
    angle = np.concatenate([small, math.pi * generator.random((8, CHUNK))])
    before, after = 10.0 ** generator.uniform(-90, 90, angle.shape), 10.0 ** generator.uniform(-90, 90, angle.shape)
    return before, before - np.sqrt(before) * np.sqrt(after) * np.cos(angle), after * np.sin(angle) ** 2


def test_the_polynomial_angle_is_the_arc_tangent():
    """Angle, 1 - cosine and chord by the polynomial are numpy's to 1e-14 at any angle and any ratio of norms."""
    compiled = pytest.importorskip("numerics.accumulate_numba", reason="numba is not installed")
    before, lost, perpendicular = hard_turns()
    expected = accumulate.turn(before, lost, perpendicular)
    found = np.empty((3, *before.shape))
    for n in range(len(before)):
        compiled.turn(before[n], lost[n], perpendicular[n], CHUNK, *found[:, n])
    assert found == close(np.array(expected), 1e-14)
    by_division = np.arctan2(np.sqrt(perpendicular) * np.sqrt(before), before - lost)
    assert found[0] == close(by_division, 1e-14)
    assert np.arccos(1 - found[1]) != close(found[0], 1e-10), "the cosine itself has lost small angles"


def test_turns_at_the_ends():
    """No turn is 0, a reversal pi, a right angle pi/2; a weight at zero has no direction."""
    before, lost, across = np.array([[1.0, 1, 1, 0, 1]]), np.array([[0.0, 2, 1, 0, 1]]), np.array([[0.0, 0, 1, 1, 0]])
    expected = [[0, math.pi, math.pi / 2, math.nan, math.nan], [0, 2, 1, math.nan, math.nan]]
    for module in (accumulate, pytest.importorskip("numerics.accumulate_numba", reason="numba is not installed")):
        if module is accumulate:
            found = [x[0] for x in module.turn(before, lost, across)]
        else:
            found = np.empty((3, 5))
            module.turn(before[0], lost[0], across[0], 5, *found)
        assert found[0] == pytest.approx(expected[0], rel=1e-15, abs=0, nan_ok=True)
        assert found[1] == pytest.approx(expected[1], rel=1e-15, abs=0, nan_ok=True)


def test_both_backends_agree(monkeypatch):
    """Numba and numpy keep the same state: counts exactly, sums to rounding."""
    pytest.importorskip("numba", reason="numba is not installed")
    chunks = walk(6, 1500)
    settings = {"steps": 1500, "record": 3, "burn_in": 77, "statistics": STATISTICS}
    first = feed(Recorder(2, 3, **settings), chunks).arrays()
    monkeypatch.setattr(recording, "compiled", accumulate)
    second = feed(Recorder(2, 3, **settings), chunks).arrays()
    for name, value in first.items():
        if name in ("table", "pages"):
            continue
        if value.dtype == np.float64:
            assert value == pytest.approx(second[name], rel=1e-11, abs=1e-11), name
        else:
            assert np.array_equal(value, second[name]), name
    assert first["pages"].sum() == second["pages"].sum() == 6 * 4 * (1500 - 77)


def test_chains_do_not_know_of_each_other_nor_of_threads(backend):
    """A chain's moments are bit for bit the same alone, among others, and by several threads."""
    chunks = walk(6, 900)
    together = feed(Recorder(1, 6, 900, 0), chunks).moments
    apart = [feed(Recorder(1, 2, 900, 0), tuple(x[n : n + 2] for x in chunks)).moments for n in (0, 2, 4)]
    assert np.array_equal(together, np.concatenate(apart, axis=2))
    assert np.array_equal(together, feed(Recorder(1, 6, 900, 0), chunks, threads=3).moments)


@pytest.mark.parametrize("until", [256, 1024])
def test_a_restored_recorder_continues_bit_for_bit(backend, until):
    """Arrays taken at the end of a chunk lead to the same end; with one bit of them altered they do not."""
    chunks = walk(4, 1400)
    settings = {"steps": 1400, "record": 5, "burn_in": 300, "statistics": STATISTICS}
    straight = feed(Recorder(2, 2, **settings), chunks)
    half = feed(Recorder(2, 2, **settings), chunks, until=until).arrays()
    ends = straight.arrays()
    resumed = feed(Recorder.restore(half), chunks).arrays()
    assert all(np.array_equal(ends[name], resumed[name]) for name in ends)
    half["last"] = np.nextafter(half["last"], 2)
    half["sums"] = half["sums"] + 1e-3
    altered = feed(Recorder.restore(half), chunks).arrays()
    assert not np.array_equal(ends["sums"], altered["sums"])


def test_arrays_are_a_copy(backend):
    """What was taken does not change when the run goes on."""
    chunks = walk(2, 600)
    recorder = feed(Recorder(1, 2, 600), chunks, until=256)
    taken = recorder.arrays()
    before = {name: value.copy() for name, value in taken.items()}
    feed(recorder, chunks)
    assert all(np.array_equal(taken[name], before[name]) for name in taken)


def test_histograms_lose_nothing(backend):
    """Every measured step is in the bin that holds it, zero, infinity and NaN too."""
    norms, losts, perpendiculars = walk(4, 600)
    norms[:, 400:] *= 1e-250
    losts[0, 500], perpendiculars[0, 500] = 0.0, 0.0
    norms[3, 599:] = math.inf
    losts[2, 599] = math.nan
    chunks = norms, losts, perpendiculars
    bins, counts = feed(Recorder(2, 2, 600, 0, 100, STATISTICS), chunks).histogram
    assert counts.sum() == 4 * 4 * 500
    assert counts.dtype == np.int64
    norm = COUNTED.index(QUANTITIES.index("squared_norm"))
    for configuration in (0, 1):
        late = norms[2 * configuration : 2 * configuration + 2, 100:600]
        mine = (bins[:, 0] == configuration) & (bins[:, 1] == norm)
        lower = (bins[mine, 2] << (52 - OCTAVE_BITS)).view(np.float64)
        upper = ((bins[mine, 2] + 1) << (52 - OCTAVE_BITS)).view(np.float64)
        inside = (late[..., None] >= lower) & ((late[..., None] < upper) | np.isinf(lower))
        assert np.array_equal(inside.sum(axis=(0, 1)), counts[mine])
        assert not np.array_equal(inside[:, 1:].sum(axis=(0, 1)), counts[mine]), "a lost step shows"
        finite = np.isfinite(upper) & (lower > 0)
        assert np.all(upper[finite] / lower[finite] <= 1 + 2.0**-OCTAVE_BITS)
    angle = bins[bins[:, 1] == COUNTED.index(2)]
    assert 0 in angle[:, 2]
    assert (angle[:, 2] >> OCTAVE_BITS).max() == 2047


def record_series(series, burn_in=0):
    """Number of blocks and the variances of their sums where the squared norm is ``series`` [replicas, steps]."""
    steps = series.shape[1]
    norms = np.concatenate([series, series[:, -1:]], axis=1)
    chunks = norms, np.zeros_like(series), np.zeros_like(series)
    counts, variances = feed(Recorder(1, len(series), steps, 0, burn_in), chunks).block_variances
    return counts, variances[0, 0]


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9, 0.98])
def test_autocorrelation_time_of_ar1(backend, rho):
    """Streaming over blocks gives (1 + rho)/(1 - rho), and what the whole chain gives, within six deviations."""
    replicas, steps = 32, 20000
    series = 100 + ar1(rho, replicas, steps, seed=7)
    found = block_autocorrelation_time(*record_series(series, burn_in=100))
    exact = (1 + rho) / (1 - rho)
    window = 10 * max(exact, 1)
    error = 6 * max(exact, 1) * math.sqrt(2 * window / (replicas * steps))
    assert found == pytest.approx(exact, abs=error)
    assert found == pytest.approx(autocorrelation_time(series), abs=error)
    assert found != pytest.approx(exact / 2, abs=error)


def test_block_variances_are_those_of_the_blocks(backend):
    """At each level the variance of sums over neighbouring blocks; a far offset takes nothing away."""
    series = 1e6 + ar1(0.9, 3, 5000, seed=3)
    counts, variances = record_series(series)
    assert np.array_equal(counts[:9], [5000 // 2**k if k < 8 else 19 for k in range(9)][:9])
    for level in range(len(counts)):
        whole_chunks = series[:, : 5000 - 5000 % CHUNK] if level >= 8 else series
        rows = whole_chunks[:, : counts[level] << level].reshape(3, counts[level], -1)
        if counts[level] > 1:
            sums = (rows - 1e6).sum(axis=2)
            assert variances[level] == pytest.approx(sums.var(axis=1, ddof=1).mean(), rel=1e-9)
            assert variances[level] != pytest.approx(sums.var(axis=1).mean(), rel=1e-6)


def test_a_short_or_constant_chain_has_no_autocorrelation_time(backend):
    """Fewer than 50 times tau, or no change at all, are refused as for whole chains; longer ones are not."""
    slow = ar1(0.99, 16, 20000, seed=5)
    with pytest.raises(ShortChain, match="a chain of 3000 steps holds fewer than 50 times its autocorrelation time"):
        block_autocorrelation_time(*record_series(100 + slow[:, :3000]))
    assert block_autocorrelation_time(*record_series(100 + slow)) == pytest.approx(199, rel=0.3)
    with pytest.raises(ShortChain, match="holds fewer than 50"):
        block_autocorrelation_time(*record_series(100 + slow[:, :10]))
    with pytest.raises(ShortChain, match="a constant chain has no autocorrelation time"):
        block_autocorrelation_time(*record_series(np.full((4, 500), 3.0)))
    with pytest.raises(ShortChain, match="a chain that is not finite"):
        block_autocorrelation_time(*record_series(np.full((4, 500), math.inf)))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"record": -1}, r"record = -1 is outside its range \[0, inf\)"),
        ({"burn_in": 10}, r"burn_in = 10 is outside its range \[0, 10\)"),
        ({"statistics": ("median",)}, "statistics = median is unknown; known are mean, autocorrelation, histogram"),
    ],
)
def test_settings_without_meaning_are_refused(wrong, says):
    """A recorder that cannot be is refused, and one that can is not."""
    assert Recorder(1, 2, 10).step == 0
    with pytest.raises(BadSimulation, match=says):
        Recorder(1, 2, 10, **wrong)


def test_chunks_out_of_turn_are_refused():
    """A chunk that starts elsewhere or is shorter than due is a mistake of the engine."""
    chunks = walk(2, 600)
    recorder = Recorder(1, 2, 600)
    recorder.start(chunks[0][:, 0])
    chunk = chunks[0][:, 1:257], chunks[1][:, :256], chunks[2][:, :256]
    with pytest.raises(ValueError, match=r"at step 256, where \(2, 256\) at step 0 is due"):
        recorder.add(256, *chunk)
    with pytest.raises(ValueError, match="is due"):
        recorder.add(0, *(x[:, :100] for x in chunk))
    recorder.add(0, *chunk)
    assert recorder.step == 256
