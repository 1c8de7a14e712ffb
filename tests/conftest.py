"""Profiles, threads and the folders that tests may write to."""

import gc
import itertools
import os
import signal

import pytest
import torch
from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers

from numerics import seeding
from proofs import evidence
from tests import budget, wrong
from tests.scheduling import ByScope, order
from theory.compiled import load

# Collecting makes millions of objects that all stay: to look for garbage among them is a third of its time.
gc.disable()

# Each worker has one core to itself, and what it starts has no other.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where a shell starts the tests in the background they would not hear the interrupts that some of them send.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Without a GPU Triton's kernels run in its interpreter, which is chosen when Triton is imported.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# At a desk: the same examples every time, so that a failure is the change's and not the draw's.
settings.register_profile("dev", max_examples=50, derandomize=True, deadline=None)
# On shared machines: the same again, and a failure prints what reproduces it, for the log is all that is left.
settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None, print_blob=True)
# Before a release: fresh examples and many of them; here a false alarm is possible at the stated probability.
settings.register_profile("thorough", max_examples=500, deadline=None, print_blob=True)
# One of many runs: what fails is counted and need not be made small.
FOUND = (Phase.explicit, Phase.generate)
settings.register_profile("repeated", max_examples=50, derandomize=True, deadline=None, phases=FOUND)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
if settings.default.derandomize:
    # Hypothesis also draws numbers that stand in the modules imported so far: those depend on what a worker ran before.
    assert callable(providers._get_local_constants)
    providers._get_local_constants = providers.Constants


budget.watch()
wrong.apply()


def pytest_configure(config):
    """Keep the account of what is left to chance."""
    config.pluginmanager.register(budget.Account(), "budget")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """How ``pytest -n`` distributes the tests."""
    return ByScope(config, log)


def pytest_collection_modifyitems(config, items):
    """Several processes begin with what takes long; one alone keeps the files' order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order(item.nodeid))


def pytest_collection_finish():
    """From here on garbage is collected, and not looked for among what was imported and collected."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Empty folders by the number; pytest numbers its own by a look at all of them, which thousands of tests feel."""
    base = tmp_path_factory.mktemp("folders")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def evidence_directory(folders, monkeypatch):
    """An empty folder for evidence, so that no test reads or writes a user's, and another for promoted evidence."""
    directory, promoted = next(folders), next(folders)
    directory.mkdir()
    promoted.mkdir()
    monkeypatch.setattr(evidence, "PROMOTED", promoted)
    monkeypatch.setenv("SMD_EVIDENCE_DIR", str(directory))
    return directory


@pytest.fixture(autouse=True)
def one_thread():
    """A test that leaves its worker with more threads makes trainings after it a hundred times as slow."""
    yield
    assert torch.get_num_threads() == 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure of a test that draws says how to run it alone with the same draws."""
    report = yield
    if report.failed and item.get_closest_marker(budget.MARK):
        profile = f"HYPOTHESIS_PROFILE={settings.get_current_profile_name()}"
        again = f"SMD_BASE_SEED={seeding.base_seed()} {profile} python -m pytest '{item.nodeid}'"
        report.sections.append(("again", again))
    return report


@pytest.fixture(autouse=True)
def _needs_its_device(request):
    """Tests marked cuda are skipped where there is no such device."""
    if request.node.get_closest_marker("cuda") and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """An empty folder for derivations, with none remembered by this process before or after."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("SMD_CACHE_DIR", str(directory))
    load.cache_clear()
    yield directory
    load.cache_clear()
