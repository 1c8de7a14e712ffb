"""One seed gives the same bits whatever the threads, the other chains, and where the run was interrupted."""

import os
import signal

import numpy as np
import pytest

from numerics import BadSimulation, simulate
from numerics.gradients import correlated

pytestmark = pytest.mark.chance(0)

SETTINGS = {"dim": 40, "steps": 600, "replicas": 12, "seed": 4, "statistics": ("mean", "autocorrelation", "histogram")}
ENGINES = {
    "one by one": {"engine": "numba"},
    "side by side": {"engine": "numba", "dim": 16, "replicas": 50},
    "with a memory, in single precision": {"engine": "numba", "law": correlated(0.9), "dtype": "float32"},
    "folded": {"engine": "reduction", "replicas": 150},
    "torch": {"engine": "torch", "steps": 300, "law": correlated(0.9)},
}
HYPER = {"lr": 0.1, "wd": 0.2}


def run(hyper=HYPER, **settings):
    """A run of SGDM."""
    return simulate("sgdm", hyper, **{**SETTINGS, **settings})


def same(one, other):
    """Whether two results have the same bits."""
    arrays = ("squared_norm", "lost_overlap", "angle", "mean", "variance", "bins", "counts", "block_variances")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in arrays)
    if one.last is None or other.last is None:
        return equal and one.last is other.last
    ends = [(one.end.weights, other.end.weights), (one.end.state.buffer, other.end.state.buffer)]
    return equal and all(ours.equal(theirs) for ours, theirs in ends)


@pytest.mark.parametrize("case", [name for name in ENGINES if name != "torch"])
def test_threads_change_no_bit(case, monkeypatch):
    """1, 2 and 4 threads, which all have work to do."""
    for module in ("fused", "folded"):
        monkeypatch.setattr(f"numerics.engines.{module}.SMALL", 0)
    one, two, four = (run(**ENGINES[case], threads=threads) for threads in (1, 2, 4))
    assert same(one, two)
    assert same(one, four)
    assert not same(one, run(**ENGINES[case], seed=5))


@pytest.mark.parametrize("case", ENGINES)
def test_other_chains_change_no_bit(case):
    """A replica is the same among few, among many, and beside another configuration that shares its noise."""
    settings = ENGINES[case] | {"record": 7}
    whole = run(**settings)
    few = run(**settings | {"replicas": 5})
    both = run([HYPER, HYPER | {"lr": 0.3}], **settings, share_noise=True)
    for name in ("squared_norm", "lost_overlap", "angle", "mean"):
        assert np.array_equal(getattr(few, name), getattr(whole, name)[:, :5])
        assert np.array_equal(getattr(both[0], name), getattr(whole, name))
    assert not np.array_equal(both[1].squared_norm, whole.squared_norm)


def test_configurations_of_their_own_noise_come_one_after_the_other():
    """Without shared noise the second configuration has the streams that follow the first one's."""
    both, long = run([HYPER, HYPER], replicas=6), run()
    assert np.array_equal(both.squared_norm.reshape(601, 12), long.squared_norm)


def interrupt(done):
    """What Ctrl-C does, in the middle of the run."""
    if done == 256:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("case", ENGINES)
def test_an_interrupted_run_continues_bit_for_bit(case, tmp_path):
    """SIGINT leaves a checkpoint, from which the run ends as it would have; then the checkpoint is gone."""
    path = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        run(**ENGINES[case], checkpoint=path, on_step=interrupt)
    assert [file.name for file in tmp_path.iterdir()] == ["run.checkpoint"]
    steps = []
    resumed = run(**ENGINES[case], checkpoint=path, on_step=steps.append)
    assert steps[0] > 256
    assert same(resumed, run(**ENGINES[case]))
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.fixture
def interrupted(tmp_path):
    """The checkpoint of a run that was interrupted."""
    path = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        run(engine="reduction", checkpoint=path, on_step=interrupt)
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 9}, "is of another run: seed = 4 there, 9 here"),
        ({"hyper": {"lr": 0.2, "wd": 0.2}}, "is of another run: updates"),
        ({"law": "sphere"}, "is of another run: law"),
        ({"grad_norm": 2.0}, "is of another run: grad_norm = 1.0 there, 2.0 here"),
        ({"burn_in": 10}, "is of another run: burn_in = 0 there, 10 here"),
        ({"engine": "numba"}, "is of another run: engine"),
        ({"schedule": {"lr": [0.1] * 600}}, "is of another run: schedule"),
        ({"share_noise": True}, "is of another run: share = false there, true here"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_left(interrupted, change, says):
    """One line names the first setting that differs, and the file stays as it was."""
    before = interrupted.read_bytes()
    with pytest.raises(BadSimulation, match=says) as caught:
        run(**{"engine": "reduction", "checkpoint": interrupted} | change)
    assert len(str(caught.value).splitlines()) == 1
    assert interrupted.read_bytes() == before


@pytest.mark.parametrize("damage", [lambda whole: whole[:-40], lambda whole: b"text\n", lambda whole: b""])
def test_a_damaged_checkpoint_is_refused_and_left(interrupted, damage):
    """Truncated, replaced or empty: one line, nothing run, nothing written."""
    interrupted.write_bytes(damage(interrupted.read_bytes()))
    before, heard = interrupted.read_bytes(), []
    with pytest.raises(BadSimulation, match=r"run\.checkpoint is") as caught:
        run(engine="reduction", checkpoint=interrupted, on_step=heard.append)
    assert len(str(caught.value).splitlines()) == 1
    assert not heard
    assert interrupted.read_bytes() == before


def test_a_second_start_with_other_state_is_another_run(tmp_path):
    """Starts of the same weights and another buffer are told apart."""
    start = run(engine="numba", steps=10).end
    path = tmp_path / "run.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        run(engine="numba", start=start, checkpoint=path, on_step=interrupt)
    start.state.buffer.mul_(2)
    with pytest.raises(BadSimulation, match="is of another run: start"):
        run(engine="numba", start=start, checkpoint=path)
