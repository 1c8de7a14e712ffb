"""``smd overlay`` and ``smd.overlay``: a recorded run beside its line, and bad input."""

import json
import math
import warnings

import pytest
import torch
from torch.optim import SGD, Optimizer

import smd as face
from numerics.monitor import Monitor, MonitorWarning, read
from smd import overlaying
from tests.numerics.monitor.runs import network, train

pytestmark = pytest.mark.chance(0)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A short run of a network whose first weights are scale-invariant, every step recorded."""
    path = tmp_path_factory.mktemp("runs") / "run.smd"
    model = network()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.02)
    with Monitor(model, optimizer, path, every=1):
        train(model, optimizer, 400)
    return path


def test_a_table_of_all_levels(smd, recorded):
    ran = smd("overlay", str(recorded))
    assert ran.code == 0, ran.err
    assert "gradients" in ran.out
    assert "no line is drawn where none is claimed" in ran.out.replace("\n", " ") or "sensitive" in ran.out


def test_the_line_holds_for_a_real_network(recorded):
    """White gradients: measured over predicted angle within a tenth over so short a run, and as JSON the same."""
    record = read(recorded)
    name = next(n for n, one in record.tensors.items() if one.label == "scale-invariant")
    found = face.overlay(record, name)
    assert abs(found.ratio - 1) < 0.1
    assert found.optimizer == "sgdm"
    assert found.as_json()["ratio"] == found.ratio


def test_correlations_are_those_of_the_part_that_is_compared(recorded):
    """By default of the second half; where there are none the line is withheld; white does not ask for them."""
    record = read(recorded)
    name = next(n for n, one in record.tensors.items() if one.label == "scale-invariant")
    half, whole = (face.overlay(record, name, "updates", since=since) for since in (None, 0))
    assert (half.since, whole.since) == (200, whole.half_life)
    assert half.blocks[0, 0] > 200 > whole.blocks[0, 0]
    assert half.ratio != whole.ratio
    assert face.overlay(record, name, since=300).ratio == face.overlay(record, name).ratio
    for level, what in (("updates", "updates"), ("gradients", "gradients")):
        late = face.overlay(record, name, level, since=399)
        assert f"no correlations of its {what} were recorded from step 399 on" in late.withheld


class Own(Optimizer):
    """Normalised steps with decoupled decay, which the theory has no rule of by this name."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.1, "weight_decay": 0.2})

    @torch.no_grad()
    def step(self, closure=None):
        """One step."""
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(p.grad / p.grad.norm(), alpha=group["lr"])


def test_an_optimizer_of_ones_own(tmp_path):
    """Told what its decay is, its updates give the line and the rest is withheld; else one row asks for its decay."""
    lines = {}
    for told in ("decoupled", None):
        model, path = network(), tmp_path / f"{told}.smd"
        optimizer = Own(model.parameters())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if told is None else "error", MonitorWarning)
            with Monitor(model, optimizer, path, every=1, decay=told):
                train(model, optimizer, 400)
        lines[told] = [one for one in overlaying.overlay_all(path) if one.tensor == "0.weight"]
    white, gradients, updates = lines["decoupled"]
    assert abs(updates.ratio - 1) < 0.1
    assert updates.half_life == pytest.approx(math.log(2) / 0.04, rel=0.02)
    for one in (white, gradients):
        assert "Own with decoupled decay: the theory has no such rule" in one.withheld
    (unknown,) = lines[None]
    assert "tell the monitor by decay=" in unknown.withheld


def test_a_figure_and_json(smd, recorded, tmp_path):
    record = read(recorded)
    name = next(n for n, one in record.tensors.items() if one.label == "scale-invariant")
    out = tmp_path / "line.svg"
    ran = smd("overlay", str(recorded), "--tensor", name, "--level", "white", "--out", str(out), "--json")
    assert ran.code == 0, ran.err
    (told,) = json.loads(ran.out)
    assert told["tensor"] == name
    assert len(told["predicted_angle"]) == len(told["step"])
    assert out.read_text().startswith("<?xml")


def test_bad_input(smd, recorded, tmp_path):
    for arguments, what in (
        (["none.smd"], "none.smd cannot be read"),
        ([str(recorded), "--tensor", "nothing"], "tensor = nothing"),
        ([str(recorded), "--level", "grey"], "level = grey"),
        ([str(recorded), "--window", "half"], "half is not a whole number"),
        ([str(recorded), "--window", "0"], "window = 0 is outside its range [1, inf)"),
        ([str(recorded), "--since", "400"], "since = 400 is outside the run, whose steps are 0 to 399"),
        ([str(recorded), "--out", str(tmp_path / "line.txt")], "must end in"),
    ):
        ran = smd("overlay", *arguments)
        assert ran.code == 2
        assert what in ran.err
        assert not ran.out
