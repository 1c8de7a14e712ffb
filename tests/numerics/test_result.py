"""Results: estimates as from whole trajectories, configurations apart and paired, saved and loaded.

Coverage is compared within six of its own standard errors.
"""

import json
import math
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from numerics import simulate, update_for
from numerics.accumulate import CHUNK
from numerics.errors import BadSimulation
from numerics.estimates import ESTIMATES, compare
from numerics.provenance import Provenance, source_hash, versions
from numerics.recording import STATISTICS, Recorder
from numerics.result import Result
from numerics.statistics import ShortChain, jackknife
from numerics.updates import Start, State
from tests.compare import close
from tests.numerics.test_recording import feed, walk
from tests.numerics.test_statistics import SIX_DEVIATIONS

pytestmark = pytest.mark.chance(0)

SETTINGS = {
    "rule": "sgdm", "law": "fixed", "dim": 16, "replicas": 3, "steps": 700, "seed": 5, "engine": "torch",
    "device": "cpu", "dtype": "float64", "grad_norm": 1.0, "start_norm": 2.0,
}  # fmt: skip


def result(configurations=2, replicas=3, steps=700, seed=0, **settings):
    """A result of random turns with everything in it."""
    chunks = walk(configurations * replicas, steps, seed)
    recorder = feed(Recorder(configurations, replicas, steps, 1, 100, STATISTICS), chunks)
    w = torch.randn(configurations, replicas, 4, generator=torch.Generator().manual_seed(1))
    hyper = [{"lr": 0.1 * (k + 1), "momentum": None} for k in range(configurations)]
    origin = Provenance.here(duration=1.5, hyperparameters=hyper, **SETTINGS)
    return Result.of(recorder, several=True, end=Start(w, State(w + 1, steps=7)), provenance=origin)


def same(first, second):
    """Whether two results are equal in everything, to the last bit."""
    for field in fields(Result):
        a, b = getattr(first, field.name), getattr(second, field.name)
        if isinstance(a, np.ndarray):
            equal = a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype == np.float64)
        elif field.name == "last" and a is not None and b is not None:
            a, b = first.end, second.end
            equal = torch.equal(a.weights, b.weights) and torch.equal(a.state.buffer, b.state.buffer)
            equal = equal and replace(a.state, buffer=None) == replace(b.state, buffer=None)
        else:
            equal = a == b
        if not equal:
            return False
    return True


def test_estimates_are_those_of_the_whole_trajectory():
    """Each property that a run of all steps has, from sums alone; another burn-in gives others."""
    run = simulate(update_for("sgdm", {"lr": 0.1, "wd": 0.5, "momentum": 0.9}), dim=8, replicas=6, steps=400, seed=2)
    perpendicular = run.squared_norm[1:] * np.sin(run.angle) ** 2
    chunks = run.squared_norm.T, run.lost_overlap.T, perpendicular.T
    found = Result.of(feed(Recorder(1, 6, 400, 1, 150), chunks))
    means = np.stack([run.squared_norm[150:-1], run.lost_overlap[150:], run.angle[150:]]).mean(axis=1).T
    from_means = {
        "equilibrium_norm": lambda m: np.sqrt(m[..., 0]),
        "one_minus_cosine": lambda m: m[..., 1] / m[..., 0],
        "cos_angular_update": lambda m: 1 - m[..., 1] / m[..., 0],
        "angular_update": lambda m: np.arccos(1 - m[..., 1] / m[..., 0]),
        "mean_angle": lambda m: m[..., 2],
    }
    for name, statistic in from_means.items():
        mine, expected = getattr(found, name), jackknife(means, statistic)
        assert mine.value == close(expected.value, 1e-11), name
        assert mine.standard_error == close(expected.standard_error, 1e-6), name
        assert mine.value != close(getattr(run, name).value, 1e-6), name
    assert np.array_equal(found.squared_norm, run.squared_norm)
    assert np.array_equal(found.lost_overlap, run.lost_overlap)
    assert found.replicas == 6
    late = run.angle[150:]
    assert found.mean_cosine.value == close(np.cos(late).mean(), 1e-12)
    assert found.mean_chord.value == close(2 * np.sin(late / 2).mean(), 1e-12)
    squares = (late**2).mean(axis=0)
    shift = np.sqrt((squares.sum() - squares) / 5) - math.sqrt(squares.mean())
    assert found.rms_angle.value == close(math.sqrt(squares.mean()) - 5 * shift.mean(), 1e-10)
    assert found.mean_angle.value < found.rms_angle.value


def test_variance_of_the_squared_norm_is_that_of_all_steps_and_replicas():
    """Of white steps the jackknifed variance is the unbiased one, where norms lie apart between replicas too."""
    chunks = walk(4, 600, seed=3)
    chunks[0][0] += 1.0
    found = Result.of(feed(Recorder(1, 4, 600), chunks)).squared_norm_variance
    before = chunks[0][:, :-1]
    means, squares = before.mean(axis=1), (before**2).mean(axis=1)
    unbiased = squares.mean() - means.mean() ** 2 + means.var(ddof=1) / 4
    assert found.value == close(unbiased, 1e-9)
    assert found.value != close(before.var(axis=1).mean(), 0.1)


def test_configurations_lie_along_an_axis():
    """``result[k]`` is what a run of configuration k alone would have given."""
    both = result()
    assert both.squared_norm.shape == (701, 2, 3)
    assert both.lost_overlap.shape == both.angle.shape == (700, 2, 3)
    assert len(both) == both.configurations == len(list(both)) == 2
    chunks = walk(6, 700)
    for k in (0, 1, -1):
        first = 3 * (k % 2)
        recorder = feed(Recorder(1, 3, 700, 1, 100, STATISTICS), tuple(x[first : first + 3] for x in chunks))
        alone = Result.of(recorder, end=both[k].end, provenance=both[k].provenance)
        assert same(alone, both[k])
        assert not same(alone, both[k - 1])
    assert torch.equal(both[1].end.weights, both.end.weights[1])
    assert both[1].end.state.steps == 7
    assert both[1].provenance.hyperparameters == {"lr": 0.2, "momentum": None}
    with pytest.raises(IndexError, match="configuration 2 is outside the 2 that there are"):
        both[2]
    with pytest.raises(BadSimulation, match=r"the result holds 2 configurations; take one, as result\[0\]"):
        _ = both.mean_angle
    with pytest.raises(TypeError, match="one configuration"):
        both[0][0]


def paired(generator, experiments, replicas, shared):
    """Means and zero variances [5, replicas] of two configurations a fifth apart, their noise shared or not."""
    noise = generator.standard_normal((2, experiments, replicas))
    second = noise[0] + 0.1 * noise[1] if shared else noise[1]
    for mine, theirs in zip(1.2 + 0.05 * noise[0], 1 + 0.05 * second, strict=True):
        yield tuple((np.tile(mean, (5, 1)), np.zeros((5, replicas))) for mean in (mine, theirs))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("ratio", [True, False])
def test_paired_differences_cover(shared, ratio):
    """A 95% interval (Student's t) holds the truth in 95% of experiments, whether noise is shared or not."""
    replicas, experiments, quantile = 8, 2000, 2.3646
    truth = 1.2 if ratio else 0.2
    held = wrong = 0
    for ours, theirs in paired(np.random.default_rng(4), experiments, replicas, shared):
        found = compare("mean_angle", ours, theirs, ratio)
        held += abs(found.value - truth) <= quantile * found.standard_error
        wrong += abs(found.value - truth) <= quantile * 0.5 * found.standard_error
    assert held / experiments == pytest.approx(0.95, abs=SIX_DEVIATIONS)
    assert wrong / experiments < 0.95 - SIX_DEVIATIONS


def test_sharing_noise_makes_differences_sharper():
    """Two configurations under the same noise: the paired error is below a third of the unpaired one."""
    alone, shared, other = walk(8, 700, 5), walk(8, 700, 5), walk(8, 700, 6)
    for partner, sharp in ((shared, True), (other, False)):
        turned = tuple(x * factor for x, factor in zip(partner, (1.1, 1.1, 1.21), strict=True))
        chunks = tuple(np.concatenate(pair) for pair in zip(alone, turned, strict=True))
        found = Result.of(feed(Recorder(2, 8, 700, 0), chunks), several=True)
        for name in ("mean_angle", "equilibrium_norm"):
            errors = [getattr(found[k], name).standard_error for k in (0, 1)]
            difference = found.difference(1, 0, name)
            expected = getattr(found[1], name).value - getattr(found[0], name).value
            assert difference.value == pytest.approx(expected, abs=1e-3 * math.hypot(*errors))
            assert (difference.standard_error < math.hypot(*errors) / 3) is sharp
    assert found.difference(0, 0, "mean_angle", ratio=True).value == close(1, 1e-14)
    with pytest.raises(BadSimulation, match="quantity = median is unknown; known are equilibrium_norm"):
        found.difference(0, 1, "median")


def test_every_estimate_has_its_property():
    """The table of estimates and the properties are the same things."""
    one = result()[0]
    for name in ESTIMATES:
        assert getattr(one, name) == one.estimate(name)


def test_autocorrelation_and_histogram_are_there_where_asked_for():
    """White steps have autocorrelation time 1; histograms have the steps' quantiles; without them, refused."""
    one = result(replicas=32, steps=2000)[1]
    late = walk(64, 2000)[0][32:, 100:2000]
    assert one.autocorrelation_time() == pytest.approx(1, abs=0.1)
    assert one.autocorrelation_time("angle") == pytest.approx(1, abs=0.1)
    histogram = one.histogram("squared_norm")
    assert histogram.count.sum() == late.size
    for share in (0.02, 0.5, 0.98):
        assert histogram.quantile(share) == close(np.quantile(late, share), 2 / 256)
        assert histogram.quantile(share) != close(np.quantile(late, 0.7 * share), 2 / 256)
    bare = Result.of(feed(Recorder(1, 2, 300, statistics=("mean",)), walk(2, 300)))
    with pytest.raises(BadSimulation, match="histogram was not among them"):
        bare.histogram("angle")
    with pytest.raises(BadSimulation, match="autocorrelation was not among them"):
        bare.autocorrelation_time()
    with pytest.raises(BadSimulation, match="quantity = chord is unknown; known are squared_norm, angle"):
        one.autocorrelation_time("chord")
    with pytest.raises(ShortChain):
        Result.of(feed(Recorder(1, 2, 20), walk(2, 20))).autocorrelation_time()


def test_a_run_cut_short_gives_what_it_has():
    """Before the end the result is of the steps so far; before the burn-in's end there is none."""
    chunks = walk(2, 2000)
    recorder = feed(Recorder(1, 2, 2000, 1, 300), chunks, until=CHUNK)
    with pytest.raises(BadSimulation, match="burn_in = 300 leaves none of the 256 steps"):
        Result.of(recorder)
    found = Result.of(feed(recorder, chunks, until=3 * CHUNK))
    assert found.steps == len(found.angle) == 768
    assert found.mean[0] == close(chunks[0][:, 300:768].mean(axis=1), 1e-13)


def test_save_and_load(tmp_path):
    """What was saved comes back equal: arrays, end, provenance; for several configurations and for one, with no end."""
    both = result()
    for index, one in enumerate((both, both[1], replace(both[0], last=None, provenance=None))):
        one.save(tmp_path / f"{index}.smd")
        assert same(Result.load(tmp_path / f"{index}.smd"), one)
    assert not same(Result.load(tmp_path / "1.smd"), both[0])
    with pytest.raises(BadSimulation, match="no weights at its end"):
        _ = Result.load(tmp_path / "2.smd").end
    assert len(list(tmp_path.iterdir())) == 3


def test_provenance_names_what_ran():
    """Versions, sources and settings are those of this process, and the file has them as JSON."""
    origin = result().provenance
    assert origin.versions == versions()
    assert origin.versions["numpy"] == np.__version__
    assert origin.source == source_hash()
    assert len(origin.source) == 64
    assert (origin.rule, origin.seed, origin.dim, origin.duration) == ("sgdm", 5, 16, 1.5)


def test_a_later_format_is_refused(tmp_path):
    """A file of the next version is refused by name, and one of this version is not."""
    path = tmp_path / "run.smd"
    result().save(path)
    assert Result.load(path).steps == 700
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(parts["spherical-motion.json"])
    header["version"] += 1
    parts["spherical-motion.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(BadSimulation, match="has version 2 of the spherical-motion result; versions up to 1 are known"):
        Result.load(path)
