"""A sweep loses nothing and does nothing twice, whoever is killed; what goes wrong is named."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from numerics.sweep import BadSweep, Sweep, cells, product
from numerics.sweep.locks import alone
from tests.numerics import sweep_cells

pytestmark = pytest.mark.chance(0)
ROOT = Path(__file__).parents[2]
CELLS = "tests.numerics.sweep_cells"
MANY = {"grid": product(x=range(16)), "seeds": range(4)}
FEW = {"grid": product(x=range(3)), "seeds": (0,)}
DRIVER = f"""
from pathlib import Path
from numerics.sweep import Sweep, product
Sweep("{CELLS}:draw", product(x=range(16)), range(4), Path(__import__("sys").argv[1])).run(2)
"""


def files(folder):
    """The cells' files with what changes when one is written again."""
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.glob("*.cell")}


def values(swept):
    """What the cells hold, as JSON would have it."""
    return [{k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in c.values.items()} for c in swept.cells]


def await_(condition, seconds=60.0):
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(pid):
    """Whether no process of that number runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"
    except FileNotFoundError:
        return True


def children(pid):
    """The processes that a process started."""
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for orphans in /proc")
def test_a_worker_and_the_driver_are_killed_and_nothing_is_lost(tmp_path):
    """64 cells, a worker killed, the driver killed, resumed: all as in an undisturbed run, none done again."""
    undisturbed = Sweep(f"{CELLS}:draw", **MANY, folder=tmp_path / "calm").run(jobs=1)
    folder, mark = tmp_path / "killed", tmp_path / "mark"
    environment = {**os.environ, sweep_cells.MARK: str(mark), sweep_cells.WAIT: "0.05", "PYTHONPATH": str(ROOT)}
    resumed = Sweep(f"{CELLS}:draw", **MANY, folder=folder)
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(folder)], cwd=ROOT, env=environment) as driver:
        try:
            await_(lambda: mark.exists() and len(files(folder)) >= 32)
            workers = children(driver.pid)
            with pytest.raises(BadSweep, match=rf"killed is being filled by process {driver.pid}; wait for it"):
                resumed.run(jobs=1)
        finally:
            driver.send_signal(signal.SIGKILL)
    with alone(folder):
        before = files(folder)
    assert 32 <= len(before) < 64
    found = resumed.run(jobs=1)
    assert found.kept == len(before)
    assert {name: stamp for name, stamp in files(folder).items() if name in before} == before
    assert len(files(folder)) == len(found.cells) == 64
    assert values(found) == values(undisturbed)
    assert not found.failed
    assert workers
    await_(lambda: all(map(is_gone, workers)), 10)


def test_a_cell_that_kills_its_process_fails_and_the_others_are_done(tmp_path):
    """Who loses its process again and again is told apart from its neighbours."""
    found = Sweep(f"{CELLS}:kills", **FEW, folder=tmp_path).run(jobs=2)
    assert [cell.failed for cell in found.cells] == [
        "",
        "the process that ran it was killed 3 times; is there memory enough?",
        "",
    ]
    assert all(note.startswith("a worker was killed; trying again: ") for note in found.notes)
    assert sum("x = 1, " in note for note in found.notes) == 2  # the third death is the last


def test_a_cell_that_raises_is_recorded_and_tried_again(tmp_path, monkeypatch):
    """The others go on; when the cause is gone it is done, and only it."""
    mark = tmp_path / "mark"
    monkeypatch.setenv(sweep_cells.MARK, str(mark))
    sweep = Sweep(f"{CELLS}:fails", **FEW, folder=tmp_path / "cells")
    found = sweep.run(jobs=1)
    assert [cell.failed for cell in found.cells] == ["", "ZeroDivisionError: one is not allowed", ""]
    assert [cell.values for cell in found.sound] == [{"x": 0}, {"x": 2}]
    mark.touch()
    again = sweep.run(jobs=1)
    assert (again.kept, again.failed, again.notes) == (2, [], ("1 cells failed before and are tried again",))
    (odd,) = Sweep(f"{CELLS}:odd", [{"x": 0}], (0,), tmp_path / "odd").run(jobs=1).failed
    assert odd.failed.startswith("TypeError: <object object at ")


def test_damaged_cells_and_cells_of_other_sources_are_done_again(tmp_path, monkeypatch):
    """Both are said; what a killed process left half-written is removed."""
    sweep = Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path, sourced_by=f"{CELLS}:version")
    first = sweep.run(jobs=1)
    file = next(tmp_path.glob("*.cell"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    (tmp_path / "x.cell.7.unfinished").write_text("half", encoding="utf-8")
    second = sweep.run(jobs=1)
    assert second.kept == 2
    (note,) = second.notes
    assert note.startswith(f"{file} is truncated or corrupt; it is done again: x = ")
    assert values(second) == values(first)
    assert not list(tmp_path.glob("*.unfinished"))
    monkeypatch.setenv("SWEEP_TEST_SOURCES", "2")
    third = sweep.run(jobs=1)
    assert third.notes == (f"3 cells were made by other sources of {CELLS}:draw and are done again",)
    assert (third.kept, third.cells[0].provenance["source"]) == (0, "2")


def test_provenance_and_keys(tmp_path, monkeypatch):
    """A cell says where it comes from; parameters, seed, base seed and device each have a cell of their own."""
    (cell,) = Sweep(f"{CELLS}:draw", [{"x": 0}], (5,), tmp_path).run(jobs=1).cells
    assert cell.provenance["versions"]["numpy"] == np.__version__
    assert {"device", "base_seed", "source", "date", "seconds"} < set(cell.provenance)
    keys = {
        cells.Point("f", {"x": x}, seed, device).key for x in (0, 1) for seed in (0, 1) for device in ("cpu", "cuda")
    }
    monkeypatch.setenv("SMD_BASE_SEED", "1")
    assert len(keys | {cells.Point("f", {"x": 0}, 0).key}) == 9


def test_a_full_disk_is_one_line_and_what_is_there_is_kept(tmp_path, monkeypatch):
    """The sweep ends at the cell that cannot be written."""
    sweep, fsync, left = Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path), os.fsync, iter((True, False, False))

    def full(handle):
        if not next(left):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ValueError, match=r"\.cell cannot be written: No space left on device$"):
            sweep.run(jobs=1)
    assert len(files(tmp_path)) == 1
    assert sweep.run(jobs=1).kept == 1


def test_a_cluster_gives_the_same_cells(tmp_path):
    """Through a scheduler at its address; a cluster that cannot be used, or is not there, is named."""
    distributed = pytest.importorskip("distributed")
    here = Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path / "here").run(jobs=1)
    sweep = Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path / "there")
    options = {"processes": False, "protocol": "tcp", "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        assert cluster.scheduler_address.startswith("tcp://")
        there = sweep.run(dask=cluster.scheduler_address)
        assert values(there) == values(here)
        assert sweep.run(dask=cluster.scheduler_address).kept == 3
    other = Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path / "other")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, **options) as cluster,
        pytest.raises(BadSweep, match="start them with --nthreads 1"),
    ):
        other.run(dask=cluster.scheduler_address)
    with pytest.raises(BadSweep, match=r"^dask = nowhere: no scheduler answers there"):
        Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path / "nowhere").run(dask="nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(BadSweep, match=r"^dask = nowhere: no scheduler answers there"):
        sweep.run(dask="nowhere")  # though all its cells are there


def test_a_worker_of_a_cluster_is_killed_and_nothing_is_lost(tmp_path, monkeypatch):
    """A cell loses its process in the middle of the sweep; all are as in an undisturbed run."""
    distributed = pytest.importorskip("distributed")
    grid = {"grid": product(x=range(8)), "seeds": (0, 1)}
    calm = Sweep(f"{CELLS}:draw", **grid, folder=tmp_path / "calm").run(jobs=1)
    mark = tmp_path / "mark"
    monkeypatch.setenv(sweep_cells.MARK, str(mark))
    options = {"protocol": "tcp", "dashboard_address": ":0", "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        workers = {worker.pid for worker in cluster.workers.values()}
        found = Sweep(f"{CELLS}:draw", **grid, folder=tmp_path / "cells").run(dask=cluster.scheduler_address)
        assert int(mark.read_text(encoding="utf-8")) in workers
    assert not found.failed
    assert values(found) == values(calm)
    assert len(files(tmp_path / "cells")) == 16


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"function": "tests.numerics.nothing:f"}, "function = tests.numerics.nothing:f is not a module:name"),
        ({"function": f"{CELLS}:MARK"}, f"function = {CELLS}:MARK is not a function"),
        ({"grid": []}, "is empty"),
        ({"grid": [{"x": 1}, {"x": 1}]}, "holds x = 1, seed = 0 twice"),
        ({"grid": [{"x": object()}]}, "is not JSON"),
    ],
)
def test_bad_sweeps(tmp_path, changes, says):
    """A sweep without meaning is refused before anything is written."""
    settings = {"function": f"{CELLS}:draw", "grid": [{"x": 0}], "seeds": (0,), "folder": tmp_path / "new", **changes}
    with pytest.raises(BadSweep, match=says):
        Sweep(**settings).run(jobs=1)
    assert not (tmp_path / "new").exists()


def test_jobs_and_folder_must_have_a_meaning(tmp_path):
    """No jobs at all, and a file where the folder should be."""
    with pytest.raises(BadSweep, match="jobs = 0 must be 1 or more"):
        Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path).run(jobs=0)
    (tmp_path / "file").touch()
    with pytest.raises(BadSweep, match="cannot be used for a sweep"):
        Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path / "file").run(jobs=1)


def test_progress(tmp_path):
    """Kept cells count as done; every cell is told once."""
    Sweep(f"{CELLS}:draw", [{"x": 1}], (0,), tmp_path).run(jobs=1)
    told = []
    Sweep(f"{CELLS}:draw", **FEW, folder=tmp_path).run(jobs=1, on_progress=lambda *now: told.append(now))
    assert told == [(1, 3, ""), (2, 3, "x = 0, seed = 0"), (3, 3, "x = 2, seed = 0")]
