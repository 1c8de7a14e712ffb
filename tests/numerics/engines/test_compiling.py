"""What an installation compiles is all that runs by default, and it is compiled once."""

import importlib
import os

import pytest

from numerics import simulate
from numerics.engines import compiling
from numerics.engines.fused import NARROW
from numerics.engines.writing import FORMS
from tests.numerics.engines.runs import RULES, chosen

pytest.importorskip("numba")

pytestmark = pytest.mark.chance(0)


def test_every_function_of_every_form_is_among_them():
    """All that numba compiles in the forms' modules, and nothing else."""
    found = {(kernel.form, kernel.layout) for kernel in compiling.kernels()}
    modules = {form: importlib.import_module(f"numerics.engines.compiled.{form}") for form in FORMS}
    there = {
        (form, name)
        for form, module in modules.items()
        for name, value in vars(module).items()
        if hasattr(value, "signatures") and value.py_func.__module__ == module.__name__
    }
    assert found == there
    assert len(there) > 2 * len(FORMS)


@pytest.mark.parametrize("layout", ["chains", "lanes", "folded"])
def test_a_run_by_default_finds_it_compiled(layout):
    """Afterwards chains of several configurations under a schedule compile nothing more of that function."""
    kernel = next(k for k in compiling.kernels() if (k.form, k.layout) == ("sgdm", layout))
    function = getattr(importlib.import_module("numerics.engines.compiled.sgdm"), layout)
    assert kernel.compile() == "sgdm"
    before = list(function.signatures)
    engine = "reduction" if layout == "folded" else "numba"
    several = [chosen("sgdm"), chosen("sgdm") | {"wd": 0.1}]
    settings = {"replicas": 3, "engine": engine, "schedule": {"lr": [0.1, 0.2]}, "share_noise": True, "steps": 2}
    simulate(RULES["sgdm"], several, dim=NARROW + 9 if layout == "chains" else 5, **settings)
    assert before
    assert function.signatures == before


def test_sources_and_their_times_make_the_mark(tmp_path, monkeypatch):
    """Another folder, another time and another file are compiled again, as numba does."""
    monkeypatch.setattr(compiling, "SOURCES", tmp_path)
    source = tmp_path / "one.py"
    source.write_text("")
    first = compiling.mark()
    assert compiling.mark() == first
    os.utime(source, ns=(1, 1))
    second = compiling.mark()
    (tmp_path / "two.py").write_text("")
    assert len({first, second, compiling.mark()}) == 3


class Nothing:
    """A kernel of which there is nothing to compile."""

    form = "nothing"

    def compile(self):
        """Say so."""
        return self.form


def test_what_is_compiled_is_marked_and_not_compiled_again(tmp_path, monkeypatch, capsys):
    """The first call says what it does, the second nothing."""
    monkeypatch.setattr(compiling, "mark", lambda: tmp_path / "mark")
    monkeypatch.setattr(compiling, "kernels", lambda: iter([Nothing()]))
    assert compiling.main() == 0
    assert "compiled nothing" in capsys.readouterr().out
    monkeypatch.setattr(compiling, "kernels", None)
    assert compiling.main() == 0
    assert capsys.readouterr().out == ""


def test_without_numba_nothing_is_compiled(monkeypatch):
    """There is nothing to compile then, and nothing is wrong."""
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(compiling, "mark", None)
    assert compiling.main() == 0
