"""``smd overlay`` and ``smd.overlay``: a recorded run beside its line, and bad input."""

import json

import pytest
from torch.optim import SGD

import smd as face
from numerics.monitor import Monitor, read
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
