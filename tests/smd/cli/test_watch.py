"""``smd watch``: a table and a figure of a recorded run, finished or not, and bad input."""

import pytest
from torch.optim import SGD

from numerics.monitor import Monitor
from tests.numerics.monitor.runs import network, train

pytestmark = pytest.mark.chance(0)


@pytest.fixture
def going_on(tmp_path):
    """A run that is being recorded: its file, and what closes it."""
    model = network()
    model[6].bias.requires_grad_(False)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    monitor = Monitor(model, optimizer, tmp_path / "run.smd")
    train(model, optimizer, 210)
    yield tmp_path / "run.smd", monitor.close
    monitor.close()


def test_a_run_that_goes_on_and_its_end(smd, going_on, tmp_path):
    path, close = going_on
    ran = smd("watch", str(path))
    assert ran.code == 0, ran.err
    assert "SGD, 200 steps, unfinished" in ran.out
    assert "scale-invariant (neuron)" in ran.out
    assert "coupled, gain 10" in ran.out
    assert "frozen" in ran.out
    close()
    ran = smd("watch", str(path), "--follow", "1", "--tensor", "3.weight", "--out", str(tmp_path / "run.svg"))
    assert ran.code == 0, ran.err
    assert "SGD, 210 steps, finished" in ran.out
    assert "3.weight" in ran.out
    assert "0.weight" not in ran.out
    assert (tmp_path / "run.svg").read_text().startswith("<?xml")


def test_all_tensors_in_a_figure(smd, going_on, tmp_path):
    path, _ = going_on
    assert smd("watch", str(path), "--out", str(tmp_path / "run.png")).code == 0
    assert (tmp_path / "run.png").stat().st_size > 1000


def test_bad_input(smd, going_on, tmp_path):
    path, _ = going_on
    for arguments, what in (
        (["none.smd"], "none.smd cannot be read"),
        ([__file__], "is not a spherical-motion record"),
        ([str(path), "--tensor", "nothing"], "tensor = nothing"),
        ([str(path), "--out", str(tmp_path / "run.txt")], "must end in"),
        ([str(path), "--follow", "-1"], "follow = -1.0"),
    ):
        ran = smd("watch", *arguments)
        assert ran.code == 2
        assert what in ran.err
        assert not ran.out
