"""Checkpoints: read back equal, refused when damaged or of another run, and whole or not there."""

import errno
import os
import pickle
import zipfile

import numpy as np
import pytest

from numerics import checkpoint, container
from numerics.errors import BadSimulation

SETTINGS = {"rule": "sgdm", "seed": 3, "lr": [0.1, 0.2], "dim": np.int64(16), "start": None}
ARRAYS = {
    "weights": np.arange(12.0).reshape(3, 4),
    "step": np.array(7),
    "names": np.array(["mean", "histogram"]),
    "none": np.zeros((0, 5), np.int32),
    "columns": np.asfortranarray(np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)),
}


@pytest.fixture
def path(tmp_path):
    """A checkpoint."""
    checkpoint.write(tmp_path / "run.checkpoint", SETTINGS, 512, ARRAYS)
    return tmp_path / "run.checkpoint"


def test_what_was_written_is_read(path):
    """Steps and arrays come back equal, of the same type and shape; nothing else lies beside the file."""
    step, arrays = checkpoint.read(path, dict(SETTINGS))
    assert step == 512
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert arrays[name].shape == array.shape
    assert [file.name for file in path.parent.iterdir()] == ["run.checkpoint"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 4}, "run.checkpoint is of another run: seed = 3 there, 4 here"),
        ({"lr": [0.1, 0.3]}, r"lr = \[0.1, 0.2\] there, \[0.1, 0.3\] here"),
        ({"rule": "lion", "seed": 4}, 'rule = "sgdm" there, "lion" here'),
        ({"start": 1.0}, "start = null there, 1.0 here"),
        ({"wd": 0.1}, "wd = absent there, 0.1 here"),
    ],
)
def test_another_run_is_refused(path, change, says):
    """The first setting that differs is named."""
    with pytest.raises(BadSimulation, match=says):
        checkpoint.read(path, SETTINGS | change)


def test_a_setting_left_out_is_refused(path):
    """A setting that only the checkpoint has is named too."""
    with pytest.raises(BadSimulation, match="start = null there, absent here"):
        checkpoint.read(path, {name: value for name, value in SETTINGS.items() if name != "start"})


def test_other_sources_are_refused(path, monkeypatch):
    """Sources or libraries that may compute other bits are refused."""
    monkeypatch.setattr(checkpoint, "source_hash", lambda: "0" * 64)
    with pytest.raises(BadSimulation, match="was made by other sources of numerics"):
        checkpoint.read(path, SETTINGS)
    monkeypatch.undo()
    assert checkpoint.read(path, SETTINGS)[0] == 512
    monkeypatch.setattr(checkpoint, "versions", lambda: {"numpy": "0.1", "python": "3.0"})
    with pytest.raises(BadSimulation, match=r'made with other libraries: numpy = "[0-9.]+" there, "0.1" here'):
        checkpoint.read(path, SETTINGS)


def test_every_damaged_byte_is_noticed(path):
    """A file with any one byte altered is refused in one line, or, where the byte says nothing, read as it was."""
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            step, arrays = checkpoint.read(path, SETTINGS)
        except BadSimulation as wrong:
            refused += len(str(wrong).splitlines()) == 1
        else:
            assert step == 512
            assert all(np.array_equal(arrays[name], array) for name, array in ARRAYS.items())
    assert refused > len(whole) / 21


def test_every_truncation_is_refused(path):
    """No part of the file passes for the whole."""
    whole = path.read_bytes()
    for length in range(0, len(whole), 29):
        path.write_bytes(whole[:length])
        with pytest.raises(BadSimulation, match=r"is truncated or corrupt|is not a spherical-motion checkpoint"):
            checkpoint.read(path, SETTINGS)
    path.write_bytes(whole[:-1])
    with pytest.raises(BadSimulation, match="is truncated or corrupt"):
        checkpoint.read(path, SETTINGS)
    path.write_bytes(whole)
    assert checkpoint.read(path, SETTINGS)[0] == 512


def test_an_array_exchanged_for_another_is_noticed(path):
    """The checksum is over the arrays: an archive in order with another array inside is refused."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["weights.npy"] = parts["columns.npy"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(BadSimulation, match="is truncated or corrupt"):
        checkpoint.read(path, SETTINGS)


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_foreign_files_are_refused_and_never_unpickled(tmp_path):
    """Absent, foreign, of another kind, or a pickle: one line each; objects cannot be written either."""
    path = tmp_path / "foreign"
    with pytest.raises(BadSimulation, match="foreign cannot be read: No such file"):
        checkpoint.read(path, SETTINGS)
    np.savez(path.with_suffix(".npz"), weights=np.ones(3))
    with pytest.raises(BadSimulation, match="is not a spherical-motion checkpoint"):
        checkpoint.read(path.with_suffix(".npz"), SETTINGS)
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadSimulation, match="is not a spherical-motion checkpoint"):
        checkpoint.read(path, SETTINGS)
    container.write(path, "spherical-motion result", 1, {}, {})
    with pytest.raises(BadSimulation, match="is not a spherical-motion checkpoint but a spherical-motion result"):
        checkpoint.read(path, SETTINGS)
    with pytest.raises(TypeError, match="array of references"):
        checkpoint.write(path, SETTINGS, 1, {"trap": np.array([Trap()], object)})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    trapped = tmp_path / "trap.npy"
    np.save(trapped, np.array([Trap()], object), allow_pickle=True)
    header = parts["spherical-motion.json"].replace(b"result", b"checkpoint").replace(b"{}", b'{"trap": "0"}')
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("spherical-motion.json", header)
        archive.writestr("trap.npy", trapped.read_bytes())
    with pytest.raises(BadSimulation, match="is truncated or corrupt"):
        checkpoint.read(path, SETTINGS)


@pytest.mark.parametrize(
    ("failure", "raised"),
    [(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), BadSimulation), (KeyboardInterrupt(), KeyboardInterrupt)],
)
@pytest.mark.parametrize("moment", ["write_array", "fsync", "replace"])
def test_nothing_half_written_remains(path, monkeypatch, failure, raised, moment):
    """On a full disk or Ctrl-C, at any moment, the old checkpoint stays whole and nothing lies beside it."""

    def fail(*_, **__):
        raise failure

    owner = np.lib.format if moment == "write_array" else os
    monkeypatch.setattr(owner, moment, fail)
    with pytest.raises(raised) as caught:
        checkpoint.write(path, SETTINGS, 768, ARRAYS)
    monkeypatch.undo()
    if raised is BadSimulation:
        assert str(caught.value) == f"{path} cannot be written: No space left on device"
    assert [file.name for file in path.parent.iterdir()] == ["run.checkpoint"]
    assert checkpoint.read(path, SETTINGS)[0] == 512
    checkpoint.write(path, SETTINGS, 768, ARRAYS)
    assert checkpoint.read(path, SETTINGS)[0] == 768


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """Where no file can be, one line says so."""
    with pytest.raises(BadSimulation, match="cannot be written: No such file or directory"):
        checkpoint.write(tmp_path / "absent" / "run", SETTINGS, 1, ARRAYS)
