"""The verb that measures the engines."""

import importlib.util
import json

import pytest

from numerics.benchmark import races, watched
from numerics.benchmark.pairing import Contestant


@pytest.fixture
def raced(monkeypatch):
    """Contestants that do nothing but count, in place of the engines."""

    def some(plan):
        for kind, names in (("engines", (races.LOOP, races.NORMALS)), ("threads", ("1 threads", "2 threads"))):
            contestants = {name: Contestant(lambda steps: sum(range(steps)), 1.0) for name in names}
            yield races.Race(kind, plan.rules[0], 8, 2, "coordinate-steps", "CPU", contestants)

    monkeypatch.setattr(races, "races", some)
    monkeypatch.setattr(races.machine, "first_call", lambda: {"import": 1.0, "call": 0.5})


def test_what_was_measured_is_shown_and_written(smd, raced, tmp_path):
    """A table for each race, and all rates of all rounds in the file; the figure is there."""
    target, plot = tmp_path / "found.json", tmp_path / "found.svg"
    ran = smd("bench", "--quick", "--rule", "lion", "--rounds", "2", "--json", str(target), "--plot", str(plot))
    assert ran.code == 0, ran.err
    assert "lion, d = 8, 2 chains" in ran.out
    found = json.loads(target.read_text())
    assert [race["kind"] for race in found["races"]] == ["engines", "threads"]
    assert all(len(rates) == 2 for race in found["races"] for rates in race["rates"].values())
    assert plot.stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--rule", "adagrad"), "rule = adagrad"),
        (("--dim", "1"), "dim = 1"),
        (("--rounds", "0"), "rounds = 0"),
        (("--device", "tpu"), "device = tpu"),
        (("--json", "nowhere/found.json"), "json = nowhere"),
        (("--plot", "found.txt"), "plot = found.txt"),
        (("--monitor", "--dim", "8"), "no dims"),
        (("--monitor", "--device", "tpu"), "device = tpu"),
    ],
)
def test_bad_input_earns_one_line(smd, arguments, named):
    """What is wrong is named before anything is measured."""
    ran = smd("bench", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.err
    assert ran.err.count("\n") == 1


def test_an_interrupt_keeps_what_was_measured(smd, raced, monkeypatch, tmp_path):
    """The race that was whole is shown and written; the exit code is that of an interrupt."""
    whole = races.race

    def cut(contestants, *settings):
        if "2 threads" in contestants:
            raise races.Interrupted({name: [] for name in contestants})
        return whole(contestants, *settings)

    monkeypatch.setattr(races, "race", cut)
    target = tmp_path / "found.json"
    ran = smd("bench", "--quick", "--rounds", "2", "--json", str(target))
    assert ran.code == 130
    assert "interrupted" in ran.err
    found = json.loads(target.read_text())
    assert found["interrupted"]
    assert [race["kind"] for race in found["races"]] == ["engines"]


@pytest.mark.chance(0)
def test_what_the_monitor_costs(smd, monkeypatch, tmp_path):
    """Of each network: its weights, the ratio and the bytes; and what each extra takes."""
    sizes = {"inputs": (8,), "classes": watched.CLASSES, "width": 4, "depth": 2}
    gpt = {"inputs": (4,), "classes": watched.BYTES, "width": 8, "depth": 1, "heads": 2}
    small = {watched.TOY: ("mlp", sizes, (16, 8)), "gpt": ("gpt", gpt, (2, 4))}
    monkeypatch.setattr(watched, "NETWORKS", small)
    target = tmp_path / "found.json"
    ran = smd("bench", "--monitor", "--quick", "--json", str(target))
    assert ran.code == 0, ran.err
    found = json.loads(target.read_text())
    assert [one["network"] for one in found["watched"]] == list(small)
    # So small a cost drowns in the machine's noise; that a cost is seen at all is shown by test_overhead_is_measured.
    for one in found["watched"]:
        assert 0 < one["ratio"]["low"] <= one["ratio"]["median"] <= one["ratio"]["high"]
        assert one["bytes_per_step"] > 0
    assert found["watched"][0]["weights"] == 8 * 4 + 4 * 4 + 4 * 4 + 4 * 10 + 10
    assert set(found["extras"]) == {"loss", "microbatches", "probe"}
    assert min(found["extras"].values()) > 0
    assert found["sizes"] == {"microbatches": watched.PARTS, "probe": 8}
    assert "microbatches, once" in ran.out
    slower = found["without numba"]
    assert (slower is None) == (importlib.util.find_spec("numba") is None)
    assert ("without numba" in ran.out) == (slower is not None)
    assert slower is None or 0 < slower["ratio"]["low"] <= slower["ratio"]["high"]
