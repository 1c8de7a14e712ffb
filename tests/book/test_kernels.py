"""Pages run in processes of their own: none sees another's, and what one does wrong is told by its name."""

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

pytest.importorskip("jupyter_cache", reason="the book is not installed: pip install 'spherical-motion[book]'")

from jupyter_cache import get_cache
from jupyter_client import write_connection_file

from tests.scripts import script

ROOT = Path(__file__).parents[2]
HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  name: python3
---

# A page

"""
TWIN = """
import json, os, random, sys
import numpy, sympy, torch

was = hasattr(sympy, "marked") or "MARKED" in os.environ
sympy.marked = os.environ["MARKED"] = "by a page"
threads = len(os.listdir(f"/proc/{os.getppid()}/task")) if sys.platform == "linux" else None
draws = [random.random(), numpy.random.rand(), torch.rand(1).item()]
print(json.dumps({"was": was, "draws": draws, "process": os.getpid(), "parent": os.getppid(), "threads": threads}))
"""
RUN = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import build
build.BOOK = Path(sys.argv[1])
build.CACHE = build.BOOK / ".jupyter_cache"
build.KERNEL_STARTS = 2
build.quiet_kernels()
with build.kernels.forked(), ThreadPoolExecutor(1) as one_by_one:
    executed = build.execute_pages(one_by_one)
sys.exit(not executed)
"""
INTERRUPTED = """
import signal, sys
from pathlib import Path
import build
signal.signal(signal.SIGINT, signal.default_int_handler)
build.BOOK = Path(sys.argv[1])
build.kernels.__file__ = str(build.BOOK / "slow.py")
build.CACHE, build.STATE = build.BOOK / ".jupyter_cache", build.BOOK / "state"
build.checks.of_sources = list
build.drop_stale_cache = lambda: build.CACHE.mkdir()
build.begin_typesetting = lambda *executors: lambda: None
sys.exit(build.main())
"""
PAGES = {
    "one.md": TWIN + "# the one",
    "other.md": TWIN + "# the other",
    "wrong.md": "def divided(one):\n    return one / 0\n\ndivided(1)",
    "dying.md": "import os\nos._exit(1)",
}


@pytest.fixture
def kernels():
    """The script that starts kernels."""
    return script("kernels")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """What became of the pages, which were executed one after the other, and what was said of them."""
    folder = tmp_path_factory.mktemp("book")
    for name, source in PAGES.items():
        (folder / name).write_text(f"{HEAD}```{{code-cell}} python3\n{source}\n```\n", encoding="utf-8")
    at = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "book")])}
    run = subprocess.run([sys.executable, "-c", RUN, str(folder)], env=at, capture_output=True, text=True, timeout=300)
    cache = get_cache(str(folder / ".jupyter_cache"))
    records = {Path(record.uri).name: record.pk for record in cache.list_cache_records()}
    cells = {name: cache.get_cache_bundle(pk).nb.cells[-1] for name, pk in records.items()}
    return SimpleNamespace(run=run, cells=cells)


def test_a_page_sees_nothing_of_another(executed):
    """No module that another changed and no variable; each draws its own numbers."""
    one, other = (json.loads(executed.cells[name].outputs[0].text) for name in ("one.md", "other.md"))
    assert not one["was"]
    assert not other["was"]
    assert one["process"] != other["process"]
    assert not set(one["draws"]) & set(other["draws"])


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forks on Linux only")
def test_pages_are_forks_of_one_process(executed):
    """Which is one thread while it forks: others would be lost in the fork, with what they hold."""
    one, other = (json.loads(executed.cells[name].outputs[0].text) for name in ("one.md", "other.md"))
    assert one["parent"] == other["parent"]
    assert one["threads"] == other["threads"] == 1


def test_a_page_that_errs_is_named(executed):
    """With the lines that led there; it is not kept as executed."""
    assert executed.run.returncode == 1
    told = executed.run.stderr[executed.run.stderr.index("wrong.md: ") :]
    assert "return one / 0" in told
    assert "ZeroDivisionError" in told
    assert "\x1b" not in told
    assert "division by zero" in told
    assert set(executed.cells) == {"one.md", "other.md"}


def test_a_kernel_that_dies_is_told_by_its_page(executed):
    """After it was started as often as others may be."""
    told = executed.run.stderr[executed.run.stderr.index("dying.md: ") :]
    assert "DeadKernelError: Kernel died" in told


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forks on Linux only")
def test_kernels_end_with_what_they_are_forks_of(kernels, tmp_path):
    """None is left behind; one that ended is seen to have."""
    parent = kernels.Parent(["ipykernel.kernelapp"])
    try:
        files = [write_connection_file(str(tmp_path / name), ip="127.0.0.1")[0] for name in ("lives", "ended")]
        env = {**os.environ, "IPYTHONDIR": str(tmp_path)}
        lives, ended = (parent.fork(arguments=["-f", file], cwd=str(tmp_path), env=env) for file in files)
        ended.kill()
        assert within(10, lambda: ended.poll() is not None)
        assert lives.poll() is None
    finally:
        parent.close()
    assert within(10, lambda: lives.poll() is not None)


def test_what_kernels_are_forks_of_ends_while_it_imports(kernels, tmp_path, monkeypatch):
    """A build that stops at once does not wait for what no page will need."""
    (tmp_path / "endless.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    parent = kernels.Parent(["endless"])
    try:
        Thread(target=parent.close, daemon=True).start()
        assert within(30, lambda: parent.process.poll() is not None)
    finally:
        parent.process.kill()


def within(seconds, happens):
    """Whether it happens in time."""
    end = time.monotonic() + seconds
    while not (happened := happens()) and time.monotonic() < end:
        time.sleep(0.05)
    return happened


def test_nothing_of_a_kernel_is_left_to_the_interpreters_end(kernels, monkeypatch):
    """An interrupt can cut the cleaning after a kernel short, and done again at the end it fails."""
    monkeypatch.setattr("nbclient.client.atexit", atexit)
    before = atexit._ncallbacks()
    with kernels.forked():
        kernels.client.atexit.register(print)
        assert atexit._ncallbacks() == before


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
def test_an_interrupt_ends_the_pages_that_run(tmp_path, kernels, late):
    """A page that would go on for ten minutes, and those that wait for their turn, end at once.

    So do kernels that come to themselves after their parent has ended, as every other one here does if ``late``.
    """
    forked = "            connection.close()\n"
    source = Path(kernels.__file__).read_text(encoding="utf-8")
    assert source.count(forked) == 1
    slow = forked + "            __import__('time').sleep(os.getpid() % 2 * 5)\n"
    (tmp_path / "slow.py").write_text(source.replace(forked, slow if late else forked), encoding="utf-8")
    waiting = "from pathlib import Path\nPath('begun').touch()\nimport time\ntime.sleep(600)"
    for number in range(2 * (os.cpu_count() or 1)):
        text = f"{HEAD}```{{code-cell}} python3\n{waiting}\n```\n# {number}\n"
        (tmp_path / f"page{number}.md").write_text(text, encoding="utf-8")
    at = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "book")])}
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with subprocess.Popen(command, env=at, stderr=subprocess.PIPE, text=True, start_new_session=True) as building:
        until = time.monotonic() + 120
        while not (tmp_path / "begun").exists() and time.monotonic() < until:
            time.sleep(0.1)
        os.killpg(building.pid, signal.SIGINT)
        try:
            _, said = building.communicate(timeout=60)
        finally:
            if building.poll() is None:
                os.killpg(building.pid, signal.SIGKILL)
    assert (tmp_path / "begun").exists()
    assert said.rstrip().endswith("KeyboardInterrupt")
