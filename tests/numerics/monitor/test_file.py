"""The file: crashes, damage, full disks, runs that go on."""

import errno
import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest
from torch.optim import SGD, AdamW

from numerics.monitor import BadMonitor, BadRecord, Monitor, MonitorWarning, chunks, read
from tests.compare import close
from tests.numerics.monitor.runs import network, train

pytestmark = pytest.mark.chance(0)
STEPS, CHUNK = 450, 200


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a finished record of three chunks, and where each of its chunks begins."""
    path = tmp_path_factory.mktemp("run") / "run.smd"
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)
    with Monitor(model, optimizer, path, coordinates=4):
        train(model, optimizer, STEPS)
    return path.read_bytes(), [0, *(chunk.end for chunk in chunks.chunks(path))]


def test_a_cut_file_keeps_its_whole_chunks(whole, tmp_path):
    """Cut anywhere, it opens with the chunks before the cut, and says that the run is unfinished."""
    data, ends = whole
    path = tmp_path / "cut.smd"
    for cut in (ends[1], ends[2] + 1, ends[2] + 30, ends[3] - 1, ends[3], ends[4] + 60, len(data) - 1):
        path.write_bytes(data[:cut])
        record = read(path)
        assert record.steps == min(CHUNK * (sum(end <= cut for end in ends) - 2), STEPS)
        assert not record.finished
    for cut in (0, 5, 100, ends[1] - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(BadRecord):
            read(path)
    path.write_bytes(data)
    assert read(path).finished


def test_damage_is_noticed(whole, tmp_path):
    """A flipped bit before the last chunk is an error that names the place; in the last one it costs that chunk."""
    data, ends = whole
    path = tmp_path / "damaged.smd"
    for place in (ends[1] + 70, ends[2] + 3, ends[2] + 12, ends[2] + 20, ends[3] - 9):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(BadRecord, match="damaged"):
            read(path)
    last = len(data) - 3
    path.write_bytes(data[:last] + bytes([data[last] ^ 4]) + data[last + 1 :])
    assert read(path).steps == STEPS
    assert not read(path).finished
    path.write_bytes(b"something else")
    with pytest.raises(BadRecord, match="is not a"):
        read(path)
    with pytest.raises(BadRecord, match="cannot be read"):
        read(tmp_path / "none.smd")


KILLED = """
import os, signal, sys
from torch.optim import SGD
from numerics.monitor import Monitor
from tests.numerics.monitor.runs import network, train
model = network()
optimizer = SGD(model.parameters(), lr=0.1)
monitor = Monitor(model, optimizer, sys.argv[1], coordinates=4)
train(model, optimizer, 250)
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("how", "steps"), [("kill", CHUNK), ("leave", 250)])
def test_a_process_that_ends(tmp_path, how, steps):
    """SIGKILL costs the chunk that was not written; an end without close costs nothing. Both are unfinished."""
    path = tmp_path / "run.smd"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), how], check=False)
    assert done.returncode == (-signal.SIGKILL if how == "kill" else 0)
    record = read(path)
    assert (record.steps, record.finished) == (steps, False)


def test_going_on_with_a_file(tmp_path):
    """Killed after 250 steps and trained again from 200: the series are those of one run, bit for bit."""
    makers = [lambda: (m := network(), AdamW(m.parameters(), lr=1e-2, weight_decay=0.1))] * 2
    (model, optimizer), (again, second) = (make() for make in makers)
    options = {"coordinates": 4, "neurons": 1}
    with Monitor(model, optimizer, tmp_path / "one.smd", **options):
        train(model, optimizer, STEPS)
    monitor = Monitor(again, second, tmp_path / "two.smd", **options)
    train(again, second, CHUNK)
    saved = ({k: v.clone() for k, v in again.state_dict().items()}, second.state_dict())
    saved[1]["state"] = {k: {n: x.clone() for n, x in v.items()} for k, v in saved[1]["state"].items()}
    train(again, second, 50, first=CHUNK)
    monitor._let_go()
    again.load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    with pytest.raises(BadMonitor, match="is there already"):
        Monitor(again, second, tmp_path / "two.smd")
    with Monitor(again, second, tmp_path / "two.smd", resume=True, **options) as monitor:
        assert monitor.step == CHUNK
        train(again, second, STEPS - CHUNK, first=CHUNK)
    one, two = read(tmp_path / "one.smd"), read(tmp_path / "two.smd")
    for name, tensor in one.tensors.items():
        assert np.array_equal(tensor.steps, two.tensors[name].steps)
        assert np.array_equal(tensor.angle, two.tensors[name].angle)
        assert np.array_equal(tensor.updates.followed.values, two.tensors[name].updates.followed.values)
    found = two.tensors["0.weight"].updates
    assert found.pairs.sum() < one.tensors["0.weight"].updates.pairs.sum()  # pairs across the gap are lost
    # A later step leaves a gap, and an earlier one drops what was recorded after it.
    with Monitor(again, second, tmp_path / "two.smd", resume=True, step=500, **options):
        train(again, second, 10, first=500)
    gap = read(tmp_path / "two.smd")
    assert np.flatnonzero(np.isnan(gap.lr[:, 0])).tolist() == list(range(STEPS, 500))
    with Monitor(again, second, tmp_path / "two.smd", resume=True, step=300, **options):
        train(again, second, 10, first=300)
    assert read(tmp_path / "two.smd").steps == 310
    assert np.isnan(read(tmp_path / "two.smd").lr[200:300]).all()


def test_going_on_with_another_model(tmp_path, whole):
    path = tmp_path / "run.smd"
    path.write_bytes(whole[0])
    other = network(normalised=False)
    for model, every, what in ((other, 10, "other tensors"), (network(), 3, "every = 10")):
        with pytest.raises(BadMonitor, match=what):
            Monitor(model, SGD(model.parameters(), lr=0.1), path, every, resume=True)
    assert path.read_bytes() == whole[0]


class Full:
    """A file on a disk with so much room."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        """As much as there is room for, then the error of a full disk."""
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return taken

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_a_full_disk(tmp_path):
    """One warning that names the file; training goes on to the same weights, and what was recorded is kept."""
    model, plain = network(), network()
    optimizer = SGD(model.parameters(), lr=0.1)
    monitor = Monitor(model, optimizer, tmp_path / "run.smd", coordinates=4)
    train(model, optimizer, CHUNK)
    monitor._writer._file = Full(monitor._writer._file, 1000)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        train(model, optimizer, 2 * CHUNK, first=CHUNK)
        monitor.close()
    (only,) = told
    assert only.category is MonitorWarning
    assert f"{tmp_path / 'run.smd'} cannot be written: No space left on device" in str(only.message)
    record = read(tmp_path / "run.smd")
    assert (record.steps, record.finished) == (CHUNK, False)
    assert not optimizer._optimizer_step_pre_hooks
    other = SGD(plain.parameters(), lr=0.1)
    train(plain, other, 3 * CHUNK)
    assert all((x == y).all() for x, y in zip(model.parameters(), plain.parameters(), strict=True))


def test_an_interrupt_while_writing_leaves_no_torn_chunk(tmp_path):
    """What is written afterwards follows the last whole chunk."""

    class Torn:
        """A file whose second write is interrupted half-way."""

        def __init__(self, file):
            self.file, self.left = file, 2

        def write(self, content):
            self.left -= 1
            if self.left == 1:
                return self.file.write(content[: len(content) // 2])
            if self.left == 0:
                raise KeyboardInterrupt
            return self.file.write(content)

        def __getattr__(self, name):
            return getattr(self.file, name)

    writer = chunks.Writer(tmp_path / "run.smd")
    writer.append({"format": chunks.KIND, "n": 0}, {})
    writer._file = Torn(writer._file)
    with pytest.raises(KeyboardInterrupt):
        writer.append({"n": 1}, {"x": np.arange(9)})
    writer.append({"n": 2}, {})
    writer.close()
    assert [chunk.meta["n"] for chunk in chunks.chunks(tmp_path / "run.smd")] == [0, 2]


def test_an_exception_is_recorded(tmp_path):
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1)

    def stopped():
        with Monitor(model, optimizer, tmp_path / "run.smd"):
            train(model, optimizer, 3)
            raise RuntimeError("the loss is NaN")

    with pytest.raises(RuntimeError):
        stopped()
    record = read(tmp_path / "run.smd")
    assert record.finished
    assert record.events == [{"step": 3, "tensor": "", "what": "stopped by RuntimeError: the loss is NaN"}]


def test_the_clock_accounts_for_itself(whole, tmp_path):
    path = tmp_path / "run.smd"
    path.write_bytes(whole[0])
    record = read(path)
    assert set(record.cost) == {"sampling", "stepping", "writing", "elapsed"}
    assert record.overhead > 0
    assert sum(record.cost.values()) - record.cost["elapsed"] < record.cost["elapsed"]
    assert record.lr == close(np.full((STEPS, 1), 0.1), 1e-15)
