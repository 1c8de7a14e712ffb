"""The cache of derivations: whatever happens to it costs time and changes no number."""

import json
import subprocess
import sys

import pytest

from tests.compare import close
from theory import NAMES, OPTIMIZERS, load, predict
from theory.compiled import cache_directory

POINT = {"lr": 0.1, "wd": 0.5}
NORM = (0.1 / (0.5 * (2 - 0.05))) ** 0.25


def norm():
    """SGD's norm by whatever rule is loaded now."""
    return predict("sgd", **POINT).equilibrium_norm


def entry(directory):
    """The one entry of a cache."""
    (file,) = directory.glob("sgd-*.py")
    return file


def test_a_missing_entry_is_derived_and_written(empty_cache):
    """An empty cache gives the number and holds the entry afterwards."""
    assert norm() == close(NORM, 1e-15)
    assert entry(empty_cache).read_text(encoding="utf-8").startswith("# ")


def test_a_sound_entry_is_used(empty_cache):
    """A second process finds the entry: it is read and not written again."""
    norm()
    before = entry(empty_cache).stat().st_mtime_ns
    load.cache_clear()
    assert norm() == close(NORM, 1e-15)
    assert entry(empty_cache).stat().st_mtime_ns == before


DAMAGES = {
    "corrupt": lambda text: text.replace("def norm(", "def mron(").encode(),
    "a number changed": lambda text: text[::-1].replace("2", "3", 1)[::-1].encode(),
    "truncated": lambda text: text[: len(text) // 2].encode(),
    "empty": lambda text: b"",
    "foreign": lambda text: b"raise SystemExit('executed')\n",
    "no text": lambda text: b"\xff\xfe\x00\x80",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_derived_again(empty_cache, damage):
    """A damaged entry is neither believed nor executed: the number is right and the entry is sound again."""
    norm()
    sound = entry(empty_cache).read_bytes()
    entry(empty_cache).write_bytes(DAMAGES[damage](sound.decode()))
    assert entry(empty_cache).read_bytes() != sound
    load.cache_clear()
    assert norm() == close(NORM, 1e-15)
    assert entry(empty_cache).read_bytes() == sound


def test_an_entry_that_is_a_folder_costs_time_only(empty_cache):
    """Where a folder lies in place of the entry the number is derived all the same."""
    norm()
    place = entry(empty_cache)
    place.unlink()
    place.mkdir()
    load.cache_clear()
    assert norm() == close(NORM, 1e-15)


def test_an_unwritable_folder_costs_time_only(empty_cache):
    """Where no folder can be made the number is derived all the same, and nothing is written."""
    empty_cache.parent.mkdir(exist_ok=True)
    empty_cache.write_text("a file where the folder should be", encoding="utf-8")
    assert norm() == close(NORM, 1e-15)
    assert empty_cache.is_file()


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    """SMD_CACHE_DIR wins over XDG_CACHE_HOME, which wins over the home folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("SMD_CACHE_DIR", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.delenv("SMD_CACHE_DIR")
    assert cache_directory() == tmp_path / "xdg" / "spherical-motion"


PREDICT_ALL = """
import json, sys
from theory import NAMES, predict
norms = {name: predict(name, lr=0.1, wd=0.1).equilibrium_norm for name in NAMES}
print(json.dumps({"norms": norms, "loaded": [m for m in ("sympy", "mpmath", "torch") if m in sys.modules]}))
"""


def test_numbers_from_a_warm_cache_need_no_sympy():
    """With a warm cache a prediction imports neither SymPy nor mpmath nor torch."""
    subprocess.run([sys.executable, "-m", "theory.compiled"], check=True, capture_output=True, timeout=120)
    ran = subprocess.run([sys.executable, "-c", PREDICT_ALL], check=True, capture_output=True, text=True, timeout=120)
    said = json.loads(ran.stdout)
    assert said["loaded"] == []
    assert said["norms"] == {name: predict(name, lr=0.1, wd=0.1).equilibrium_norm for name in NAMES}


@pytest.mark.parametrize("optimizer", NAMES)
def test_a_compiled_rule_carries_its_description(optimizer):
    """Title, convention, hypotheses and parameters of the rule survive the compilation."""
    compiled, rule = load(optimizer), OPTIMIZERS[optimizer]
    assert compiled.title == rule.title
    assert compiled.convention == rule.convention
    assert tuple(compiled.hypotheses) == rule.hypotheses
    assert compiled.parameters == rule.parameters
